/**
 * The counted descent: finds a free address in a nearly full pool with few reads. Each level counts the keys of
 * some intervals, at most 128, that tile what is left, takes one with room, and goes on inside it until the rest
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
import { freeIn, LIST_LIMIT, readWindow, type Window } from "./window.ts";

/** To count an interval takes about as many bytes as to list two keys (measured on etcd's JSON gateway: 290 and 135). */
const KEYS_PER_COUNT = 2n;

/** Free addresses that an ordered descent leaves in sight, so that callers at once find one each. */
const ROOM = 64n;

/** Where and how to descend. */
export interface DescentOptions {
  readonly space: string;
  readonly family: Family;
  readonly random: Random;
  /** `random`: in proportion to the free addresses; `first`: the first with room, in the order given. */
  readonly order: "random" | "first";
  /** Another window, for what has room in many places: it is read with the first counts, and what is free of it is taken. */
  readonly beside?: Window | undefined;
}

/** One level: what was counted, and the interval to go on in. */
interface Level {
  /** Keys of the chosen interval: of one member more, one is free. */
  readonly taken: bigint;
  /** Undefined when nothing of the region is free. */
  readonly chosen: Interval | undefined;
  /** What is free of the window beside. */
  readonly beside: readonly bigint[];
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
    const beside = rest === region ? options.beside : undefined;
    const level = yield* countLevel(rest, { ...options, beside });
    if (level.beside.length > 0) return { kind: "free", values: level.beside };
    const { chosen, taken } = level;
    if (chosen === undefined) return { kind: rest === region ? "full" : "lost" };
    if (taken === 0n) return { kind: "free", values: membersAt(chosen, options) };
    rest = options.order === "first" ? takeFirst([chosen], taken + ROOM) : [chosen];
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
  const { space, family, random, order, beside } = options;
  const tiles = tile(region, tilesFor(membersOf(region)));
  for (const page of pagesOf(tiles, order === "random" ? random : undefined)) {
    const isRoom = page.length < MAX_OPERATIONS && beside !== undefined;
    const seen = yield* read([
      ...page.map((span) => ({ kind: "count", ...addressBounds(space, family, span) } as const)),
      ...(isRoom ? [readWindow(space, family, beside)] : []),
    ]);
    const found = isRoom ? freeIn(beside, seen[page.length]) : [];
    const free = page.map((span, index) => membersOf([span]) - countOf(seen[index]));
    const index = order === "random" ? weighted(free, random) : free.findIndex((n) => n > 0n);
    const chosen = page[index];
    const taken = countOf(seen[index]);
    if (chosen !== undefined || found.length > 0) return { taken, chosen, beside: found };
  }
  return { taken: 0n, chosen: undefined, beside: [] };
}

/**
 * Cuts a region into intervals to count.
 *
 * @param region Disjoint intervals, each of which is cut by itself.
 * @param count About how many there are to be.
 * @returns At most {@linkcode MAX_OPERATIONS}, or the region's own intervals when these are more.
 */
export function tile(region: readonly Interval[], count: bigint): readonly Interval[] {
  if (region.length >= MAX_OPERATIONS) return region;
  let size = ceilDiv(membersOf(region), count);
  const pieces = (): bigint =>
    region.reduce((sum, span) => sum + ceilDiv(membersOf([span]), size), 0n);
  while (pieces() > BigInt(MAX_OPERATIONS)) size += ceilDiv(size, 4n);
  const tiles: Interval[] = [];
  for (const { first, last } of region) {
    for (let start = first; start <= last; start += size) {
      const end = start + size - 1n;
      tiles.push({ first: start, last: end < last ? end : last });
    }
  }
  return tiles;
}

/**
 * How many tiles a region is cut into: with as many on each level there are as few levels as {@linkcode MAX_OPERATIONS} would need, and
 * the list at the end takes about as many bytes as one level.
 */
export function tilesFor(members: bigint): bigint {
  const most = BigInt(MAX_OPERATIONS);
  let levels = 1n;
  for (let reach = BigInt(LIST_LIMIT) * most; reach < members; reach *= most) levels++;
  let tiles = 1n;
  while (tiles < most && KEYS_PER_COUNT * tiles ** (levels + 1n) < members) tiles++;
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
