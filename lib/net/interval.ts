/**
 * Sets of addresses of one family, as lists of intervals.
 *
 * A /64 is one interval, never 2^64 members: nothing here expands a set. All functions take and
 * return canonical lists (sorted, disjoint, not touching); {@linkcode mergeIntervals} makes one.
 *
 * @module
 */

/** Consecutive values, both ends included. */
export interface Interval {
  /** The lowest value. */
  readonly first: bigint;
  /** The highest value, not below `first`. */
  readonly last: bigint;
}

/** A set of values in canonical form: sorted, disjoint, not touching. */
export type Intervals = readonly Interval[];

/**
 * Returns the set of all values of a list of intervals in any order.
 *
 * @param list Intervals that may overlap or touch
 * @returns The union
 * @throws {RangeError} If an interval ends before it starts
 *
 * @example Overlapping and touching
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { mergeIntervals } from "./interval.ts";
 *
 * const list = [{ first: 7n, last: 9n }, { first: 1n, last: 4n }, { first: 5n, last: 5n }];
 * assertEquals(mergeIntervals(list), [{ first: 1n, last: 5n }, { first: 7n, last: 9n }]);
 * ```
 */
export function mergeIntervals(list: readonly Interval[]): Intervals {
  const merged: Interval[] = [];
  let open: Interval | undefined;
  for (const { first, last } of [...list].sort(compareFirst)) {
    if (first > last) {
      const rule = "the first value must not be above the last";
      throw new RangeError(`Cannot merge intervals as ${rule}: current value is ${first}-${last}`);
    }
    if (open !== undefined && first <= open.last + 1n) {
      if (last > open.last) open = { first: open.first, last };
      continue;
    }
    if (open !== undefined) merged.push(open);
    open = { first, last };
  }
  if (open !== undefined) merged.push(open);
  return merged;
}

/**
 * Returns the values of one set that are not in another.
 *
 * @param from The set to take from
 * @param without The set to take away
 * @returns The difference
 *
 * @example A hole
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { subtractIntervals } from "./interval.ts";
 *
 * const rest = subtractIntervals([{ first: 1n, last: 9n }], [{ first: 4n, last: 5n }]);
 * assertEquals(rest, [{ first: 1n, last: 3n }, { first: 6n, last: 9n }]);
 * ```
 */
export function subtractIntervals(from: Intervals, without: Intervals): Intervals {
  const rest: Interval[] = [];
  let skip = 0;
  for (const { first, last } of from) {
    let next = first;
    // Whatever ends before this interval ends before all later ones.
    while ((without[skip]?.last ?? first) < first) skip++;
    for (let index = skip; next <= last; index++) {
      const hole = without[index];
      if (hole === undefined || hole.first > last) break;
      if (hole.first > next) rest.push({ first: next, last: hole.first - 1n });
      next = hole.last + 1n;
    }
    if (next <= last) rest.push({ first: next, last });
  }
  return rest;
}

/**
 * Returns the values of a set that lie in a window.
 *
 * @param list The set
 * @param window The window, both ends included; one that ends before it starts is empty
 * @returns The intersection
 *
 * @example A window over two intervals
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { clipIntervals } from "./interval.ts";
 *
 * const list = [{ first: 1n, last: 4n }, { first: 7n, last: 9n }];
 * const clipped = clipIntervals(list, { first: 3n, last: 7n });
 * assertEquals(clipped, [{ first: 3n, last: 4n }, { first: 7n, last: 7n }]);
 * ```
 */
export function clipIntervals(list: Intervals, window: Interval): Intervals {
  const clipped: Interval[] = [];
  for (const interval of list) {
    if (interval.first > window.last) break;
    const first = interval.first > window.first ? interval.first : window.first;
    const last = interval.last < window.last ? interval.last : window.last;
    if (first <= last) clipped.push({ first, last });
  }
  return clipped;
}

/**
 * Returns how many values a set has.
 *
 * @param list The set
 * @returns The number of members
 *
 * @example Two intervals
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sizeOf } from "./interval.ts";
 *
 * assertEquals(sizeOf([{ first: 1n, last: 4n }, { first: 7n, last: 7n }]), 5n);
 * ```
 */
export function sizeOf(list: Intervals): bigint {
  let size = 0n;
  for (const { first, last } of list) size += last - first + 1n;
  return size;
}

/**
 * Tells whether a value is in a set.
 *
 * @param list The set
 * @param value The value
 * @returns Whether it is a member
 *
 * @example Inside and between
 * ```ts
 * import { assert, assertFalse } from "@std/assert";
 * import { hasValue } from "./interval.ts";
 *
 * const list = [{ first: 1n, last: 4n }, { first: 7n, last: 9n }];
 * assert(hasValue(list, 7n));
 * assertFalse(hasValue(list, 5n));
 * ```
 */
export function hasValue(list: Intervals, value: bigint): boolean {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const interval = list[middle];
    if (interval === undefined) return false;
    if (value > interval.last) low = middle + 1;
    else if (value < interval.first) high = middle;
    else return true;
  }
  return false;
}

/**
 * Returns the member at a place in ascending order.
 *
 * @param list The set
 * @param index The place, from 0
 * @returns The value
 * @throws {RangeError} If the set has no such place
 *
 * @example Across a gap
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { valueAt } from "./interval.ts";
 *
 * assertEquals(valueAt([{ first: 1n, last: 4n }, { first: 7n, last: 9n }], 4n), 7n);
 * ```
 */
export function valueAt(list: Intervals, index: bigint): bigint {
  let left = index;
  for (const { first, last } of list) {
    if (left < 0n) break;
    if (left <= last - first) return first + left;
    left -= last - first + 1n;
  }
  const rule = `the index must be from 0 to below the ${sizeOf(list)} members`;
  throw new RangeError(`Cannot choose value as ${rule}: current value is ${index}`);
}

/**
 * Returns how many members lie below a value; for a member, this is its place.
 *
 * @param list The set
 * @param value Any value
 * @returns The number of members less than it
 *
 * @example The inverse of `valueAt`
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rankOf } from "./interval.ts";
 *
 * assertEquals(rankOf([{ first: 1n, last: 4n }, { first: 7n, last: 9n }], 7n), 4n);
 * ```
 */
export function rankOf(list: Intervals, value: bigint): bigint {
  let rank = 0n;
  for (const { first, last } of list) {
    if (value <= first) break;
    if (value <= last) return rank + value - first;
    rank += last - first + 1n;
  }
  return rank;
}

function compareFirst(a: Interval, b: Interval): number {
  if (a.first === b.first) return 0;
  return a.first < b.first ? -1 : 1;
}
