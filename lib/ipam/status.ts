/**
 * STATUS: whether the datastore answers and, if asked, whether every range set has an address left.
 *
 * @module
 */
import type { RangeSet } from "../config/config.ts";
import { addressBounds, networkKey } from "../state/keys.ts";
import { MAX_OPERATIONS } from "../state/txn.ts";
import { countOf, type Plan, read } from "./plan.ts";
import { type Pool, poolOf, slice } from "./pool.ts";

/** What STATUS asks. */
export interface StatusRequest {
  /** `ipam.addressSpace`. */
  readonly space: string;
  /** The network's name. */
  readonly network: string;
  /** Range sets whose fill is counted; none unless exhaustion is to be reported. */
  readonly sets: readonly RangeSet[];
}

/** The fill of one range set. `free` counts cooling addresses as taken. */
export interface Fill {
  /** Index of the range set. */
  readonly set: number;
  /** Addresses that random choice may grant. */
  readonly size: bigint;
  /** Those of them that nothing stands at. */
  readonly free: bigint;
}

/**
 * Plans a STATUS: one linearizable read, more only for range sets of many pieces.
 *
 * @param request What to count.
 * @returns The fill of each range set.
 */
export function* planStatus(request: StatusRequest): Plan<readonly Fill[]> {
  const { space, network, sets } = request;
  if (sets.length === 0) yield* read([{ kind: "get", key: networkKey(space, network) }]);
  const fills: Fill[] = [];
  for (const [set, pool] of sets.map(poolOf).entries()) {
    fills.push({ set, size: pool.size, free: pool.size - (yield* countTaken(space, pool)) });
  }
  return fills;
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
