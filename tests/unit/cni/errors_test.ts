import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { CniError, CODES, formatError, toCniError } from "../../../lib/cni/errors.ts";

Deno.test("CODES has no number twice, and ours begin at 100", () => {
  const codes = Object.values(CODES);
  assertEquals(new Set(codes).size, codes.length);
  assertEquals(codes.filter((code) => code < 100), [1, 2, 3, 4, 5, 6, 7, 11, 50, 51]);
});

Deno.test("CniError carries code, details and cause", () => {
  const cause = new TypeError("inner");
  const error = new CniError(CODES.taken, "Address is taken", { details: "by shop/web-0", cause });
  assertInstanceOf(error, Error);
  assertEquals([error.name, error.code, error.message, error.details], [
    "CniError",
    101,
    "Address is taken",
    "by shop/web-0",
  ]);
  assertStrictEquals(error.cause, cause);
});

Deno.test("CniError without options has neither details nor cause", () => {
  const error = new CniError(CODES.io, "Cannot read stdin");
  assertEquals(error.details, undefined);
  assertEquals("cause" in error, false);
});

Deno.test("formatError() prints the keys in order", () => {
  const error = new CniError(CODES.invalidConfig, "Bad", { details: 'say "why"\nand how' });
  assertEquals(
    formatError(error, "0.4.0"),
    String.raw`{"cniVersion":"0.4.0","code":7,"msg":"Bad","details":"say \"why\"\nand how"}`,
  );
});

Deno.test("formatError() leaves absent details out", () => {
  const error = new CniError(CODES.decode, "Bad");
  assertEquals(formatError(error, "1.1.0"), '{"cniVersion":"1.1.0","code":6,"msg":"Bad"}');
});

Deno.test("formatError() always states a version", () => {
  const error = new CniError(CODES.decode, "Bad");
  assertEquals(formatError(error, ""), '{"cniVersion":"0.1.0","code":6,"msg":"Bad"}');
});

Deno.test("formatError() never prints the cause", () => {
  const error = new CniError(CODES.internal, "Bad", { cause: new Error("secret") });
  assertEquals(formatError(error, "1.1.0").includes("secret"), false);
});

Deno.test("toCniError() gives a CniError back as it is", () => {
  const error = new CniError(CODES.tryAgain, "Later");
  assertStrictEquals(toCniError(error), error);
});

const THROWN: readonly (readonly [unknown, string])[] = [
  [new RangeError("too far"), "RangeError: too far"],
  ["a text", "a text"],
  [undefined, "undefined"],
  [Symbol("odd"), "Symbol(odd)"],
  [Object.create(null), "Thrown value of type object"],
];
for (const [thrown, details] of THROWN) {
  Deno.test(`toCniError() turns ${details} into code 999 without a stack`, () => {
    const error = toCniError(thrown);
    assertEquals([error.code, error.message, error.details], [999, "Internal error", details]);
  });
}

Deno.test("toCniError() keeps the cause for the log", () => {
  const cause = new Error("inner");
  assertStrictEquals(toCniError(cause).cause, cause);
});
