/**
 * DEL and GC: attachments are removed by their own keys, guarded by the revisions read. Neither the ranges of the netconf nor
 * the pod are needed.
 *
 * @module
 */
import type { Family } from "../net/addr.ts";
import { attachmentKey, type AttachmentName } from "../state/keys.ts";
import type { AttachmentRecord } from "../state/records.ts";
import { parseAttachment, RecordError } from "../state/record_text.ts";
import { deletion, guardOf } from "../state/operations.ts";
import { type Entry, type Guard, MAX_OPERATIONS, type Txn, type Write } from "../state/txn.ts";
import {
  clearing,
  type Expiring,
  parseOldest,
  readOldest,
  SEEN_BY_DEL,
  shareOf,
} from "./expiring.ts";
import { isOurs, type Node, type WholeCluster } from "./ownership.ts";
import { commit, entriesOf, entryOf, type Plan, read } from "./plan.ts";
import { isSticky, removeAttachment, versionOf } from "./removal.ts";

/** Attachments that are read at once: more than one transaction releases where each has many addresses. */
export const RELEASE_BATCH = 16;

/** What a DEL or a page of GC releases. */
export interface ReleaseRequest {
  /** `ipam.addressSpace`. */
  readonly space: string;
  /** Whose attachments may be released: others are foreign. */
  readonly node: Node | WholeCluster;
  /** At most {@linkcode RELEASE_BATCH}. */
  readonly names: readonly AttachmentName[];
  /** How long an address of the random set is not given again. */
  readonly cooldownMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Tells which records stay although they were named; without it none does. */
  readonly keep?: (record: AttachmentRecord, entry: Entry) => boolean;
  /** Writes nothing anew, as a datastore out of space takes deletions only: nothing cools down, and what has a rule must wait. */
  readonly deletesOnly?: boolean;
}

/** What became of one named attachment. */
export type Released =
  | { readonly kind: "released"; readonly record: AttachmentRecord }
  | { readonly kind: "absent"; readonly name: AttachmentName }
  /** Another node's; or it stays as it was asked; or it waits until something can be written for its owner. */
  | { readonly kind: "foreign" | "kept" | "waiting"; readonly record: AttachmentRecord }
  | { readonly kind: "unreadable"; readonly error: RecordError };

/**
 * Plans the release of attachments.
 *
 * @param request Which, and how.
 * @returns What became of each, in order.
 */
export function* planRelease(request: ReleaseRequest): Plan<readonly Released[]> {
  const { space, names } = request;
  const families: readonly Family[] = [4, 6];
  const done = new Map<AttachmentName, Released>();
  const detached = new Set<string>();
  for (let clear = true;; clear = false) {
    const pending = names.filter((name) => !done.has(name));
    if (pending.length === 0) return names.flatMap((name) => done.get(name) ?? []);
    const seen = yield* read([
      ...pending.map((name) => ({ kind: "get", key: attachmentKey(space, name) } as const)),
      ...families.map((family) =>
        readOldest(space, { family, limit: SEEN_BY_DEL, now: request.now })
      ),
    ]);
    const mine: Mine[] = [];
    for (const [index, name] of pending.entries()) {
      const found = look(request, { name, entry: entryOf(seen[index]) });
      if (found.kind === "mine") mine.push(found);
      else done.set(name, found);
    }
    const share = { now: request.now, by: pending[0]?.containerId ?? "" };
    const expired = families.flatMap((_, index) =>
      clear ? shareOf(parseOldest(space, entriesOf(seen[pending.length + index])), share) : []
    );
    const { txn, taken, owners } = release(request, { mine, expired, detached });
    if (taken.length === 0) continue;
    const answer = yield* commit(txn);
    // A conflict, or no answer: read again, without clearing in passing, which others may be at too.
    if (answer.kind === "conflict") {
      for (const { index, attachment, revision } of owners) {
        if (answer.guarded[index]?.revision !== revision) {
          detached.add(versionOf(attachment, revision));
        }
      }
    }
    if (answer.kind !== "committed") continue;
    for (const { name, record } of taken) done.set(name, { kind: "released", record });
  }
}

interface Mine {
  readonly kind: "mine";
  readonly name: AttachmentName;
  readonly record: AttachmentRecord;
  readonly entry: Entry;
}

type Found = Released | Mine;

/** Where a transaction guards the key of an attachment's owner. */
interface OwnerGuard {
  readonly index: number;
  /** The attachment's key. */
  readonly attachment: string;
  readonly revision: string;
}

function look(
  { node, keep, deletesOnly = false }: ReleaseRequest,
  { name, entry }: { readonly name: AttachmentName; readonly entry: Entry | undefined },
): Found {
  if (entry === undefined) return { kind: "absent", name };
  try {
    const record = parseAttachment(entry);
    if (!isOurs(record, node)) return { kind: "foreign", record };
    if (keep?.(record, entry) ?? false) return { kind: "kept", record };
    if (deletesOnly && isSticky(record)) return { kind: "waiting", record };
    return { kind: "mine", name, record, entry };
  } catch (error) {
    if (error instanceof RecordError) return { kind: "unreadable", error };
    throw error;
  }
}

/** As many attachments as one transaction takes, and expired records in what room is left. */
function release(
  { space, now, cooldownMs, deletesOnly = false }: ReleaseRequest,
  { mine, expired, detached }: {
    readonly mine: readonly Mine[];
    readonly expired: readonly Expiring[];
    /** Attachments that their owners have left: nothing is retained for these. */
    readonly detached: ReadonlySet<string>;
  },
): { readonly txn: Txn; readonly taken: readonly Mine[]; readonly owners: readonly OwnerGuard[] } {
  const taken: Mine[] = [];
  const guards: Guard[] = [];
  const writes: Write[] = [];
  const owners: OwnerGuard[] = [];
  const written = new Set<string>();
  const options = { space, now, cooldownMs: deletesOnly ? 0 : cooldownMs };
  for (const item of mine) {
    const { key, revision } = item.entry;
    const retain = !detached.has(versionOf(key, revision));
    const removal = removeAttachment(item.record, { ...options, revision, retain });
    const { ownerGuard } = removal;
    if (taken.length > 0 && writes.length + removal.writes.length > MAX_OPERATIONS) break;
    // Two attachments of one owner: one of them is the owner's no more, so each in its own turn.
    if (guards.some((guard) => guard.key === ownerGuard?.key)) continue;
    // Damaged records may name one address twice: nobody's release may fail of that.
    if (removal.writes.some(({ key }) => written.has(key))) continue;
    taken.push(item);
    guards.push(guardOf(item.entry));
    if (ownerGuard !== undefined) {
      owners.push({ index: guards.length, attachment: key, revision });
      guards.push(ownerGuard);
    }
    writes.push(...removal.writes);
    for (const { key } of removal.writes) written.add(key);
  }
  for (const one of expired) {
    const cleared = clearing(space, [one]);
    if (writes.length + cleared.deletes.length > MAX_OPERATIONS) break;
    if (cleared.deletes.some((key) => written.has(key))) continue;
    guards.push(...cleared.guards);
    writes.push(...cleared.deletes.map(deletion));
    for (const key of cleared.deletes) written.add(key);
  }
  return { txn: { guards, writes }, taken, owners };
}
