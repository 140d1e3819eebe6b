/**
 * What a claim changes of the owner's key.
 *
 * @module
 */
import { parseAddr } from "../../net/addr.ts";
import { addressKey } from "../../state/keys.ts";
import { type AttachmentRecord, type OwnerRecord, SCHEMA } from "../../state/records.ts";
import { deletion, guardOf, put } from "../../state/operations.ts";
import type { Guard, Write } from "../../state/txn.ts";
import { ownerKeyOf, replacementOf } from "./owned.ts";
import type { OwnerEntry } from "../owner_entry.ts";
import type { AddRequest } from "../request.ts";

/** What becomes of the owner's key, and of the addresses that it goes without from now on. */
export interface OwnerChange {
  /** That the owner's key is as it was read; undefined when the pod has no owner. */
  readonly ownerGuard: Guard | undefined;
  /** It, and that the addresses which are freed are the owner's still. */
  readonly guards: readonly Guard[];
  readonly writes: readonly Write[];
  /** The addresses that are freed, each with its guard. */
  readonly freed: readonly { readonly ip: string; readonly guard: Guard }[];
}

/**
 * Rewrites the owner's key for a new attachment. What was retained for the owner and is not taken is free with it.
 *
 * @param request The ADD.
 * @param options What the owner kept; the new attachment; addresses that proved not to be the owner's any more.
 * @returns The change; nothing when the pod has no owner.
 */
export function changeOwner(
  request: AddRequest,
  options: {
    readonly owned: OwnerEntry | undefined;
    readonly record: AttachmentRecord;
    readonly without: ReadonlySet<string>;
  },
): OwnerChange {
  const { owned, record, without } = options;
  const { space, owner } = request;
  const key = ownerKeyOf(request);
  if (key === undefined || owner === undefined) {
    return { ownerGuard: undefined, guards: [], writes: [], freed: [] };
  }
  const taken = new Set(record.addresses.map(({ ip }) => ip));
  const freed = owned?.record.state !== "retained" ? [] : owned.record.addresses
    .filter(({ ip }) => !taken.has(ip) && !without.has(ip))
    .map((address) => ({ ip: address.ip, ...replacementOf(request, { owned, address }) }));
  const kept = record.addresses.flatMap(({ ip, rule }) => rule === undefined ? [] : [{ ip, rule }]);
  const { cluster, authority, network, ifname, since } = record;
  const held: OwnerRecord = {
    schema: SCHEMA,
    cluster,
    authority,
    network,
    ifname,
    owner,
    state: "held",
    addresses: kept,
    since,
  };
  const ownerGuard: Guard = owned === undefined ? { kind: "absent", key } : guardOf(owned.entry);
  return {
    ownerGuard,
    guards: [
      ownerGuard,
      ...freed.flatMap(({ guards }) => guards),
    ],
    writes: [
      ...(kept.length > 0 ? [put(key, held)] : owned === undefined ? [] : [deletion(key)]),
      ...freed.flatMap(({ ip, deletes }) =>
        [addressKey(space, parseAddr(ip)), ...deletes].map(deletion)
      ),
    ],
    freed: freed.flatMap(({ ip, guards: [guard] }) => guard === undefined ? [] : [{ ip, guard }]),
  };
}
