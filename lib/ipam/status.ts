/**
 * STATUS: whether the datastore answers, whether it takes writes and, if asked, whether every range set has an address left.
 *
 * @module
 */
import type { RangeSet } from "../config/config.ts";
import { addressBounds, networkKey } from "../state/keys.ts";
import { type Guard, MAX_OPERATIONS, type Write } from "../state/txn.ts";
import { findReusable } from "./expiring.ts";
import { commit, countOf, type Plan, read } from "./plan.ts";
import { partOf, type Pool, poolOf, slice } from "./pool.ts";

/** What STATUS asks. */
export interface StatusRequest {
  /** `ipam.addressSpace`. */
  readonly space: string;
  /** The network's name. */
  readonly network: string;
  /** Range sets whose fill is counted; none unless exhaustion is to be reported. */
  readonly sets: readonly RangeSet[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether to try also if the datastore takes writes: it is not read-only, out of space, or closed to this user. */
  readonly trial?: boolean;
}

/** The fill of one range set. `free` counts cooling addresses as taken, unless they are all that an ADD could be given. */
export interface Fill {
  /** Index of the range set. */
  readonly set: number;
  /** Addresses that random choice may grant. */
  readonly size: bigint;
  /** Those of them that nothing stands at. */
  readonly free: bigint;
}

/**
 * Plans a STATUS: one linearizable read, more only for range sets of many pieces. With a trial the read is a transaction, which takes
 * the datastore a round of its members: that is not for every few seconds.
 *
 * @param request What to count.
 * @returns The fill of each range set.
 */
export function* planStatus(request: StatusRequest): Plan<readonly Fill[]> {
  const { space, network, sets, now, trial = false } = request;
  const key = networkKey(space, network);
  if (trial) yield* tryWrite(key);
  else if (sets.length === 0) yield* read([{ kind: "get", key }]);
  const fills: Fill[] = [];
  for (const [set, pool] of sets.map((set) => poolOf(set)).entries()) {
    const free = pool.size - (yield* countTaken(space, pool));
    const reusable = free > 0n ? 0n : yield* countReusable(pool, { space, now });
    fills.push({ set, size: pool.size, free: free + reusable });
  }
  return fills;
}

/** Sends a write whose guards contradict each other: whoever may not write is told so, and nothing is ever written. */
function* tryWrite(key: string): Plan<void> {
  const guards: readonly Guard[] = [
    { kind: "absent", key },
    { kind: "revision", key, revision: "1" },
  ];
  const writes: readonly Write[] = [{ kind: "put", key, value: "" }];
  for (;;) {
    const { kind } = yield* commit({ guards, writes });
    if (kind !== "unknown") return;
  }
}

/** How many addresses, of the first page with any, an ADD could be given although they are not free. */
function* countReusable(
  pool: Pool,
  { space, now }: { readonly space: string; readonly now: number },
): Plan<bigint> {
  const grantable = (value: bigint): boolean => partOf(pool, value) !== undefined;
  const list = yield* findReusable({ space, family: pool.family, now, grantable });
  return BigInt(list.length);
}

function* countTaken(space: string, pool: Pool): Plan<bigint> {
  const spans = slice(pool, 0n, pool.size);
  let taken = 0n;
  for (let at = 0; at < spans.length; at += MAX_OPERATIONS) {
    const seen = yield* read(
      spans.slice(at, at + MAX_OPERATIONS).map((span) => ({
        kind: "count",
        ...addressBounds(space, pool.family, span),
      })),
    );
    taken += seen.reduce((sum, answer) => sum + countOf(answer), 0n);
  }
  return taken;
}
