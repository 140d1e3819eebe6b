/**
 * Freeing an address by hand: one that is retained or cools down, or, where an operator insists, one that is held.
 *
 * Guarded by the revisions read, so whoever claims the address meanwhile keeps it.
 *
 * @module
 */
import { type Addr, formatAddr, parseAddr } from "../net/addr.ts";
import {
  addressKey,
  attachmentKey,
  attachmentOfRecord,
  expiringKey,
  ownerKeyOfRecord,
} from "../state/keys.ts";
import type { AddressRecord, AttachmentRecord, OwnedAddress } from "../state/records.ts";
import { parseAddress, parseAttachment } from "../state/record_text.ts";
import { deletion, guardOf, put } from "../state/operations.ts";
import type { Entry, Guard, Txn, Write } from "../state/txn.ts";
import { type OwnerEntry, readOwnerEntry } from "./owner_entry.ts";
import { commit, entryOf, type Plan, read } from "./plan.ts";
import { putEnd, removeAttachment } from "./removal.ts";

/** Which address to free, and how. */
export interface FreeRequest {
  /** `ipam.addressSpace`. */
  readonly space: string;
  readonly addr: Addr;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether an attachment that holds the address is removed as a whole. */
  readonly force: boolean;
}

/** What became of an address. */
export type Freed =
  /** It was free already. */
  | { readonly kind: "absent" }
  /** It is free: what stood there, and the other addresses that went with it. */
  | { readonly kind: "freed"; readonly record: AddressRecord; readonly others: readonly string[] }
  /** Nothing was changed: an attachment holds it. */
  | { readonly kind: "held"; readonly record: AddressRecord };

/** An address as it stood in a snapshot. */
interface Found {
  readonly addr: Addr;
  readonly entry: Entry;
  readonly record: AddressRecord;
}

/** A transaction that frees an address, and the other addresses that it frees. */
interface Freeing {
  readonly txn: Txn;
  readonly others: readonly string[];
}

/**
 * Plans the release of one address.
 *
 * @param request Which, and how.
 * @returns What became of it.
 * @throws {RecordError} If its record, its attachment's or its owner's cannot be read.
 */
export function* planFree(request: FreeRequest): Plan<Freed> {
  const { space, addr, force } = request;
  let first: AddressRecord | undefined;
  let sent: { readonly freed: Freed; readonly revision: string } | undefined;
  for (;;) {
    const [seen] = yield* read([{ kind: "get", key: addressKey(space, addr) }]);
    const entry = entryOf(seen);
    if (entry === undefined) return sent?.freed ?? { kind: "absent" };
    const record = parseAddress(entry);
    first ??= record;
    // Force speaks of the holder that stood there, not of one that came meanwhile.
    const isForced = force && isSameHolder(first, record);
    // A commit whose end nobody knew was applied, if something else stands there now.
    if (sent !== undefined && entry.revision !== sent.revision) return sent.freed;
    if (record.state === "held" && !isForced) return { kind: "held", record };
    const found = { addr, entry, record };
    const { txn, others } = record.state === "held"
      ? yield* removing(request, found)
      : yield* freeing(request, found);
    const answer = yield* commit(txn);
    const freed: Freed = { kind: "freed", record, others };
    if (answer.kind === "committed") return freed;
    if (answer.kind === "unknown") sent = { freed, revision: entry.revision };
  }
}

function isSameHolder(first: AddressRecord, record: AddressRecord): boolean {
  return first.state === "held" && first.network === record.network &&
    first.containerID === record.containerID && first.ifname === record.ifname;
}

/** Frees an address that is retained or cools down. */
function* freeing({ space, now }: FreeRequest, found: Found): Plan<Freeing> {
  const { addr, entry, record } = found;
  const kept = record.state === "retained" ? yield* readOwnerEntry(space, found) : undefined;
  const rest = kept?.record.addresses.filter(({ ip }) => ip !== formatAddr(addr)) ?? [];
  const siblings = yield* readSiblings(space, { rest, revision: entry.revision });
  const guards = [guardOf(entry), ...siblings.map((sibling) => guardOf(sibling.entry))];
  const writes = deletionsOf(space, { addr, until: record.until });
  if (kept !== undefined) {
    guards.push(guardOf(kept.entry));
    writes.push(...rewriteOwner({ space, now }, { kept, siblings }));
  }
  return { txn: { guards, writes }, others: [] };
}

/** Another address of an owner, and its own entry. */
export interface Sibling {
  readonly address: OwnedAddress;
  readonly entry: Entry;
}

/** Those that are the owner's still: of several whose time is over one may be somebody else's already. */
function* readSiblings(
  space: string,
  { rest, revision }: { readonly rest: readonly OwnedAddress[]; readonly revision: string },
): Plan<readonly Sibling[]> {
  if (rest.length === 0) return [];
  const seen = yield* read(
    rest.map(({ ip }) => ({ kind: "get", key: addressKey(space, parseAddr(ip)) })),
  );
  return rest.flatMap((address, index) => {
    const entry = entryOf(seen[index]);
    return entry?.revision === revision ? [{ address, entry }] : [];
  });
}

/**
 * What an owner keeps when others of its addresses are freed.
 *
 * All that stays is written anew, so that it has one revision with its owner's key.
 */
export function rewriteOwner(
  { space, now }: Pick<FreeRequest, "space" | "now">,
  { kept, siblings }: { readonly kept: OwnerEntry; readonly siblings: readonly Sibling[] },
): readonly Write[] {
  const { entry: { key }, record: { network } } = kept;
  if (siblings.length === 0) return [deletion(key)];
  const addresses = siblings.map(({ address }) => address);
  const last = addresses.at(-1)?.ip; // the owner's key goes with one of them
  return [
    ...siblings.flatMap(({ address: { ip, until }, entry }): Write[] => {
      const same: Write = { kind: "put", key: entry.key, value: entry.value };
      if (until === undefined) return [same];
      const end = { network, untilMs: until, addr: parseAddr(ip) };
      return [same, putEnd(space, { ...end, ownerKey: ip === last ? key : undefined })];
    }),
    put(key, { ...kept.record, addresses, since: now }),
  ];
}

/** Removes the attachment that holds an address; the key alone where no attachment knows of it. */
function* removing({ space, now }: FreeRequest, found: Found): Plan<Freeing> {
  const { addr, entry, record } = found;
  const key = attachmentKey(space, attachmentOfRecord(record));
  const ownersKey = ownerKeyOfRecord(space, record);
  const keys = ownersKey === undefined ? [key] : [key, ownersKey];
  const seen = yield* read(keys.map((key) => ({ kind: "get", key })));
  const attachmentEntry = entryOf(seen[0]);
  const attachment = holding(attachmentEntry, formatAddr(addr));
  const { revision } = attachment?.entry ?? entry;
  const guards: Guard[] = [
    guardOf(entry),
    attachmentEntry === undefined ? { kind: "absent", key } : guardOf(attachmentEntry),
  ];
  const writes = attachment === undefined ? deletionsOf(space, { addr, until: undefined }) : [
    ...removeAttachment(attachment.record, { space, now, revision, cooldownMs: 0, retain: false })
      .writes,
  ];
  const ownerEntry = entryOf(seen[1]);
  // One of another revision has left this attachment: it names what somebody else holds.
  if (ownerEntry?.revision === revision) {
    guards.push(guardOf(ownerEntry));
    writes.push(deletion(ownerEntry.key));
  }
  const all = attachment?.record.addresses.map(({ ip }) => ip) ?? [];
  return { txn: { guards, writes }, others: all.filter((ip) => ip !== formatAddr(addr)) };
}

function holding(
  entry: Entry | undefined,
  ip: string,
): { readonly entry: Entry; readonly record: AttachmentRecord } | undefined {
  if (entry === undefined) return undefined;
  const record = parseAttachment(entry);
  return record.addresses.some((grant) => grant.ip === ip) ? { entry, record } : undefined;
}

function deletionsOf(
  space: string,
  { addr, until }: { readonly addr: Addr; readonly until: number | undefined },
): Write[] {
  const keys = [addressKey(space, addr)];
  if (until !== undefined) keys.push(expiringKey(space, { untilMs: until, addr }));
  return keys.map(deletion);
}
