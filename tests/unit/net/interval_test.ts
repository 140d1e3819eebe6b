import { assertEquals, assertThrows } from "@std/assert";
import {
  clipIntervals,
  hasValue,
  type Interval,
  mergeIntervals,
  rankOf,
  sizeOf,
  subtractIntervals,
  valueAt,
} from "../../../lib/net/interval.ts";

/** Reads `"1-4 7"` as two intervals, so that tables stay readable. */
function read(text: string): Interval[] {
  return text.split(" ").filter((part) => part !== "").map((part) => {
    const [first = "", last = first] = part.split("-");
    return { first: BigInt(first), last: BigInt(last) };
  });
}

function show(list: readonly Interval[]): string {
  return list.map(({ first, last }) => first === last ? `${first}` : `${first}-${last}`).join(" ");
}

const MERGES: readonly (readonly [list: string, want: string])[] = [
  ["", ""],
  ["5", "5"],
  ["1-4 7-9", "1-4 7-9"],
  ["7-9 1-4", "1-4 7-9"],
  ["1-4 5-9", "1-9"],
  ["1-4 4-9", "1-9"],
  ["1-9 3-4", "1-9"],
  ["3-4 1-9", "1-9"],
  ["1-9 1-9", "1-9"],
  ["1-2 1-9 1-4", "1-9"],
  ["0 2 4 1 3", "0-4"],
  ["1-9 3-4 11", "1-9 11"],
];

Deno.test("mergeIntervals() joins what overlaps or touches", () => {
  for (const [list, want] of MERGES) assertEquals(show(mergeIntervals(read(list))), want, list);
});

Deno.test("mergeIntervals() leaves its argument alone", () => {
  const list = read("7-9 1-4 5");
  mergeIntervals(list);
  assertEquals(show(list), "7-9 1-4 5");
});

Deno.test("mergeIntervals() refuses an interval that ends before it starts", () => {
  const error = assertThrows(() => mergeIntervals(read("1-2 5-3")), RangeError);
  assertEquals(
    error.message,
    "Cannot merge intervals as the first value must not be above the last: current value is 5-3",
  );
});

const SUBTRACTS: readonly (readonly [from: string, without: string, want: string])[] = [
  ["", "1-4", ""],
  ["1-4", "", "1-4"],
  ["1-4", "1-4", ""],
  ["1-4", "0-9", ""],
  ["1-9", "4-5", "1-3 6-9"],
  ["1-9", "1", "2-9"],
  ["1-9", "9", "1-8"],
  ["1-9", "0 10", "1-9"],
  ["1-9", "2 4 6 8", "1 3 5 7 9"],
  ["1-3 5-7 9-11", "3-9", "1-2 10-11"],
  ["1-3 5-7 9-11", "0-2 6 10-20", "3 5 7 9"],
  ["5-7", "1 3 9", "5-7"],
];

Deno.test("subtractIntervals() leaves what is in the first set only", () => {
  for (const [from, without, want] of SUBTRACTS) {
    const rest = subtractIntervals(read(from), read(without));
    assertEquals(show(rest), want, `${from} without ${without}`);
  }
});

const CLIPS: readonly (readonly [list: string, window: string, want: string])[] = [
  ["", "1-9", ""],
  ["1-4 7-9", "0-20", "1-4 7-9"],
  ["1-4 7-9", "3-7", "3-4 7"],
  ["1-4 7-9", "5-6", ""],
  ["1-4 7-9", "4-4", "4"],
  ["1-4 7-9", "9-3", ""],
  ["1-9", "6-4", ""],
];

Deno.test("clipIntervals() cuts at the window", () => {
  for (const [list, text, want] of CLIPS) {
    const [window = { first: 0n, last: 0n }] = read(text);
    assertEquals(show(clipIntervals(read(list), window)), want, `${list} in ${text}`);
  }
});

Deno.test("sizeOf() counts a whole /64 without expanding it", () => {
  assertEquals(sizeOf([]), 0n);
  assertEquals(sizeOf(read("1-4 7")), 5n);
  assertEquals(sizeOf([{ first: 1n << 64n, last: (1n << 65n) - 1n }]), 1n << 64n);
});

Deno.test("hasValue() looks at both ends of each interval", () => {
  const list = read("1-4 7 9-10");
  const members = Array.from({ length: 13 }, (_, value) => hasValue(list, BigInt(value)));
  assertEquals(members.flatMap((is, value) => is ? [value] : []), [1, 2, 3, 4, 7, 9, 10]);
  assertEquals(hasValue([], 0n), false);
});

Deno.test("valueAt() and rankOf() count across gaps", () => {
  const list = read("1-4 7 9-10");
  const members = [1n, 2n, 3n, 4n, 7n, 9n, 10n];
  for (const [index, value] of members.entries()) {
    assertEquals(valueAt(list, BigInt(index)), value);
    assertEquals(rankOf(list, value), BigInt(index));
  }
  assertEquals([0n, 5n, 8n, 11n].map((value) => rankOf(list, value)), [0n, 4n, 5n, 7n]);
});

Deno.test("valueAt() refuses a place that the set does not have", () => {
  for (const index of [-1n, 5n, 1n << 70n]) {
    const error = assertThrows(() => valueAt(read("1-4 7"), index), RangeError);
    assertEquals(
      error.message,
      "Cannot choose value as the index must be from 0 to below the 5 members:" +
        ` current value is ${index}`,
    );
  }
  assertThrows(() => valueAt([], 0n), RangeError);
});
