/**
 * The one transaction of an ADD: it takes an address of every range set and writes every index, or changes nothing. Taking over the
 * attachment that a former sandbox of the same pod left is the same transaction with one guard changed.
 *
 * @module
 */
import { type Addr, parseAddr } from "../net/addr.ts";
import {
  addressKey,
  attachmentKey,
  type AttachmentName,
  cursorKey,
  nodeKey,
  podKey,
} from "../state/keys.ts";
import { type AddressRecord, type AttachmentRecord, SCHEMA } from "../state/records.ts";
import { formatRecord, parseAttachment } from "../state/record_text.ts";
import type { Conflict, Entry, Guard, Txn, Write } from "../state/txn.ts";
import { clearing, type Expiring, readOldest } from "./expiring.ts";
import { explain, type Explained, type Sent } from "./explain.ts";
import type { Pick } from "./pick.ts";
import { releaseGrants } from "./release_writes.ts";
import type { AddRequest } from "./request.ts";
import { readWindow } from "./window.ts";

/** The attachment of the same pod, network and interface that another container left. */
export interface Former {
  /** The pod's entry: its revision guards the take-over. */
  readonly entry: Entry;
  /** What it says. */
  readonly record: AttachmentRecord;
}

/** A claim: its transaction, and how to read its conflict. */
export interface Claim {
  readonly txn: Txn;
  readonly record: AttachmentRecord;
  readonly explain: (conflict: Conflict) => Explained;
}

/**
 * Builds the transaction of an ADD.
 *
 * @param request The ADD.
 * @param options The picks, one per set; the former attachment to take over, if any; expired records to clear away in passing.
 * @returns The claim.
 */
export function claim(
  request: AddRequest,
  options: {
    readonly picks: readonly Pick[];
    readonly former: Former | undefined;
    readonly expired: readonly Expiring[];
  },
): Claim {
  const { picks, former, expired } = options;
  const { space } = request;
  const names = namesOf(request);
  const record = recordOf(request, picks);
  const cleared = clearing(space, expired);

  const attachmentGuard: Guard = { kind: "absent", key: names.attachment };
  const podGuard = guardPod(names.pod, former);
  const pickGuards = picks.flatMap(({ guards }) => guards);
  const guards = [attachmentGuard, podGuard, ...pickGuards, ...cleared.guards]
    .filter((guard) => guard !== undefined);

  const families = [...new Set(picks.map(({ addr }) => addr.family))];
  const otherwise = [
    ...picks.flatMap(({ addr, candidate }) =>
      candidate === undefined ? [] : [readWindow(space, addr.family, candidate.window)]
    ),
    ...families.map((family) => readOldest(space, family)),
  ];

  const writes = [
    ...removeFormer(request, { former, picks, names }),
    ...[...cleared.deletes, ...picks.flatMap(({ deletes }) => deletes)].map(deletion),
    ...writeAttachment(record, names),
    ...picks.map((pick) => put(addressKey(space, pick.addr), addressRecord(record, pick))),
    ...cursors(request, picks),
  ];
  const sent: Sent = {
    space,
    guards,
    attachment: names.attachment,
    podGuard,
    picks,
    families,
  };
  return {
    txn: { guards, writes, otherwise },
    record,
    explain: (conflict) => explain(sent, conflict),
  };
}

/** Reads the pod's record as a former attachment. Throws `RecordError`. */
export function parseFormer(entry: Entry | undefined): Former | undefined {
  return entry && { entry, record: parseAttachment(entry) };
}

interface Names {
  readonly attachment: string;
  readonly node: string;
  /** Undefined when the pod's UID is not known. */
  readonly pod: string | undefined;
}

function namesOf({ space, asker }: AddRequest): Names {
  const uid = asker.pod?.uid;
  return {
    attachment: attachmentKey(space, asker),
    node: nodeKey(space, asker),
    pod: uid === undefined ? undefined : podKey(space, { ...asker, uid }),
  };
}

function recordOf({ asker, now }: AddRequest, picks: readonly Pick[]): AttachmentRecord {
  return {
    schema: SCHEMA,
    cluster: asker.cluster,
    network: asker.network,
    containerID: asker.containerId,
    ifname: asker.ifName,
    node: asker.node,
    nodeId: asker.nodeId,
    boot: asker.boot,
    ...(asker.pod === undefined ? {} : { pod: asker.pod }),
    since: now,
    addresses: picks.map(({ grant }) => grant),
  };
}

function addressRecord(
  { addresses: _, ...holder }: AttachmentRecord,
  { grant }: Pick,
): AddressRecord {
  return { ...holder, ...grant, state: "held" };
}

function guardPod(key: string | undefined, former: Former | undefined): Guard | undefined {
  if (key === undefined) return undefined;
  return former === undefined
    ? { kind: "absent", key }
    : { kind: "revision", key, revision: former.entry.revision };
}

function removeFormer(
  request: AddRequest,
  { former, picks, names }: {
    readonly former: Former | undefined;
    readonly picks: readonly Pick[];
    readonly names: Names;
  },
): readonly Write[] {
  if (former === undefined) return [];
  const { space, now, cooldownMs } = request;
  const { record } = former;
  const name: AttachmentName = {
    network: record.network,
    containerId: record.containerID,
    ifName: record.ifname,
  };
  const moved = new Set(picks.map(({ grant }) => grant.ip));
  const left = record.addresses.filter(({ ip }) => !moved.has(ip));
  const keys = [
    attachmentKey(space, name),
    nodeKey(space, { ...name, cluster: record.cluster, node: record.node }),
  ];
  // Its own keys, when somebody deleted the attachment's record but not the pod's: they are written below.
  const old = keys.filter((key) => key !== names.attachment && key !== names.node);
  return [
    ...old.map(deletion),
    ...releaseGrants({ ...record, addresses: left }, { space, now, cooldownMs }),
  ];
}

function writeAttachment(record: AttachmentRecord, names: Names): readonly Write[] {
  const value = formatRecord(record);
  return [
    { kind: "put", key: names.attachment, value },
    { kind: "put", key: names.node, value: "" },
    ...(names.pod === undefined ? [] : [{ kind: "put", key: names.pod, value } as const]),
  ];
}

function cursors(
  { allocation, space, asker }: AddRequest,
  picks: readonly Pick[],
): readonly Write[] {
  if (allocation !== "sequential") return [];
  return picks.filter(({ candidate }) => candidate !== undefined)
    .map(({ set, grant }) => ({
      kind: "put",
      key: cursorKey(space, asker.network, set),
      value: grant.ip,
    }));
}

/** The address of a sequential cursor; undefined when it is absent or not an address. */
export function parseCursor(entry: Entry | undefined): Addr | undefined {
  try {
    return entry && parseAddr(entry.value);
  } catch {
    return undefined;
  }
}

function put(key: string, record: AddressRecord): Write {
  return { kind: "put", key, value: formatRecord(record) };
}

function deletion(key: string): Write {
  return { kind: "delete", key };
}
