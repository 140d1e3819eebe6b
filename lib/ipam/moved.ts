/**
 * Addresses that a new container takes over from the former one of its pod.
 *
 * @module
 */
import type { Wish } from "../config/config.ts";
import { formatAddr, parseAddr } from "../net/addr.ts";
import type { Grant } from "../state/records.ts";
import { coolsIn, type Former } from "./claim.ts";
import { type Pick, pickMoved } from "./pick.ts";
import { partOf, type Pool, poolOf } from "./pool.ts";
import type { AddRequest } from "./request.ts";
import { wishOf } from "./wished.ts";

/** An address that the pod's former sandbox held, if it fits this set and its wish. */
export function movedTo(
  request: AddRequest,
  options: { readonly set: number; readonly pool: Pool; readonly former: Former | undefined },
): Pick | undefined {
  const { set, pool, former } = options;
  const wish = wishOf(request, set);
  for (const grant of former?.record.addresses ?? []) {
    const addr = parseAddr(grant.ip);
    if (addr.family !== pool.family) continue;
    const part = partOf(pool, addr.value);
    const fits = wish === undefined ? part !== undefined : wish.addr.value === addr.value;
    if (fits) return pickMoved(movedGrant(request, { grant, set, wish }), { set, addr });
  }
  return undefined;
}

/** The grant as today's netconf has it: prefix length and gateway may have changed since. */
function movedGrant(
  request: AddRequest,
  { grant, set, wish }: {
    readonly grant: Grant;
    readonly set: number;
    readonly wish: Wish | undefined;
  },
): Grant {
  const addr = parseAddr(grant.ip);
  const range = wish === undefined
    ? partOf(poolOf(request.sets[set] ?? { family: addr.family, ranges: [] }), addr.value)?.range
    : request.sets[set]?.ranges[wish.range];
  if (range === undefined) return grant;
  return {
    ip: grant.ip,
    prefixLength: range.subnet.length,
    ...(range.gateway === undefined ? {} : { gateway: formatAddr(range.gateway) }),
    source: wish?.source ?? grant.source,
    cools: coolsIn(request, set, addr),
  };
}

/** Tells whether the other container came first after all: times of one node come from one clock, so they can be compared. */
export function isNewer(
  { record: { nodeId, since } }: Former,
  { asker, now }: AddRequest,
): boolean {
  return nodeId === asker.nodeId && since > now;
}
