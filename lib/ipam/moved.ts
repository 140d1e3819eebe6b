/**
 * Addresses that a new container takes over from the former one of its pod.
 *
 * @module
 */
import { parseAddr } from "../net/addr.ts";
import type { Former } from "./claim.ts";
import { type Pick, pickMoved } from "./pick.ts";
import { partOf, type Pool } from "./pool.ts";
import type { AddRequest } from "./request.ts";
import { rangeOf, wishOf } from "./wished.ts";

/** An address that the pod's former sandbox held, if it fits this set and its wish. */
export function movedTo(
  request: AddRequest,
  options: { readonly set: number; readonly pool: Pool; readonly former: Former | undefined },
): Pick | undefined {
  const { set, pool, former } = options;
  const wish = wishOf(request, set);
  for (const { ip, source } of former?.record.addresses ?? []) {
    const addr = parseAddr(ip);
    if (addr.family !== pool.family) continue;
    if (wish === undefined) {
      const range = partOf(pool, addr.value)?.range;
      if (range !== undefined) return pickMoved(range, { set, addr, source });
    } else if (wish.addr.value === addr.value) {
      return pickMoved(rangeOf(request, wish), { set, addr, source: wish.source });
    }
  }
  return undefined;
}

/** Tells whether the other container came first after all: times of one node come from one clock, so they can be compared. */
export function isNewer(
  { record: { nodeId, since } }: Former,
  { asker, now }: AddRequest,
): boolean {
  return nodeId === asker.nodeId && since > now;
}
