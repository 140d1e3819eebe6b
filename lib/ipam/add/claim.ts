/**
 * The one transaction of an ADD: it takes an address of every range set and writes every index, or changes nothing. Taking over the
 * attachment that a former sandbox of the same pod left, or this container before, is the same transaction with one guard changed.
 *
 * @module
 */
import { addressKey, attachmentKey, nodeKey, podKey } from "../../state/keys.ts";
import { type AddressRecord, type AttachmentRecord, SCHEMA } from "../../state/records.ts";
import { deletion, guardOf, put } from "../../state/operations.ts";
import { formatRecord } from "../../state/record_text.ts";
import {
  type Conflict,
  type Guard,
  MAX_OPERATIONS,
  type Txn,
  type Write,
} from "../../state/txn.ts";
import { CLEARED_BY_ADD, clearing, type Expiring, readOldest } from "../expiring.ts";
import { moveCursors } from "./cursor.ts";
import { explain, type Explained, type Sent } from "./explain.ts";
import { changeOwner } from "./owner_change.ts";
import { removals } from "./evicted.ts";
import { sinceOf } from "./earlier.ts";
import type { Former } from "./former.ts";
import type { Known } from "./known.ts";
import type { Pick } from "./pick.ts";
import type { AddRequest } from "../request.ts";
import { readWindow } from "./window.ts";

/** Operations of a transaction that one expired record needs at most. */
const CLEARED_EACH = 3;

/** A claim: its transaction, and how to read its conflict. */
export interface Claim {
  readonly txn: Txn;
  readonly record: AttachmentRecord;
  /** Addresses that the owner goes without from now on. */
  readonly freed: readonly string[];
  readonly explain: (conflict: Conflict) => Explained;
}

/**
 * Builds the transaction of an ADD.
 *
 * @param request The ADD.
 * @param options The picks, one per set; what is known by now; expired records to clear away in passing.
 * @returns The claim.
 */
export function claim(
  request: AddRequest,
  options: {
    readonly picks: readonly Pick[];
    readonly known: Known;
    readonly expired: readonly Expiring[];
  },
): Claim {
  const { picks, known, expired } = options;
  const { earlier, former, owned, without } = known;
  const { space } = request;
  const names = namesOf(request);
  const record = recordOf(request, picks);
  const owner = changeOwner(request, { owned, record, without });
  const removed = removals(request, { picks, known });

  const attachmentGuard: Guard = earlier === undefined
    ? { kind: "absent", key: names.attachment }
    : guardOf(earlier.entry);
  const podGuard = guardPod(names.pod, former);
  const guards = [
    attachmentGuard,
    podGuard,
    ...owner.guards,
    ...picks.flatMap(({ guards }) => guards),
    ...removed.map(({ ownerGuard }) => ownerGuard),
  ].filter((guard) => guard !== undefined);

  const families = [...new Set(picks.map(({ addr }) => addr.family))];
  const otherwise = [
    ...picks.flatMap(({ addr, origin }) =>
      origin.kind === "choice" ? [readWindow(space, addr.family, origin.candidate.window)] : []
    ),
    ...families.map((family) => readOldest(space, { family, limit: CLEARED_BY_ADD })),
  ];

  const writes = distinct([
    ...writeAttachment(record, names),
    ...picks.map((pick) => put(addressKey(space, pick.addr), addressRecord(record, pick))),
    ...owner.writes,
    ...removed.flatMap(({ writes }) => writes),
    ...picks.flatMap(({ deletes }) => deletes).map(deletion),
    ...moveCursors(request, picks),
  ]);
  const longest = Math.max(writes.length, guards.length + otherwise.length);
  const room = Math.max(0, (MAX_OPERATIONS - longest) / CLEARED_EACH);
  const cleared = clearing(space, expired.slice(0, room));
  const sent: Sent = {
    space,
    guards: [...guards, ...cleared.guards],
    attachmentGuard,
    podGuard,
    ownerGuard: owner.ownerGuard,
    picks,
    freed: owner.freed,
    removed,
    families,
  };
  return {
    txn: {
      guards: sent.guards,
      writes: distinct([...writes, ...cleared.deletes.map(deletion)]),
      otherwise,
    },
    record,
    freed: owner.freed.map(({ ip }) => ip),
    explain: (conflict) => explain(sent, conflict),
  };
}

/** A key is written once: what the new attachment writes wins over what goes with a former one. */
function distinct(writes: readonly Write[]): readonly Write[] {
  const byKey = new Map<string, Write>();
  for (const write of writes) if (!byKey.has(write.key)) byKey.set(write.key, write);
  return [...byKey.values()];
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

function recordOf(request: AddRequest, picks: readonly Pick[]): AttachmentRecord {
  const { asker, owner } = request;
  const authority = asker.authorities?.[0];
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
    ...(authority === undefined ? {} : { authority }),
    ...(owner === undefined ? {} : { owner }),
    since: sinceOf(request),
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

function writeAttachment(record: AttachmentRecord, names: Names): readonly Write[] {
  const value = formatRecord(record);
  return [
    { kind: "put", key: names.attachment, value },
    { kind: "put", key: names.node, value: "" },
    ...(names.pod === undefined ? [] : [{ kind: "put", key: names.pod, value } as const]),
  ];
}
