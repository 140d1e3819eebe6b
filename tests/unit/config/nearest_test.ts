import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { editDistance, nearest } from "../../../lib/config/nearest.ts";

const KEYS = ["rangeStart", "rangeEnd", "gateway", "ranges", "gw"];

Deno.test("nearest() finds what was meant", () => {
  for (
    const [word, expected] of [
      ["rangestart", "rangeStart"],
      ["range_start", "rangeStart"],
      ["gatway", "gateway"],
      ["range", "ranges"],
      ["GW", "gw"],
      ["x", undefined],
      ["zebra", undefined],
      ["g".repeat(1000), undefined],
    ] as const
  ) assertEquals(nearest(word, KEYS), expected, word);
});

Deno.test("editDistance() is a metric", () => {
  const word = fc.string({ maxLength: 8 });
  fc.assert(fc.property(word, word, word, (a, b, c) => {
    assertEquals(editDistance(a, b), editDistance(b, a));
    assertEquals(editDistance(a, b) === 0, a === b);
    assertEquals(editDistance(a, c) <= editDistance(a, b) + editDistance(b, c), true);
  }));
});
