/**
 * The writes that give an attachment's addresses back: the same for DEL, GC and take-over.
 *
 * @module
 */
import { parseAddr } from "../net/addr.ts";
import { addressKey, attachmentKey, expiringKey, nodeKey, podKey } from "../state/keys.ts";
import { type AddressRecord, type AttachmentRecord, type Grant, SCHEMA } from "../state/records.ts";
import { formatRecord } from "../state/record_text.ts";
import type { Write } from "../state/txn.ts";

/** When and how addresses are given back. */
export interface ReleaseOptions {
  readonly space: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How long an address of the random set is not given again. */
  readonly cooldownMs: number;
}

/** Removes a whole attachment: its record, its indexes, and its addresses by the normal rule. */
export function releaseAttachment(
  record: AttachmentRecord,
  options: ReleaseOptions,
): readonly Write[] {
  const { space } = options;
  const { cluster, network, node, pod } = record;
  const name = { cluster, network, node, containerId: record.containerID, ifName: record.ifname };
  const keys = [attachmentKey(space, name), nodeKey(space, name)];
  if (pod?.uid !== undefined) keys.push(podKey(space, { ...name, uid: pod.uid }));
  return [
    ...keys.map((key) => ({ kind: "delete", key } as const)),
    ...releaseGrants(record, options),
  ];
}

/** Gives the addresses back: those of the random set cool down, all others are free at once. */
export function releaseGrants(
  record: AttachmentRecord,
  options: ReleaseOptions,
): readonly Write[] {
  return record.addresses.flatMap((grant) => releaseGrant(record, { ...options, grant }));
}

function releaseGrant(
  { addresses: _, ...holder }: AttachmentRecord,
  options: ReleaseOptions & { readonly grant: Grant },
): readonly Write[] {
  const { space, now, cooldownMs, grant } = options;
  const addr = parseAddr(grant.ip);
  const key = addressKey(space, addr);
  if (!grant.cools || cooldownMs === 0) return [{ kind: "delete", key }];
  const until = now + cooldownMs;
  const cooling: AddressRecord = { ...holder, ...grant, state: "cooling", until };
  const expiring = { schema: SCHEMA, state: "cooling", network: holder.network } as const;
  return [
    { kind: "put", key, value: formatRecord(cooling) },
    {
      kind: "put",
      key: expiringKey(space, { untilMs: until, addr }),
      value: formatRecord(expiring),
    },
  ];
}
