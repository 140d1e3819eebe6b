/**
 * The addresses around a candidate whose keys a conflict shows, so that the next try knows a free one.
 *
 * @module
 */
import type { Family } from "../../net/addr.ts";
import type { Interval } from "../../net/interval.ts";
import { addressBounds, addressOfKey } from "../../state/keys.ts";
import type { ListRead, Seen } from "../../state/txn.ts";
import { type Pool, slice } from "../pool.ts";

/** Members that a window has: when 90 % of a pool are taken, one such window of 150 is full. Their keys are half of what an ADD reads. */
const MEMBERS = 48n;
/** Members that a window has for each free address of which a caller takes any. */
const MEMBERS_EACH = 4n;
/** Keys that one list answers at most. */
export const LIST_LIMIT = 256;

/** A few neighbouring members of a pool, in address order. */
export type Window = readonly Interval[];

/** The window around a member: inside its part, so that one list reads it. */
export function windowAround(pool: Pool, index: bigint): Window {
  const part = pool.parts.find(({ offset, size }) => index < offset + size);
  if (part === undefined) return [];
  const { offset, size } = part;
  const start = max(offset, index - MEMBERS / 2n);
  return slice(pool, start, min(offset + size, start + MEMBERS));
}

/**
 * The members of a part from one on.
 *
 * @param pool The pool.
 * @param index The index of the first.
 * @param spread How many free ones the next try may choose from: more callers at once need a longer window.
 * @returns As many as that needs, and as one list answers.
 */
export function windowAfter(pool: Pool, index: bigint, spread: number): Window {
  const part = pool.parts.find(({ offset, size }) => index < offset + size);
  if (part === undefined) return [];
  const members = min(BigInt(LIST_LIMIT), max(MEMBERS, MEMBERS_EACH * BigInt(spread)));
  return slice(pool, index, min(part.offset + part.size, index + members));
}

/** Reads the taken keys of a window. */
export function readWindow(space: string, family: Family, window: Window): ListRead {
  const first = window[0]?.first ?? 0n;
  const last = window.at(-1)?.last ?? 0n;
  return { kind: "list", ...addressBounds(space, family, { first, last }), limit: LIST_LIMIT };
}

/**
 * The members of a window that are free.
 *
 * @param window The window, as it was read.
 * @param seen The answer to {@linkcode readWindow}.
 * @returns Their values, in order. Where the list was cut, only those that it speaks of.
 */
export function freeIn(window: Window, seen: Seen | undefined): readonly bigint[] {
  if (seen?.kind !== "list") return [];
  const taken = new Set(seen.entries.map(({ key }) => addressOfKey(key).value));
  const known = seen.more ? lastOf(taken) : undefined;
  const free: bigint[] = [];
  for (const { first, last } of window) {
    for (let value = first; value <= last; value++) {
      if (known !== undefined && value > known) return free;
      if (!taken.has(value)) free.push(value);
    }
  }
  return free;
}

function lastOf(values: ReadonlySet<bigint>): bigint {
  let last = -1n;
  for (const value of values) last = max(last, value);
  return last;
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
