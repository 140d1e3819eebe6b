/**
 * How an attachment is removed and its addresses are given back: the same for DEL, GC and take-over.
 *
 * @module
 */
import { parseRetain } from "../config/retain.ts";
import { parseAddr } from "../net/addr.ts";
import {
  addressKey,
  attachmentKey,
  expiringKey,
  type ExpiringName,
  nodeKey,
  ownerKey,
  podKey,
} from "../state/keys.ts";
import {
  type AddressRecord,
  type AttachmentRecord,
  type ExpiringRecord,
  type Grant,
  type OwnedAddress,
  type Owner,
  SCHEMA,
} from "../state/records.ts";
import { deletion, put } from "../state/operations.ts";
import type { Guard, Write } from "../state/txn.ts";

/** When and how addresses are given back. */
export interface RemovalOptions {
  readonly space: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How long an address of the random set is not given again. */
  readonly cooldownMs: number;
  /** The revision that the attachment was written with; so was the key of its owner. */
  readonly revision: string;
  /** Whether addresses that have a rule stay with their owner. */
  readonly retain: boolean;
  /** Addresses that are not given back: they move to another attachment with the same transaction. */
  readonly moved?: ReadonlySet<string>;
}

/** What removes an attachment. The attachment's own guard is the caller's. */
export interface Removal {
  /** The attachment's key. */
  readonly attachment: string;
  /** Its revision. */
  readonly revision: string;
  /** That the owner's key is as the attachment left it; absent where nothing is retained. */
  readonly ownerGuard: Guard | undefined;
  readonly writes: readonly Write[];
}

/**
 * Removes a whole attachment: its record, its indexes, and its addresses. Each of them stays with the owner, cools down, or is free at
 * once.
 *
 * @param record The attachment.
 * @param options When and how.
 * @returns A guard and the writes.
 */
export function removeAttachment(record: AttachmentRecord, options: RemovalOptions): Removal {
  const { space, retain, revision, moved } = options;
  const { cluster, network, node, pod, owner } = record;
  const name = { cluster, network, node, containerId: record.containerID, ifName: record.ifname };
  const attachment = attachmentKey(space, name);
  const keys = [attachment, nodeKey(space, name)];
  if (pod?.uid !== undefined) keys.push(podKey(space, { ...name, uid: pod.uid }));
  const left = record.addresses.filter(({ ip }) => moved?.has(ip) !== true);
  const isKept = owner !== undefined && retain && hasRule(record);
  const kept = isKept ? keep(left, options) : [];
  const keptIps = new Set(kept.map(({ ip }) => ip));
  const key = isKept ? ownerKey(space, { ...name, owner }) : "";
  return {
    attachment,
    revision,
    ownerGuard: isKept ? { kind: "revision", key, revision } : undefined,
    writes: [
      ...keys.map(deletion),
      ...left.filter(({ ip }) => !keptIps.has(ip))
        .flatMap((grant) => giveBack(record, { ...options, grant })),
      ...(isKept ? retained(record, { ...options, owner, key, kept }) : []),
    ],
  };
}

/** Tells whether addresses of an attachment stay with its owner when it is removed. */
export function isSticky(record: AttachmentRecord): boolean {
  return record.owner !== undefined && hasRule(record);
}

function hasRule({ addresses }: AttachmentRecord): boolean {
  return addresses.some(({ rule }) => rule !== undefined);
}

function giveBack(
  { addresses: _, ...holder }: AttachmentRecord,
  options: RemovalOptions & { readonly grant: Grant },
): readonly Write[] {
  const { space, now, cooldownMs, grant } = options;
  const addr = parseAddr(grant.ip);
  const key = addressKey(space, addr);
  if (!grant.cools || cooldownMs === 0) return [deletion(key)];
  const until = now + cooldownMs;
  const cooling: AddressRecord = { ...holder, ...grant, state: "cooling", until };
  const expiring = { schema: SCHEMA, state: "cooling", network: holder.network } as const;
  return [put(key, cooling), put(expiringKey(space, { untilMs: until, addr }), expiring)];
}

/** What stays with the owner. It stays together: as long as the longest of the rules says. */
function keep(grants: readonly Grant[], { now }: RemovalOptions): readonly OwnedAddress[] {
  const kept = grants.flatMap(({ ip, rule }) => rule === undefined ? [] : [{ ip, rule }]);
  const ends = kept.map(({ rule }) => {
    const retain = parseRetain(rule);
    return typeof retain === "number" ? now + retain : Infinity;
  });
  const until = Math.max(...ends);
  return Number.isFinite(until) ? kept.map((one) => ({ ...one, until })) : kept;
}

function retained(
  { addresses, ...holder }: AttachmentRecord,
  options: RemovalOptions & {
    readonly owner: Owner;
    readonly key: string;
    readonly kept: readonly OwnedAddress[];
  },
): readonly Write[] {
  const { space, now, owner, key, kept } = options;
  if (kept.length === 0) return [deletion(key)];
  const { cluster, authority, network, ifname } = holder;
  const last = kept.at(-1)?.ip; // the owner's key goes with one of them
  const writes = kept.flatMap(({ ip, until }): Write[] => {
    const grant = addresses.find((one) => one.ip === ip);
    if (grant === undefined) return [];
    const addr = parseAddr(ip);
    const address: AddressRecord = { ...holder, ...grant, state: "retained", until };
    const write = put(addressKey(space, addr), address);
    if (until === undefined) return [write];
    const end = { network, untilMs: until, addr, ownerKey: ip === last ? key : undefined };
    return [write, putEnd(space, end)];
  });
  const record = { cluster, authority, network, ifname, owner, state: "retained" } as const;
  return [...writes, put(key, { schema: SCHEMA, ...record, addresses: kept, since: now })];
}

/** Writes when a retained address is free again. The owner's key goes with it, if it is named. */
export function putEnd(
  space: string,
  { network, untilMs, addr, ownerKey }: ExpiringName & {
    readonly network: string;
    readonly ownerKey: string | undefined;
  },
): Write {
  const expiring: ExpiringRecord = { schema: SCHEMA, state: "retained", network, ownerKey };
  return put(expiringKey(space, { untilMs, addr }), expiring);
}

/** Names one state of an attachment: the next one of the same container may be its owner's again. */
export function versionOf(key: string, revision: string): string {
  return `${key}@${revision}`;
}
