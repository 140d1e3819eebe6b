/**
 * Addresses that are kept for an owner: a StatefulSet's pod, or whoever `kube-ipam.owner` names.
 *
 * The owner's key is rewritten with every change of its addresses, so one read of it knows the revision of them all.
 *
 * @module
 */
import type { Range } from "../../config/config.ts";
import { type Addr, formatAddr, parseAddr } from "../../net/addr.ts";
import { hasValue } from "../../net/interval.ts";
import { addressKey, expiringKey, ownerKey } from "../../state/keys.ts";
import type { AddressRecord, OwnedAddress, Owner } from "../../state/records.ts";
import { grantsToMove } from "./earlier.ts";
import type { Known } from "./known.ts";
import type { Replacement } from "../expiring.ts";
import {
  type Claimable,
  type Pick,
  pick,
  pickMoved,
  type PickOptions,
  poolWishOf,
  ruleOf,
} from "./pick.ts";
import type { OwnerEntry } from "../owner_entry.ts";
import { partOf } from "../pool.ts";
import type { AddRequest } from "../request.ts";
import type { Supply } from "./supply.ts";

/** The key of the asking pod's owner; undefined when it has none. */
export function ownerKeyOf({ space, asker, owner }: AddRequest): string | undefined {
  if (owner === undefined) return undefined;
  const { cluster, network, ifName } = asker;
  return ownerKey(space, { cluster, network, owner, ifName });
}

/** Tells whether two owners are one. */
function isOwner(owner: Owner | undefined, other: Owner | undefined): boolean {
  return owner !== undefined && owner.namespace === other?.namespace && owner.name === other.name;
}

/** An address is kept for the owner, and `ipam.fixedPolicy` does not let the pod have it any more. */
export interface Forbidden {
  /** Tells it from the other outcomes. */
  readonly kind: "forbidden";
  /** The address. */
  readonly addr: Addr;
}

/**
 * Assigns the addresses that are kept for the owner to the range sets that fit them today: first to those that would keep them further.
 *
 * @param request The ADD.
 * @param options The sets, and what the owner keeps.
 * @returns At most one for each set that nothing is asked of; or that the pod may not have one any more.
 */
export function assignKept(
  request: AddRequest,
  { supplies, owned, without }: {
    readonly supplies: readonly Supply[];
    readonly owned: OwnerEntry | undefined;
    /** Addresses under the owner's name that proved to be somebody else's. */
    readonly without: ReadonlySet<string>;
  },
): { readonly kept: ReadonlyMap<number, PickOptions> } | Forbidden {
  const asked = new Set(request.wishes.map(({ addr }) => formatAddr(addr)));
  const open = supplies.filter(({ set }) => request.wishes.every((wish) => wish.set !== set));
  const kept = new Map<number, PickOptions>();
  for (const { ip } of owned?.record.addresses ?? []) {
    if (without.has(ip) || asked.has(ip)) continue;
    const addr = parseAddr(ip);
    const places = open.filter(({ set }) => !kept.has(set))
      .flatMap((supply) => placeOf(request, { supply, addr }) ?? []);
    const allowed = places.filter(({ isAllowed }) => isAllowed);
    const place = allowed.find(({ range }) => ruleOf(request, range) !== undefined) ?? allowed[0];
    if (place !== undefined) kept.set(place.set, keptAt(request, { ...place, addr }));
    else if (places.length > 0) return { kind: "forbidden", addr };
  }
  return { kept };
}

/** A pick of an address that is kept for the owner. */
export function pickKept(
  request: AddRequest,
  { kept, known }: { readonly kept: PickOptions; readonly known: Known },
): Pick {
  const ip = formatAddr(kept.addr);
  // What an attachment holds that is removed with the claim needs no other guard.
  const isMoved = grantsToMove(request, known).some((grant) => grant.ip === ip);
  return isMoved
    ? pickMoved(request, kept)
    : pick(request, { ...kept, ...claimOwned(request, { owned: known.owned, addr: kept.addr }) });
}

/**
 * How an address is claimed that is retained for the owner: by the revision of the owner's key. One that another pod of the owner
 * holds is claimed as if it were free: the conflict shows the holder.
 */
export function claimOwned(
  request: AddRequest,
  { owned, addr }: { readonly owned: OwnerEntry | undefined; readonly addr: Addr },
): Claimable {
  if (owned?.record.state !== "retained") return {};
  const address = owned.record.addresses.find(({ ip }) => ip === formatAddr(addr));
  if (address === undefined) return {};
  return { replacement: replacementOf(request, { owned, address }) };
}

/** A kept address as it is picked, at first and when something stands there after all. */
export function keptAt(
  request: AddRequest,
  { set, addr, range }: { readonly set: number; readonly addr: Addr; readonly range: Range },
): PickOptions {
  const result = poolWishOf(request, set)?.result;
  return { set, addr, range, origin: { kind: "owned", range }, source: "retained", result };
}

/** Where the pod asks for some addresses, one of these; else one of the pool, or a fixed one, which the pod must be allowed to have. */
function placeOf(
  request: AddRequest,
  { supply, addr }: { readonly supply: Supply; readonly addr: Addr },
): { readonly set: number; readonly range: Range; readonly isAllowed: boolean } | undefined {
  const { pool, wish, set } = supply;
  if (addr.family !== pool.family) return undefined;
  const part = partOf(pool, addr.value);
  if (part !== undefined) return { set, range: part.range, isAllowed: true };
  if (wish !== undefined) return undefined;
  const range = request.sets[set]?.ranges.find(({ fixed }) => hasValue(fixed, addr.value));
  return range && { set, range, isAllowed: request.permits?.(addr) ?? true };
}

/** How an address that is retained for the owner is taken out of it: by the revision of the owner's key. */
export function replacementOf(
  { space }: AddRequest,
  { owned, address }: { readonly owned: OwnerEntry; readonly address: OwnedAddress },
): Replacement {
  const { revision } = owned.entry;
  const addr = parseAddr(address.ip);
  const { until } = address;
  return {
    guards: [{ kind: "revision", key: addressKey(space, addr), revision }],
    deletes: until === undefined ? [] : [expiringKey(space, { untilMs: until, addr })],
  };
}

/** Tells whether an address is kept for the asking pod's owner, on whatever network and interface. */
export function isOwners(request: AddRequest, holder: AddressRecord): boolean {
  return holder.rule !== undefined && holder.cluster === request.asker.cluster &&
    isOwner(request.owner, holder.owner);
}

/** Tells whether an address is kept for the asking pod's owner, on this network and interface. */
export function isKeptFor(request: AddRequest, holder: AddressRecord): boolean {
  const { network, ifName } = request.asker;
  return isOwners(request, holder) && holder.network === network && holder.ifname === ifName;
}
