/**
 * Addresses that are kept for an owner: a StatefulSet's pod, or whoever `kube-ipam.owner` names.
 *
 * The owner's key is rewritten with every change of its addresses, so one read of it knows the revision of them all.
 *
 * @module
 */
import type { Range } from "../config/config.ts";
import { type Addr, formatAddr, parseAddr } from "../net/addr.ts";
import { hasValue } from "../net/interval.ts";
import { addressKey, expiringKey, ownerKey } from "../state/keys.ts";
import type { AddressRecord, OwnedAddress, Owner, OwnerRecord } from "../state/records.ts";
import { parseOwner } from "../state/record_text.ts";
import type { Entry } from "../state/txn.ts";
import type { Former } from "./former.ts";
import type { Replacement } from "./expiring.ts";
import {
  type Claimable,
  type Pick,
  pick,
  pickMoved,
  type PickOptions,
  poolWishOf,
} from "./pick.ts";
import { partOf } from "./pool.ts";
import type { AddRequest } from "./request.ts";
import type { Supply } from "./supply.ts";

/** What an owner keeps on a network and interface. */
export interface Owned {
  /** Its entry: the revision guards it, and its retained addresses. */
  readonly entry: Entry;
  readonly record: OwnerRecord;
}

/** The key of the asking pod's owner; undefined when it has none. */
export function ownerKeyOf({ space, asker, owner }: AddRequest): string | undefined {
  if (owner === undefined) return undefined;
  const { cluster, network, ifName } = asker;
  return ownerKey(space, { cluster, network, owner, ifName });
}

/** Reads the owner's record. Throws `RecordError`. */
export function parseOwned(entry: Entry | undefined): Owned | undefined {
  return entry && { entry, record: parseOwner(entry) };
}

/** Tells whether a record is of this owner. */
export function isOwner(owner: Owner | undefined, other: Owner | undefined): boolean {
  return owner !== undefined && owner.namespace === other?.namespace && owner.name === other.name;
}

/** A kept address that fits a range set today, if there is one. */
export function ownedFor(
  request: AddRequest,
  options: {
    readonly supply: Supply;
    readonly owned: Owned | undefined;
    /** The attachment that is removed with the claim: what it holds needs no other guard. */
    readonly former: Former | undefined;
    /** Addresses that other sets take, or that proved to be somebody else's. */
    readonly without: ReadonlySet<string>;
  },
): Pick | undefined {
  const { supply, owned, former, without } = options;
  for (const { ip } of owned?.record.addresses ?? []) {
    if (without.has(ip)) continue;
    const addr = parseAddr(ip);
    const range = rangeFor(request, { supply, addr });
    if (range === undefined) continue;
    const picked = ownedOptions(request, { supply, addr, range });
    return former?.record.addresses.some((grant) => grant.ip === ip)
      ? pickMoved(request, picked)
      : pick(request, { ...picked, ...claimOwned(request, { owned, addr }) });
  }
  return undefined;
}

/** The same address, taken in spite of what stands there. */
export function ownedAgain(
  request: AddRequest,
  options: Claimable & { readonly supply: Supply; readonly addr: Addr },
): Pick | undefined {
  const { supply, addr } = options;
  const range = rangeFor(request, { supply, addr });
  return range &&
    pick(request, { ...options, ...ownedOptions(request, { supply, addr, range }) });
}

/**
 * How an address is claimed that is retained for the owner: by the revision of the owner's key. One that another pod of the owner
 * holds is claimed as if it were free: the conflict shows the holder.
 */
export function claimOwned(
  request: AddRequest,
  { owned, addr }: { readonly owned: Owned | undefined; readonly addr: Addr },
): Claimable {
  if (owned?.record.state !== "retained") return {};
  const address = owned.record.addresses.find(({ ip }) => ip === formatAddr(addr));
  if (address === undefined) return {};
  return { replacement: replacementOf(request, { owned, address }) };
}

function ownedOptions(
  request: AddRequest,
  { supply: { set }, addr, range }: {
    readonly supply: Supply;
    readonly addr: Addr;
    readonly range: Range;
  },
): PickOptions {
  const result = poolWishOf(request, set)?.result;
  return { set, addr, range, origin: { kind: "owned" }, source: "retained", result };
}

/** Where the pod asks for some addresses, one of these; else one of the pool, or a fixed one that the pod may have. */
function rangeFor(
  request: AddRequest,
  { supply, addr }: { readonly supply: Supply; readonly addr: Addr },
): Range | undefined {
  const { pool, wish, set } = supply;
  if (addr.family !== pool.family) return undefined;
  const part = partOf(pool, addr.value);
  if (part !== undefined || wish !== undefined) return part?.range;
  const fixed = request.sets[set]?.ranges.find((range) => hasValue(range.fixed, addr.value));
  return fixed !== undefined && (request.permits?.(addr) ?? true) ? fixed : undefined;
}

/** How an address that is retained for the owner is taken out of it: by the revision of the owner's key. */
export function replacementOf(
  { space }: AddRequest,
  { owned, address }: { readonly owned: Owned; readonly address: OwnedAddress },
): Replacement {
  const { revision } = owned.entry;
  const addr = parseAddr(address.ip);
  const { until } = address;
  return {
    guards: [{ kind: "revision", key: addressKey(space, addr), revision }],
    deletes: until === undefined ? [] : [expiringKey(space, { untilMs: until, addr })],
  };
}

/** Tells whether an address is kept for the asking pod's owner. */
export function isKeptFor(request: AddRequest, holder: AddressRecord): boolean {
  return holder.rule !== undefined && holder.cluster === request.asker.cluster &&
    isOwner(request.owner, holder.owner);
}
