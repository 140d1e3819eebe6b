import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { formatRetain, parseRetain, RETAIN_WORDS } from "../../../lib/config/retain.ts";

Deno.test("parseRetain() reads words and durations", () => {
  for (
    const [text, expected] of [
      ["none", "none"],
      ["forever", "forever"],
      ["owner", "owner"],
      ["7d", 604_800_000],
      ["1h30m", 5_400_000],
      ["0", "none"],
      ["0s", "none"],
    ] as const
  ) assertEquals(parseRetain(text), expected);
});

Deno.test("parseRetain() refuses everything else", () => {
  for (const text of ["", "Owner", "never", " none", "7", "-7d", "1w", "7d ", "1000000d"]) {
    const error = assertThrows(() => parseRetain(text), SyntaxError, "Cannot read a rule as");
    assertEquals(error.message.endsWith(`current value is ${JSON.stringify(text)}`), true);
  }
});

Deno.test("formatRetain() is the inverse of parseRetain()", () => {
  const ms = fc.integer({ min: 1, max: 999_999 * 86_400_000 });
  fc.assert(fc.property(fc.oneof(fc.constantFrom(...RETAIN_WORDS), ms), (retain) => {
    assertEquals(parseRetain(formatRetain(retain)), retain);
  }));
});
