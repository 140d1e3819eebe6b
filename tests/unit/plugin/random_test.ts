import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { randomBelow, randomFraction, randomId } from "../../../lib/plugin/random.ts";

Deno.test("randomBelow() stays below its bound and reaches every value", () => {
  for (const below of [1n, 2n, 3n, 7n, 256n]) {
    const seen = new Set<bigint>();
    for (let round = 0; round < 4_000; round++) {
      const value = randomBelow(below);
      assert(value >= 0n && value < below);
      seen.add(value);
    }
    assertEquals(BigInt(seen.size), below);
  }
});

Deno.test("randomBelow() fills all of a wide range", () => {
  const below = 1n << 64n;
  const values = Array.from({ length: 200 }, () => randomBelow(below));
  assert(values.some((value) => value > below / 2n) && values.some((value) => value < below / 2n));
  assertEquals(new Set(values).size, 200);
});

Deno.test("randomBelow() refuses a bound below 1", () => {
  assertThrows(() => randomBelow(0n), RangeError);
});

Deno.test("randomFraction() is of [0, 1)", () => {
  const values = Array.from({ length: 100 }, randomFraction);
  assert(values.every((value) => value >= 0 && value < 1) && new Set(values).size > 90);
});

Deno.test("randomId() is 16 hex digits", () => {
  for (let round = 0; round < 50; round++) assertMatch(randomId(), /^[0-9a-f]{16}$/);
});
