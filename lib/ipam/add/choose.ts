/**
 * Which address of a pool is tried next. One module for all three orders, because they differ in two things only: where they
 * begin, and which of several free addresses they prefer.
 *
 * @module
 */
import type { AddRequest } from "../request.ts";
import { descend, type Descent, type DescentOptions } from "./descent.ts";
import { expiredOf, type Expiring, findReusable, type Replacement } from "../expiring.ts";
import type { Plan } from "../plan.ts";
import { indexFrom, memberAt, partOf, type Pool, slice, sliceFrom } from "../pool.ts";
import { freeIn, type Window, windowAfter, windowAround } from "./window.ts";
import type { Seen } from "../../state/txn.ts";

/** Members that one random descent looks at: more would cost a sixth trip. */
const BLOCK = 1n << 22n;

/** Searches in a row that others may spoil before any member is tried, so that its conflict shows a window. */
const ROUNDS = 4;

/** Of how many free addresses an ordered search takes any, at most: as a power of two. */
const LARGEST_SPREAD = 16;

/** Expired addresses that conflicts show of which a random search tries so many. */
const SEEN_TRIES = 1;
/** Of how many reusable addresses any is taken at most: in a full pool every ADD at once would want the oldest one. */
const REUSE_SPREAD = 16;
/** Of those that cool down any of the older half is taken. */
const REUSE_SHARE = 2;
/** Reusable addresses of one read that are tried: more of them would be others' by then. */
const REUSE_TRIES = 4;

/** A member to try, with what stands there if it is not absent, and the window to read beside it. */
export interface Candidate {
  readonly value: bigint;
  readonly replacement?: Replacement;
  readonly window: Window;
  /** Tries of the same search that came to nothing before this one. */
  readonly lost: number;
  /** What else was found reusable with it, and how many of these may be tried before they are read anew. */
  readonly others?: { readonly list: readonly Expiring[]; readonly tries: number };
}

/** How one pool is searched during one ADD. */
export interface Search {
  readonly pool: Pool;
  readonly request: AddRequest;
  /** `random`: each with the same chance; `first`: the first free one from the start on. */
  readonly order: "random" | "first";
  /** Index of the member that an ordered search begins at. */
  readonly start: bigint;
  /** Tries of this search that came to nothing. */
  readonly lost: number;
  /** Expiring addresses that were tried in vain: their `expiring/` keys may have outlived them. */
  readonly tried: ReadonlySet<string>;
}

/** What the conflict of a failed try showed. */
export interface Shown {
  readonly window: Seen | undefined;
  readonly oldest: readonly Expiring[];
}

/**
 * The first candidate: needs no read.
 *
 * @param search The pool and how it is searched.
 * @returns The candidate; undefined when the pool has no member.
 */
export function firstCandidate({ pool, request, order, start }: Search): Candidate | undefined {
  if (pool.size === 0n) return undefined;
  if (order === "first") {
    return { value: memberAt(pool, start), window: windowAfter(pool, start, 1), lost: 0 };
  }
  const index = request.random(pool.size);
  return { value: memberAt(pool, index), window: windowAround(pool, index), lost: 0 };
}

/**
 * The next candidate after a try that failed.
 *
 * @param search The pool and how it is searched.
 * @param failed The candidate that was taken, and what the conflict showed.
 * @returns The candidate; undefined when the pool is exhausted.
 */
export function* nextCandidate(
  search: Search,
  failed: Shown & { readonly candidate: Candidate },
): Plan<Candidate | undefined> {
  const near = nearby(search, failed);
  if (near !== undefined) return near;
  const { others } = failed.candidate;
  const other = others && oneReusable(search, others);
  if (other !== undefined) return other;
  for (let round = 1; round <= ROUNDS; round++) {
    const found = yield* look(search);
    if (found.kind === "free") return around(search, prefer(search, found.values));
    if (found.kind === "lost") continue;
    const reused = yield* reuse(search);
    if (reused !== undefined) return reused;
    // Between the two reads an expired address may have been cleared away, and is free: count once more.
    if (round > 1) return undefined;
  }
  return firstCandidate(search);
}

/** What the conflict showed already: a free member of the window, or an expired one. */
function nearby(
  search: Search,
  { candidate, window, oldest }: Shown & { readonly candidate: Candidate },
): Candidate | undefined {
  const { pool, tried, order, request: { now, random } } = search;
  const free = freeIn(candidate.window, window);
  const expired = expiredOf(oldest, now).filter(({ addr, replacement }) =>
    addr.family === pool.family && partOf(pool, addr.value) !== undefined &&
    !tried.has(triedKey(replacement))
  );
  if (order === "random") {
    if (free.length > 0) return around(search, prefer(search, free));
    // Few are seen, and others are at them too: who lost twice looks for more.
    if (search.lost > SEEN_TRIES) return undefined;
    const chosen = expired[Number(random(BigInt(expired.length || 1)))];
    return chosen && again(search, chosen);
  }
  // In order, an expired address counts as free where it lies.
  const here = expired.filter(({ addr }) => isWithin(candidate.window, addr.value));
  const all = [...free, ...here.map(({ addr }) => addr.value)].sort((a, b) => a < b ? -1 : 1);
  if (all.length === 0) return undefined;
  const value = prefer(search, all);
  const chosen = here.find(({ addr }) => addr.value === value);
  return chosen === undefined ? around(search, value) : again(search, chosen);
}

function isWithin(window: Window, value: bigint): boolean {
  return window.some(({ first, last }) => first <= value && value <= last);
}

/** In order, from the start and once round. At random, within {@linkcode BLOCK} members and, when these are full, within all. */
function* look(search: Search): Plan<Descent> {
  const { pool, order, request: { random } } = search;
  const options = descentOptions(search);
  if (order === "first") return yield* descend(sliceFrom(pool, search.start), options);
  if (pool.size > BLOCK) {
    const block = random((pool.size + BLOCK - 1n) / BLOCK);
    const found = yield* descend(slice(pool, block * BLOCK, (block + 1n) * BLOCK), options);
    if (found.kind !== "full") return found;
  }
  return yield* descend(slice(pool, 0n, pool.size), options);
}

function* reuse(search: Search): Plan<Candidate | undefined> {
  const { pool, tried, request: { space, now } } = search;
  const list = yield* findReusable({
    space,
    now,
    family: pool.family,
    grantable: (value) => partOf(pool, value) !== undefined,
    without: ({ replacement }) => tried.has(triedKey(replacement)),
  });
  return oneReusable(search, { list, tries: REUSE_TRIES });
}

/** One whose time is over, else one of the oldest; the others are tried next, without a read. */
function oneReusable(
  search: Search,
  { list, tries }: NonNullable<Candidate["others"]>,
): Candidate | undefined {
  const { tried, request: { now, random } } = search;
  const left = list.filter(({ replacement }) => !tried.has(triedKey(replacement)));
  if (left.length === 0 || tries === 0) return undefined;
  const isFirst = tries === REUSE_TRIES;
  const expired = expiredOf(left, now).length;
  const oldest = isFirst ? Math.max(1, Math.floor(left.length / REUSE_SHARE)) : left.length;
  const first = Math.min(expired || oldest, REUSE_SPREAD);
  const chosen = left[first === 1 ? 0 : Number(random(BigInt(first)))];
  return chosen && { ...again(search, chosen), others: { list: left, tries: tries - 1 } };
}

/** Names what was tried: the same address in another state is another try. */
export function triedKey({ guards }: Replacement): string {
  return guards.map((guard) =>
    guard.kind === "absent" ? guard.key : `${guard.key}@${guard.revision}`
  )
    .join();
}

/** Random takes any, in order one of the first. */
function prefer(search: Search, free: readonly bigint[]): bigint {
  const { order, request } = search;
  const index = order === "random"
    ? Number(request.random(BigInt(free.length)))
    : oneOf(search, free.length);
  return free[index] ?? 0n;
}

/** The index of one of the first. */
function oneOf(search: Search, length: number): number {
  const first = Math.min(length, spreadOf(search.lost));
  return first < 2 ? 0 : Number(search.request.random(BigInt(first)));
}

/**
 * Of how many an ordered search takes any. The first one after its first conflict, which may be of long ago; where it has another
 * one, others are at it too: after the k-th any of the first 2^k, so that N callers do not all want the same.
 */
function spreadOf(lost: number): number {
  return lost < 2 ? 1 : 2 ** Math.min(lost, LARGEST_SPREAD);
}

function around({ pool, order, lost }: Search, value: bigint): Candidate {
  const index = indexFrom(pool, value);
  const window = order === "random"
    ? windowAround(pool, index)
    : windowAfter(pool, index, spreadOf(lost + 1));
  return { value, window, lost };
}

function again(search: Search, { addr, replacement }: Expiring): Candidate {
  return { ...around(search, addr.value), replacement };
}

function descentOptions({ pool, order, request }: Search): DescentOptions {
  const { space, random } = request;
  const beside = order === "random" ? windowAround(pool, random(pool.size)) : undefined;
  return { space, family: pool.family, random, order, beside };
}
