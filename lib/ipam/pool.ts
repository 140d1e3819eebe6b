/**
 * A pool: the addresses of one range set that may be chosen for a pod that wishes for none, as intervals and never
 * expanded. Members are counted in the order of the netconf: range by range, and by address inside each.
 *
 * @module
 */
import type { Range, RangeSet } from "../config/config.ts";
import type { Family } from "../net/addr.ts";
import {
  hasValue,
  type Interval,
  type Intervals,
  rankOf,
  sizeOf,
  valueAt,
} from "../net/interval.ts";

/** The members that one range contributes. */
export interface Part {
  readonly range: Range;
  readonly members: Intervals;
  /** Index in the pool of the part's first member. */
  readonly offset: bigint;
  readonly size: bigint;
}

/** The supply of one range set. */
export interface Pool {
  readonly family: Family;
  readonly parts: readonly Part[];
  readonly size: bigint;
}

/**
 * The pool of a range set.
 *
 * @param set The range set.
 * @param members For each range, what may be chosen of it instead of its random part.
 * @returns The pool.
 */
export function poolOf(set: RangeSet, members?: readonly Intervals[]): Pool {
  const parts: Part[] = [];
  let offset = 0n;
  for (const [index, range] of set.ranges.entries()) {
    const chosen = members === undefined ? range.random : members[index] ?? [];
    const size = sizeOf(chosen);
    parts.push({ range, members: chosen, offset, size });
    offset += size;
  }
  return { family: set.family, parts, size: offset };
}

/** The value of the member at an index, from 0; `RangeError` outside of the pool. */
export function memberAt(pool: Pool, index: bigint): bigint {
  const part = pool.parts.find(({ offset, size }) => index < offset + size);
  if (part === undefined || index < 0n) {
    throw new RangeError(
      `Cannot find a member as the pool has ${pool.size}: current index is ${index}`,
    );
  }
  return valueAt(part.members, index - part.offset);
}

/** The part that an address belongs to, if it is a member. */
export function partOf(pool: Pool, value: bigint): Part | undefined {
  return pool.parts.find(({ members }) => hasValue(members, value));
}

/** The index of a member, or of the next one after a value that is none; 0 past the last. */
export function indexFrom(pool: Pool, value: bigint): bigint {
  const own = partOf(pool, value);
  if (own !== undefined) return own.offset + rankOf(own.members, value);
  const next = pool.parts.find(({ members }) => (members.at(-1)?.last ?? -1n) > value);
  return next === undefined ? 0n : next.offset + rankOf(next.members, value);
}

/**
 * The index of the member that follows an address, once round: after a member the next in the pool's order, which need not be the
 * next by address.
 */
export function indexAfter(pool: Pool, value: bigint): bigint {
  const own = partOf(pool, value);
  if (own === undefined) return indexFrom(pool, value);
  const next = own.offset + rankOf(own.members, value) + 1n;
  return next === pool.size ? 0n : next;
}

/** The members with the indices `[from, to)`, as intervals in the pool's order. */
export function slice(pool: Pool, from: bigint, to: bigint): readonly Interval[] {
  const found: Interval[] = [];
  for (const { members, offset, size } of pool.parts) {
    const start = from > offset ? from : offset;
    const end = to < offset + size ? to : offset + size;
    if (start >= end) continue;
    const first = valueAt(members, start - offset);
    const last = valueAt(members, end - 1n - offset);
    for (const span of members) {
      if (span.last < first || span.first > last) continue;
      found.push({
        first: span.first < first ? first : span.first,
        last: span.last > last ? last : span.last,
      });
    }
  }
  return found;
}

/** All members, beginning at an index and once round. */
export function sliceFrom(pool: Pool, index: bigint): readonly Interval[] {
  return [...slice(pool, index, pool.size), ...slice(pool, 0n, index)];
}

/** How many members a list of disjoint intervals has. */
export function membersOf(spans: readonly Interval[]): bigint {
  return spans.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
}

/** The first `count` members of a list of intervals. */
export function takeFirst(spans: readonly Interval[], count: bigint): readonly Interval[] {
  const taken: Interval[] = [];
  let left = count;
  for (const { first, last } of spans) {
    if (left <= 0n) break;
    const end = first + left - 1n;
    taken.push({ first, last: end < last ? end : last });
    left -= last - first + 1n;
  }
  return taken;
}
