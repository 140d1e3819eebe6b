/**
 * What a claim changes of the owner's key.
 *
 * @module
 */
import { parseAddr } from "../../net/addr.ts";
import { addressKey } from "../../state/keys.ts";
import { type AttachmentRecord, type OwnerRecord, SCHEMA } from "../../state/records.ts";
import { formatRecord } from "../../state/record_text.ts";
import type { Guard, Write } from "../../state/txn.ts";
import { type Owned, ownerKeyOf, replacementOf } from "./owned.ts";
import type { AddRequest } from "../request.ts";

/** What becomes of the owner's key, and of the addresses that it goes without from now on. */
export interface OwnerChange {
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
    readonly owned: Owned | undefined;
    readonly record: AttachmentRecord;
    readonly without: ReadonlySet<string>;
  },
): OwnerChange {
  const { owned, record, without } = options;
  const { space, owner } = request;
  const key = ownerKeyOf(request);
  if (key === undefined || owner === undefined) return { guards: [], writes: [], freed: [] };
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
  return {
    guards: [
      owned === undefined
        ? { kind: "absent", key }
        : { kind: "revision", key, revision: owned.entry.revision },
      ...freed.flatMap(({ guards }) => guards),
    ],
    writes: [
      ...(kept.length > 0
        ? [{ kind: "put", key, value: formatRecord(held) } as const]
        : owned === undefined
        ? []
        : [{ kind: "delete", key } as const]),
      ...freed.flatMap(({ ip, deletes }) =>
        [addressKey(space, parseAddr(ip)), ...deletes]
          .map((key) => ({ kind: "delete", key } as const))
      ),
    ],
    freed: freed.flatMap(({ ip, guards: [guard] }) => guard === undefined ? [] : [{ ip, guard }]),
  };
}
