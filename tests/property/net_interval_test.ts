import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  clipIntervals,
  hasValue,
  type Interval,
  type Intervals,
  mergeIntervals,
  rankOf,
  sizeOf,
  subtractIntervals,
  valueAt,
} from "../../lib/net/interval.ts";
import { runs } from "../support/runs.ts";

/** The universe is 256 values; it starts at zero or ends with the last IPv6 address. */
const base = fc.constantFrom(0n, 2n ** 32n - 256n, 2n ** 128n - 256n);
const span = fc.tuple(fc.nat(255), fc.oneof(fc.nat(3), fc.nat(60), fc.nat(255)));
const spans = fc.array(span, { maxLength: 12 });

type Spans = readonly (readonly [start: number, more: number])[];

function intervalsOf(list: Spans, from: bigint): Interval[] {
  return list.map(([start, more]) => ({
    first: from + BigInt(start),
    last: from + BigInt(Math.min(255, start + more)),
  }));
}

function membersOf(list: readonly Interval[]): Set<bigint> {
  const members = new Set<bigint>();
  for (const { first, last } of list) {
    for (let value = first; value <= last; value++) members.add(value);
  }
  return members;
}

function sorted(members: Iterable<bigint>): bigint[] {
  return [...members].sort((a, b) => a < b ? -1 : 1);
}

/** Asserts that a list is canonical and has exactly these members. */
function assertSet(list: Intervals, members: Iterable<bigint>): void {
  for (const [index, { first, last }] of list.entries()) {
    assertEquals(first <= last, true, "an interval is not empty");
    const before = list[index - 1];
    if (before !== undefined) assertEquals(before.last + 1n < first, true, "sorted, with gaps");
  }
  assertEquals(sorted(membersOf(list)), sorted(members));
}

Deno.test("mergeIntervals() agrees with a set", () => {
  fc.assert(fc.property(spans, base, (list, from) => {
    const intervals = intervalsOf(list, from);
    assertSet(mergeIntervals(intervals), membersOf(intervals));
  }));
});

Deno.test("mergeIntervals() changes nothing the second time, and does not mind the order", () => {
  fc.assert(fc.property(spans, base, (list, from) => {
    const merged = mergeIntervals(intervalsOf(list, from));
    assertEquals(mergeIntervals(merged), merged);
    assertEquals(mergeIntervals(intervalsOf(list, from).reverse()), merged);
  }));
});

Deno.test("subtractIntervals() agrees with a set", () => {
  fc.assert(
    fc.property(spans, spans, base, (a, b, from) => {
      const one = mergeIntervals(intervalsOf(a, from));
      const other = mergeIntervals(intervalsOf(b, from));
      const gone = membersOf(other);
      const want = [...membersOf(one)].filter((value) => !gone.has(value));
      assertSet(subtractIntervals(one, other), want);
    }),
    { numRuns: runs(300) },
  );
});

Deno.test("clipIntervals() agrees with a set, also for windows that end before they start", () => {
  fc.assert(fc.property(spans, fc.nat(255), fc.nat(255), base, (list, start, end, from) => {
    const one = mergeIntervals(intervalsOf(list, from));
    const window = { first: from + BigInt(start), last: from + BigInt(end) };
    const want = [...membersOf(one)]
      .filter((value) => value >= window.first && value <= window.last);
    assertSet(clipIntervals(one, window), want);
  }));
});

Deno.test("a window and the rest outside it make the whole set", () => {
  fc.assert(fc.property(spans, span, base, (list, part, from) => {
    const one = mergeIntervals(intervalsOf(list, from));
    const [window = { first: from, last: from }] = intervalsOf([part], from);
    const pieces = [...clipIntervals(one, window), ...subtractIntervals(one, [window])];
    assertEquals(mergeIntervals(pieces), one);
    assertEquals(sizeOf(mergeIntervals(pieces)), pieces.length === 0 ? 0n : sizeOf(one));
  }));
});

Deno.test("sizeOf(), hasValue(), valueAt() and rankOf() agree with a sorted list", () => {
  fc.assert(fc.property(spans, base, (list, from) => {
    const one = mergeIntervals(intervalsOf(list, from));
    const members = sorted(membersOf(one));
    assertEquals(sizeOf(one), BigInt(members.length));
    for (const [index, value] of members.entries()) {
      assertEquals(valueAt(one, BigInt(index)), value);
    }
    for (let value = from - 1n; value <= from + 256n; value++) {
      assertEquals(hasValue(one, value), members.includes(value));
      assertEquals(rankOf(one, value), BigInt(members.filter((member) => member < value).length));
    }
    assertThrows(() => valueAt(one, BigInt(members.length)), RangeError);
    assertThrows(() => valueAt(one, -1n), RangeError);
  }));
});
