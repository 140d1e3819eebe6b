/**
 * Where each range set's address comes from when nothing names one: its pool, or the part of it that the pod asks for, and where
 * the search begins.
 *
 * @module
 */
import type { PoolWish } from "../../config/config.ts";
import { cursorKey } from "../../state/keys.ts";
import { parseCursor } from "../../state/record_text.ts";
import type { Search } from "./choose.ts";
import { hash64 } from "../hash.ts";
import { entryOf, type Plan, read } from "../plan.ts";
import { indexAfter, type Pool, poolOf } from "../pool.ts";
import { poolWishOf } from "./pick.ts";
import type { AddRequest } from "../request.ts";

/** The supply of one range set. */
export interface Supply extends Pick<Search, "pool" | "order" | "start"> {
  /** Index of the range set. */
  readonly set: number;
  /** The addresses that the pod asks for, if it asks for some. */
  readonly wish: PoolWish | undefined;
}

/**
 * Finds the supply of each range set. Reads only where the last address given decides.
 *
 * @param request The ADD.
 * @returns One for each set, in order.
 */
export function* readSupplies(request: AddRequest): Plan<readonly Supply[]> {
  const { sets, allocation, asker, space } = request;
  const supplies = sets.map((set, index): Supply => {
    const wish = poolWishOf(request, index);
    const pool = poolOf(set, wish?.members);
    const isRandom = allocation === "random" || (wish !== undefined && allocation === "sequential");
    return {
      set: index,
      pool,
      order: isRandom ? "random" : "first",
      start: allocation === "owner-hash" ? hashedStart(request, pool) : 0n,
      wish,
    };
  });
  if (allocation !== "sequential") return supplies;
  const seen = yield* read(
    supplies.map(({ set }) => ({ kind: "get", key: cursorKey(space, asker.network, set) })),
  );
  return supplies.map((supply, index) => {
    const entry = entryOf(seen[index]);
    const last = entry && parseCursor(entry);
    if (supply.wish !== undefined || last?.family !== supply.pool.family) return supply;
    return { ...supply, start: indexAfter(supply.pool, last.value) };
  });
}

/** The same workload begins at the same address, so it tends to get the same one again. */
function hashedStart({ asker, workload }: AddRequest, { size }: Pool): bigint {
  if (size === 0n) return 0n;
  const { pod, containerId } = asker;
  const who = workload ?? (pod === undefined ? containerId : `${pod.namespace ?? ""}/${pod.name}`);
  return hash64(`${asker.network}\n${who}`) % size;
}
