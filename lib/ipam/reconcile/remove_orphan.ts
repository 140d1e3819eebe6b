/**
 * Removes a key that stands for nothing: verified in one fresh snapshot, and guarded by all that was seen there.
 *
 * @module
 */
import { ownerKeyOfRecord, partsOfKey } from "../../state/keys.ts";
import { deletion, guardOf } from "../../state/operations.ts";
import {
  parseAddress,
  parseAttachment,
  parseExpiring,
  parseOwner,
  RecordError,
} from "../../state/record_text.ts";
import { type AddressRecord, type AttachmentRecord, SCHEMA } from "../../state/records.ts";
import type { Entry, Guard, Write } from "../../state/txn.ts";
import { commit, entryOf, type Plan, read } from "../plan.ts";
import { removeAttachment } from "../removal.ts";
import { nodeKeyParts, type Suspect } from "./orphans.ts";
import { type Item, itemOf } from "./report.ts";
import { isInScope, type Scope } from "./scope.ts";

/** How a suspect is removed. */
export interface OrphanRequest {
  readonly suspect: Suspect;
  readonly scope: Scope;
  /** When it is given back, in milliseconds since the epoch. */
  readonly freedAt: number;
  /** Tells why the pod of a lost attachment speaks against its removal. */
  readonly objection: (record: AddressRecord) => Pick<Item, "kind" | "reason"> | undefined;
  /** Nothing is written. */
  readonly dryRun: boolean;
}

/** What became of a suspect. */
export type OrphanOutcome =
  /** It has a meaning after all, or somebody else was faster. */
  | { readonly kind: "fine" }
  | { readonly kind: "freed" | "kept"; readonly items: readonly Item[] }
  | { readonly kind: "unreadable"; readonly error: RecordError };

type Unreadable = Extract<OrphanOutcome, { kind: "unreadable" }>;

/** What was found to be done. */
type Verdict =
  | { readonly kind: "fine" }
  | { readonly kind: "kept"; readonly items: readonly Item[] }
  | { readonly kind: "orphan"; readonly items: readonly Item[]; readonly writes: readonly Write[] };

/** One snapshot of a suspect. */
interface Snapshot {
  readonly mains: readonly Entry[];
  readonly related: readonly { readonly key: string; readonly entry: Entry | undefined }[];
}

const FINE: Verdict = { kind: "fine" };

/** Plans the removal of a suspect. */
export function* planOrphan(request: OrphanRequest): Plan<OrphanOutcome> {
  let sent: readonly Item[] | undefined;
  for (;;) {
    const snapshot = yield* look(request.suspect);
    // A commit whose end nobody knew was applied, if nothing stands there now.
    if (snapshot === undefined) {
      return sent === undefined ? { kind: "fine" } : { kind: "freed", items: sent };
    }
    const verdict = decide(request, snapshot);
    if (verdict.kind !== "orphan") return verdict;
    const { items, writes } = verdict;
    if (request.dryRun) return { kind: "freed", items };
    const answer = yield* commit({ guards: guardsOf(snapshot), writes });
    if (answer.kind === "committed") return { kind: "freed", items };
    if (answer.kind === "unknown") sent = items;
  }
}

/** Reads a suspect and what would give it a meaning; undefined when it is not as it was surveyed. */
function* look({ mains, related }: Suspect): Plan<Snapshot | undefined> {
  const keys = [...mains.map(({ key }) => key), ...related];
  const seen = yield* read(keys.map((key) => ({ kind: "get", key })));
  const entries = new Map(keys.map((key, index) => [key, entryOf(seen[index])]));
  const found = mains.flatMap(({ key, revision }) => {
    const entry = entries.get(key);
    return entry?.revision === revision ? [entry] : [];
  });
  if (found.length < mains.length) return undefined;
  return { mains: found, related: related.map((key) => ({ key, entry: entries.get(key) })) };
}

/** That everything is as it was seen. */
function guardsOf({ mains, related }: Snapshot): readonly Guard[] {
  return [
    ...mains.map(guardOf),
    ...related.map(({ key, entry }): Guard =>
      entry === undefined ? { kind: "absent", key } : guardOf(entry)
    ),
  ];
}

function decide(request: OrphanRequest, snapshot: Snapshot): Verdict | Unreadable {
  try {
    return verdictOf(request, snapshot);
  } catch (error) {
    if (error instanceof RecordError) return { kind: "unreadable", error };
    throw error;
  }
}

function verdictOf(request: OrphanRequest, snapshot: Snapshot): Verdict {
  const { suspect: { kind } } = request;
  switch (kind) {
    case "address":
      return lostAddresses(request, snapshot);
    case "node":
    case "pod":
      return lostIndex(request, snapshot);
    case "expiring":
      return lostExpiring(request, snapshot);
    case "owner":
      return lostOwner(request, snapshot);
    case "retained":
    case "timeless":
      return lostKept(request, snapshot);
  }
}

/** They are given back as their attachment would have given them. */
function lostAddresses(request: OrphanRequest, { mains, related }: Snapshot): Verdict {
  const { suspect: { space }, scope, freedAt, objection } = request;
  const [holder, owner] = related.map(({ entry }) => entry);
  const named = new Set(holder && parseAttachment(holder).addresses.map(({ ip }) => ip));
  const records = mains.map(parseAddress)
    .filter((record) => !named.has(record.ip) && isInScope(record, scope));
  const [first] = records;
  const revision = mains[0]?.revision;
  if (first === undefined || revision === undefined) return FINE;
  const kept = objection(first);
  if (kept !== undefined) {
    return {
      kind: "kept",
      items: records.map((one) => itemOf(one, { space, ip: one.ip, ...kept })),
    };
  }
  const retain = owner?.revision === revision;
  const removal = removeAttachment(lostAttachment(first, records), {
    space,
    now: freedAt,
    cooldownMs: scope.cooldownMs,
    revision,
    retain,
  });
  // Its other keys are suspects of their own, or another attachment's.
  const writes = removal.writes.filter(({ key }) =>
    !["attachments", "nodes", "pods"].includes(partsOfKey(key).folder)
  );
  const reason = "no attachment names it";
  return {
    kind: "orphan",
    writes,
    items: records.map((one) => itemOf(one, { space, ip: one.ip, kind: "orphan", reason })),
  };
}

function lostAttachment(
  holder: AddressRecord,
  addresses: readonly AddressRecord[],
): AttachmentRecord {
  const { cluster, network, containerID, ifname, node, nodeId, boot } = holder;
  const { pod, authority, owner, since } = holder;
  return {
    schema: SCHEMA,
    ...{ cluster, network, containerID, ifname, node, nodeId, boot },
    ...{ pod, authority, owner, since },
    addresses: addresses.map(({ ip, prefixLength, gateway, source, cools, rule }) => ({
      ...{ ip, prefixLength, gateway, source, cools, rule },
    })),
  };
}

/** A key that lists an attachment under its node or its pod. */
function lostIndex({ suspect, scope }: OrphanRequest, { mains, related }: Snapshot): Verdict {
  const [main] = mains;
  const attachment = related[0]?.entry;
  if (main === undefined) return FINE;
  const { space, kind } = suspect;
  const reason = attachment === undefined
    ? "its attachment is gone"
    : "its attachment was written without it";
  const writes = [deletion(main.key)];
  if (kind === "pod") {
    const record = parseAttachment(main);
    if (attachment?.revision === main.revision || !isInScope(record, scope)) return FINE;
    const items = [{
      ...itemOf(record, { space, ip: undefined, kind: "orphan", reason }),
      key: main.key,
    }];
    return { kind: "orphan", writes, items };
  }
  const name = nodeKeyParts(main.key);
  const holder = attachment && parseAttachment(attachment);
  if (name === undefined || (holder?.cluster === name.cluster && holder.node === name.node)) {
    return FINE;
  }
  const { network, containerId: containerID, ifName: ifname, node } = name;
  const item: Item = {
    kind: "orphan",
    space,
    network,
    key: main.key,
    containerID,
    ifname,
    node,
    reason,
  };
  return { kind: "orphan", writes, items: [item] };
}

/** A moment that no address has. It has no cluster of its own where no owner goes with it. */
function lostExpiring({ suspect: { space }, scope }: OrphanRequest, snapshot: Snapshot): Verdict {
  const { mains: [main], related } = snapshot;
  const address = related[0]?.entry;
  if (main === undefined || address?.revision === main.revision) return FINE;
  if (address !== undefined && parseAddress(address).cluster !== scope.cluster) return FINE;
  const { network } = parseExpiring(main);
  const reason = address === undefined ? "its address is free" : "its address was given again";
  const item: Item = { kind: "orphan", space, network, key: main.key, reason };
  return { kind: "orphan", writes: [deletion(main.key)], items: [item] };
}

/** An owner's key of which no address is left. */
function lostOwner({ suspect: { space }, scope }: OrphanRequest, snapshot: Snapshot): Verdict {
  const { mains: [main], related } = snapshot;
  if (main === undefined) return FINE;
  const record = parseOwner(main);
  const { network, ifname, owner } = record;
  const isNamed = related.some(({ entry }) => {
    if (entry === undefined) return false;
    if (entry.revision === main.revision) return true;
    const address = parseAddress(entry);
    return address.state !== "cooling" && ownerKeyOfRecord(space, address) === main.key;
  });
  if (isNamed || !isInScope(record, { ...scope, node: undefined })) return FINE;
  const pod = `${owner.namespace}/${owner.name}`;
  const reason = "its owner keeps none of the addresses that it names";
  const item: Item = { kind: "orphan", space, network, key: main.key, ifname, pod, reason };
  return { kind: "orphan", writes: [deletion(main.key)], items: [item] };
}

/** An address that is kept for nobody, or whose end nothing tells. */
function lostKept({ suspect, scope }: OrphanRequest, { mains, related }: Snapshot): Verdict {
  const { space, kind } = suspect;
  const [main] = mains;
  if (main === undefined || related.some(({ entry }) => entry?.revision === main.revision)) {
    return FINE;
  }
  const record = parseAddress(main);
  const { ip, until = -Infinity } = record;
  if (!isInScope(record, scope) || (kind === "timeless" && until > scope.now)) return FINE;
  const reason = kind === "timeless"
    ? "its time is over, and nothing under expiring/ says so"
    : "it is kept for nobody";
  const items = [itemOf(record, { space, ip, kind: "orphan", reason })];
  return { kind: "orphan", writes: [deletion(main.key)], items };
}
