import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { formatDuration, parseDuration, parseSize } from "../../../lib/config/duration.ts";

Deno.test("parseDuration() reads units in descending order", () => {
  for (
    const [text, expected] of [
      ["0", 0],
      ["0s", 0],
      ["30s", 30_000],
      ["5m", 300_000],
      ["1h30m", 5_400_000],
      ["1d1h1m1s1ms", 90_061_001],
      ["500ms", 500],
    ] as const
  ) assertEquals(parseDuration(text), expected);
});

Deno.test("parseDuration() refuses everything else", () => {
  for (const text of ["", "30", "-1s", "1.5h", "30 s", "1s1m", "1m1m", "1w", "s", "1S", "1e3s"]) {
    assertThrows(() => parseDuration(text), SyntaxError, "Cannot read a duration");
  }
});

Deno.test("parseDuration() refuses what is longer than a year of four digits reaches", () => {
  assertEquals(parseDuration("999999d"), 86_399_913_600_000);
  for (const text of ["999999d1ms", "999999d24h", "1d99999999h"]) {
    assertThrows(() => parseDuration(text), SyntaxError, "at most 999999 days");
  }
});

Deno.test("formatDuration() writes the largest units first, and none that is zero", () => {
  for (const text of ["0", "1ms", "30s", "1h30m", "7d", "1d1h1m1s1ms", "999999d"]) {
    assertEquals(formatDuration(parseDuration(text)), text);
  }
  assertEquals(formatDuration(90_000), "1m30s");
});

Deno.test("formatDuration() is the inverse of parseDuration()", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 999_999 * 86_400_000 }), (ms) => {
    assertEquals(parseDuration(formatDuration(ms)), ms);
  }));
});

Deno.test("parseSize() reads powers of 1000 and of 1024", () => {
  for (
    const [text, expected] of [
      ["0", 0],
      ["1000", 1000],
      ["7B", 7],
      ["10MB", 10_000_000],
      ["10 mb", 10_000_000],
      ["2KiB", 2048],
      ["1GiB", 1_073_741_824],
    ] as const
  ) assertEquals(parseSize(text), expected);
});

Deno.test("parseSize() refuses everything else", () => {
  for (const text of ["", "MB", "-1MB", "1.5MB", "1TB", "1 0MB"]) {
    assertThrows(() => parseSize(text), SyntaxError, "Cannot read a size");
  }
});
