/**
 * The counted descent: finds a free address in a nearly full pool with few reads. Each level counts the keys of
 * up to 128 intervals that tile what is left, takes one with room, and goes on inside it until the rest
 * is small enough to list.
 *
 * @module
 */
import type { Family } from "../../net/addr.ts";
import type { Interval } from "../../net/interval.ts";
import { addressBounds } from "../../state/keys.ts";
import { MAX_OPERATIONS } from "../../state/txn.ts";
import { countOf, type Plan, type Random, read } from "../plan.ts";
import { membersOf, takeFirst } from "../pool.ts";
import { freeIn, LIST_LIMIT, readWindow } from "./window.ts";

/** Where and how to descend. */
export interface DescentOptions {
  readonly space: string;
  readonly family: Family;
  readonly random: Random;
  /** `random`: in proportion to the free addresses; `first`: the first with room, in the order given. */
  readonly order: "random" | "first";
}

/** One level: what was counted, and the interval to go on in. */
interface Level {
  /** Keys of the whole region. */
  readonly taken: bigint;
  /** Undefined when nothing of the region is free. */
  readonly chosen: Interval | undefined;
  /** Nothing of the chosen interval is taken. */
  readonly empty: boolean;
}

/** What a descent found. */
export type Descent =
  /** Free addresses that lie together, in order. */
  | { readonly kind: "free"; readonly values: readonly bigint[] }
  /** Nothing of the region is free. */
  | { readonly kind: "full" }
  /** There was room, and others took it between two reads. */
  | { readonly kind: "lost" };

/**
 * Finds free addresses of a region.
 *
 * @param region Disjoint intervals of grantable addresses, in the order that `first` is to follow.
 * @param options Where and how.
 * @returns What was found; `full` only if one snapshot said so.
 */
export function* descend(region: readonly Interval[], options: DescentOptions): Plan<Descent> {
  let rest = region;
  while (membersOf(rest) > BigInt(LIST_LIMIT) || rest.length > MAX_OPERATIONS) {
    const { chosen, taken, empty } = yield* countLevel(rest, options);
    if (chosen === undefined) return { kind: rest === region ? "full" : "lost" };
    if (empty) return { kind: "free", values: membersAt(chosen, options) };
    rest = options.order === "first" ? takeFirst([chosen], taken + 1n) : [chosen];
  }
  const values = yield* listFree(rest, options);
  if (values.length > 0) return { kind: "free", values };
  return { kind: rest === region ? "full" : "lost" };
}

/** Of an interval of which nothing is taken: any member, or the first ones. */
function membersAt(
  { first, last }: Interval,
  { order, random }: DescentOptions,
): readonly bigint[] {
  const size = last - first + 1n;
  if (order === "random") return [first + random(size)];
  const count = Math.min(LIST_LIMIT, Number(size));
  return Array.from({ length: count }, (_, index) => first + BigInt(index));
}

function* countLevel(region: readonly Interval[], options: DescentOptions): Plan<Level> {
  const { space, family, random, order } = options;
  const tiles = tile(region, MAX_OPERATIONS);
  let taken = 0n;
  for (const page of pagesOf(tiles, order === "random" ? random : undefined)) {
    const seen = yield* read(
      page.map((span) => ({ kind: "count", ...addressBounds(space, family, span) })),
    );
    const free = page.map((span, index) => membersOf([span]) - countOf(seen[index]));
    taken += seen.reduce((sum, answer) => sum + countOf(answer), 0n);
    const index = order === "random" ? weighted(free, random) : free.findIndex((n) => n > 0n);
    const chosen = page[index];
    if (chosen !== undefined) return { taken, chosen, empty: free[index] === membersOf([chosen]) };
  }
  return { taken, chosen: undefined, empty: false };
}

/** Cuts a region into at most `most` intervals, or into its own when these are more. */
export function tile(region: readonly Interval[], most: number): readonly Interval[] {
  let size = ceilDiv(membersOf(region), BigInt(most));
  const pieces = (): bigint =>
    region.reduce((sum, span) => sum + ceilDiv(membersOf([span]), size), 0n);
  while (region.length < most && pieces() > BigInt(most)) size *= 2n;
  if (region.length >= most) return region;
  const tiles: Interval[] = [];
  for (const { first, last } of region) {
    for (let start = first; start <= last; start += size) {
      const end = start + size - 1n;
      tiles.push({ first: start, last: end < last ? end : last });
    }
  }
  return tiles;
}

function* listFree(
  spans: readonly Interval[],
  { space, family }: DescentOptions,
): Plan<readonly bigint[]> {
  const seen = yield* read(spans.map((span) => readWindow(space, family, [span])));
  return spans.flatMap((span, index) => freeIn([span], seen[index]));
}

/** Pages of tiles that fit one read; with chance, beginning at any of them. */
function pagesOf(
  tiles: readonly Interval[],
  random: Random | undefined,
): readonly (readonly Interval[])[] {
  const pages: Interval[][] = [];
  for (let at = 0; at < tiles.length; at += MAX_OPERATIONS) {
    pages.push(tiles.slice(at, at + MAX_OPERATIONS));
  }
  const start = random === undefined || pages.length < 2 ? 0 : Number(random(BigInt(pages.length)));
  return [...pages.slice(start), ...pages.slice(0, start)];
}

/** An index, each with a chance in proportion to its weight; -1 when all are 0. */
function weighted(weights: readonly bigint[], random: Random): number {
  const positive = weights.map((weight) => weight > 0n ? weight : 0n);
  const total = positive.reduce((sum, weight) => sum + weight, 0n);
  if (total === 0n) return -1;
  let left = random(total);
  return positive.findIndex((weight) => (left -= weight) < 0n);
}

function ceilDiv(a: bigint, b: bigint): bigint {
  return b === 0n ? 0n : (a + b - 1n) / b;
}
