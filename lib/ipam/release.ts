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
import type { Entry, Txn } from "../state/txn.ts";
import { clearing, expiredOf, type Expiring, parseOldest, readOldest } from "./expiring.ts";
import { isOurs, type Node } from "./ownership.ts";
import { commit, entriesOf, entryOf, type Plan, read } from "./plan.ts";
import { releaseAttachment } from "./release_writes.ts";

/** Attachments that one transaction releases: seven writes each for dual stack, and room to clear in passing. */
export const RELEASE_BATCH = 10;

/** What a DEL or a page of GC releases. */
export interface ReleaseRequest {
  /** `ipam.addressSpace`. */
  readonly space: string;
  /** Who asks. */
  readonly node: Node;
  /** At most {@linkcode RELEASE_BATCH}. */
  readonly names: readonly AttachmentName[];
  /** How long an address of the random set is not given again. */
  readonly cooldownMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Tells which records stay although they were named; without it none does. */
  readonly keep?: (record: AttachmentRecord) => boolean;
}

/** What became of one named attachment. */
export type Released =
  | { readonly kind: "released"; readonly record: AttachmentRecord }
  | { readonly kind: "absent"; readonly name: AttachmentName }
  | { readonly kind: "foreign" | "kept"; readonly record: AttachmentRecord }
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
  for (let clear = true;; clear = false) {
    const seen = yield* read([
      ...names.map((name) => ({ kind: "get", key: attachmentKey(space, name) } as const)),
      ...families.map((family) => readOldest(space, family)),
    ]);
    const found = names.map((name, index) => look(request, { name, entry: entryOf(seen[index]) }));
    const mine = found.filter((item) => item.kind === "mine");
    if (mine.length === 0) return found.map(settle);
    const oldest = families.flatMap((_, index) => entriesOf(seen[names.length + index]));
    const txn = release(request, {
      mine,
      expired: clear ? expiredOf(parseOldest(oldest), request.now) : [],
    });
    const answer = yield* commit(txn);
    // A conflict, or no answer: read again, without clearing in passing, which others may be at too.
    if (answer.kind === "committed") return found.map(settle);
  }
}

type Found = Released | {
  readonly kind: "mine";
  readonly record: AttachmentRecord;
  readonly entry: Entry;
};

function look(
  { node, keep }: ReleaseRequest,
  { name, entry }: { readonly name: AttachmentName; readonly entry: Entry | undefined },
): Found {
  if (entry === undefined) return { kind: "absent", name };
  try {
    const record = parseAttachment(entry);
    if (!isOurs(record, node)) return { kind: "foreign", record };
    return keep?.(record) ? { kind: "kept", record } : { kind: "mine", record, entry };
  } catch (error) {
    if (error instanceof RecordError) return { kind: "unreadable", error };
    throw error;
  }
}

function settle(found: Found): Released {
  return found.kind === "mine" ? { kind: "released", record: found.record } : found;
}

function release(
  { space, now, cooldownMs }: ReleaseRequest,
  { mine, expired }: {
    readonly mine: readonly Extract<Found, { kind: "mine" }>[];
    readonly expired: readonly Expiring[];
  },
): Txn {
  const cleared = clearing(space, expired);
  return {
    guards: [
      ...mine.map(({ entry }) => ({
        kind: "revision",
        key: entry.key,
        revision: entry.revision,
      } as const)),
      ...cleared.guards,
    ],
    writes: [
      ...mine.flatMap(({ record }) => releaseAttachment(record, { space, now, cooldownMs })),
      ...cleared.deletes.map((key) => ({ kind: "delete", key } as const)),
    ],
  };
}
