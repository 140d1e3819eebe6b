/**
 * Which address of a pool is tried next. One module for all three orders, because they differ in two things only: where they
 * begin, and which of several free addresses they prefer.
 *
 * @module
 */
import type { AddRequest } from "./request.ts";
import { descend, type DescentOptions } from "./descent.ts";
import { countLevel } from "./descent.ts";
import { expiredOf, type Expiring, findReusable, type Replacement } from "./expiring.ts";
import type { Plan } from "./plan.ts";
import { indexFrom, memberAt, partOf, type Pool, slice, sliceFrom } from "./pool.ts";
import { freeIn, type Window, windowAfter, windowAround } from "./window.ts";
import type { Seen } from "../state/txn.ts";

/** Members that one random descent looks at: more would cost a sixth trip. */
const BLOCK = 1n << 22n;

/** A member to try, with what stands there if it is not absent, and the window to read beside it. */
export interface Candidate {
  readonly value: bigint;
  readonly replacement?: Replacement;
  readonly window: Window;
}

/** How one pool is searched during one ADD. */
export interface Search {
  readonly pool: Pool;
  readonly request: AddRequest;
  /** Index of the member that an ordered search begins at. */
  readonly start: bigint;
  /** Tries of this pool that came to nothing. */
  readonly conflicts: number;
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
export function firstCandidate({ pool, request, start }: Search): Candidate | undefined {
  if (pool.size === 0n) return undefined;
  if (request.allocation !== "random") {
    return { value: memberAt(pool, start), window: windowAfter(pool, start) };
  }
  const index = request.random(pool.size);
  return { value: memberAt(pool, index), window: windowAround(pool, index) };
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
  const { pool, request } = search;
  const { random, now } = request;
  const free = freeIn(failed.candidate.window, failed.window);
  if (free.length > 0) return around(search, prefer(search, free));
  const ready = expiredOf(failed.oldest, now).filter(({ addr }) =>
    addr.family === pool.family && partOf(pool, addr.value) !== undefined
  );
  const index = ready.length === 0 ? 0 : Number(random(BigInt(ready.length)));
  const expired = request.allocation === "random" ? ready[index] : undefined;
  if (expired !== undefined) return again(search, expired);
  const found = request.allocation === "random"
    ? yield* searchAtRandom(search)
    : yield* descend(sliceFrom(pool, search.start), descentOptions(search));
  if (found === "sparse") return firstCandidate(search);
  if (found.length > 0) return around(search, prefer(search, found));
  return yield* reuse(search);
}

/** A descent within at most {@linkcode BLOCK} members, then, when these are full, within all. */
function* searchAtRandom(search: Search): Plan<readonly bigint[] | "sparse"> {
  const { pool, request: { random }, conflicts } = search;
  const options = descentOptions(search);
  if (pool.size > BLOCK) {
    const block = random((pool.size + BLOCK - 1n) / BLOCK);
    const found = yield* descendOnce(slice(pool, block * BLOCK, (block + 1n) * BLOCK), {
      options,
      conflicts,
    });
    if (found.length > 0) return found;
  }
  return yield* descendOnce(slice(pool, 0n, pool.size), { options, conflicts });
}

/** A second random candidate is cheaper than a descent while less than half of the members are taken. */
function* descendOnce(
  region: ReturnType<typeof slice>,
  { options, conflicts }: { readonly options: DescentOptions; readonly conflicts: number },
): Plan<readonly bigint[] | "sparse"> {
  const { taken, size, chosen } = yield* countLevel(region, options);
  if (chosen === undefined) return [];
  if (taken * 2n < size && conflicts === 1) return "sparse";
  return yield* descend([chosen], options);
}

function* reuse(search: Search): Plan<Candidate | undefined> {
  const { pool, request: { space, now }, conflicts } = search;
  const list = yield* findReusable({
    space,
    now,
    family: pool.family,
    grantable: (value) => partOf(pool, value) !== undefined,
  });
  const index = spread(search, { length: list.length, conflicts: conflicts - 1 });
  const chosen = list[index];
  return chosen === undefined ? undefined : again(search, chosen);
}

/**
 * Random takes any. An ordered search takes the first; after the k-th conflict any of the first 2^k, so that N callers do not
 * all want the same.
 */
function prefer(search: Search, free: readonly bigint[]): bigint {
  const { conflicts, request } = search;
  const index = request.allocation === "random"
    ? Number(request.random(BigInt(free.length)))
    : spread(search, { length: free.length, conflicts: conflicts - 1 });
  return free[index] ?? 0n;
}

function spread(
  { request }: Search,
  { length, conflicts }: { readonly length: number; readonly conflicts: number },
): number {
  const first = Math.min(length, 2 ** Math.min(Math.max(conflicts, 0), 16));
  return first < 2 ? 0 : Number(request.random(BigInt(first)));
}

function around({ pool, request }: Search, value: bigint): Candidate {
  const index = indexFrom(pool, value);
  const window = request.allocation === "random"
    ? windowAround(pool, index)
    : windowAfter(pool, index);
  return { value, window };
}

function again(search: Search, { addr, replacement }: Expiring): Candidate {
  return { ...around(search, addr.value), replacement };
}

function descentOptions({ pool, request }: Search): DescentOptions {
  const { space, random, allocation } = request;
  return {
    space,
    family: pool.family,
    random,
    order: allocation === "random" ? "random" : "first",
  };
}
