import { assertEquals } from "@std/assert";
import { isRecord, show } from "../../../lib/cni/values.ts";

Deno.test("isRecord() takes objects only", () => {
  const values = [{}, { a: 1 }, [], null, undefined, "a", 1];
  assertEquals(values.map(isRecord), [true, true, false, false, false, false, false]);
});

Deno.test("show() prints JSON, and copes with what is none", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const values = ["a", 1, null, [1], undefined, 1n, cycle];
  assertEquals(values.map(show), ['"a"', "1", "null", "[1]", "absent", "bigint", "object"]);
});

Deno.test("show() cuts long values", () => {
  assertEquals(show("a".repeat(1000)).length, 123);
});
