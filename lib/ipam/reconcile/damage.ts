/**
 * Attachments that lack what belongs to them: an address that is not recorded may be given again, and what no index lists is not found.
 *
 * They are told and not mended: what their containers use, no record says.
 *
 * @module
 */
import { parseAddr } from "../../net/addr.ts";
import {
  addressKey,
  attachmentKey,
  attachmentOfRecord,
  nodeKey,
  podKey,
} from "../../state/keys.ts";
import { parseAddress, parseAttachment, RecordError } from "../../state/record_text.ts";
import type { AttachmentRecord, PodRef } from "../../state/records.ts";
import { entryOf, type Plan, read } from "../plan.ts";
import { keptItems } from "./candidates.ts";
import type { Item } from "./report.ts";
import { isInScope, type Scope } from "./scope.ts";
import type { Seen, SpaceSurvey } from "./survey.ts";

/** Finds the attachments of our cluster that lack something, as far as the survey tells. */
export function damagedIn(
  survey: SpaceSurvey,
  scope: Scope,
): readonly Seen<AttachmentRecord>[] {
  const { space, addresses, nodes, pods } = survey;
  return [...survey.attachments.values()].filter(({ entry, record }) => {
    if (!isInScope(record, scope)) return false;
    const keys = keysOf(space, record);
    const isWhole = keys.addresses.every(({ key }) => {
      const address = addresses.get(key);
      return address?.seen === undefined && address?.attachment === entry.key;
    });
    const isListed = keys.pod === undefined || pods.get(keys.pod)?.attachment === entry.key;
    return !isWhole || !isListed || !nodes.has(keys.node);
  });
}

/**
 * Plans a look at one of them, in one fresh snapshot.
 *
 * @param space Its space.
 * @param seen The attachment as it was surveyed.
 * @returns One item for each of its addresses; none where it is whole, was written anew, or cannot be read.
 */
export function* planDamage(space: string, seen: Seen<AttachmentRecord>): Plan<readonly Item[]> {
  const { entry: { key, revision }, record } = seen;
  const keys = keysOf(space, record);
  const all = [
    key,
    keys.node,
    ...(keys.pod === undefined ? [] : [keys.pod]),
    ...keys.addresses.map((address) => address.key),
  ];
  const found = yield* read(all.map((one) => ({ kind: "get", key: one })));
  const entries = new Map(all.map((one, index) => [one, entryOf(found[index])]));
  if (entries.get(key)?.revision !== revision) return [];
  const lacks: Lacks = { addresses: [], keys: [], others: [] };
  try {
    for (const { ip, key: addressOf } of keys.addresses) {
      const entry = entries.get(addressOf);
      if (entry === undefined) {
        lacks.addresses.push(`${ip} is not recorded`);
        continue;
      }
      const { state, ...holder } = parseAddress(entry);
      if (state !== "held") lacks.addresses.push(`${ip} is recorded as ${state}`);
      else if (attachmentKey(space, attachmentOfRecord(holder)) !== key) {
        lacks.addresses.push(`${ip} is recorded for ${textOf(holder)}`);
        lacks.others.push(textOf(holder));
      }
    }
    if (entries.get(keys.node) === undefined) lacks.keys.push("its node's key is missing");
    if (keys.pod !== undefined) {
      const entry = entries.get(keys.pod);
      const holder = entry && parseAttachment(entry);
      if (holder === undefined) lacks.keys.push("its pod's key is missing");
      else if (attachmentKey(space, attachmentOfRecord(holder)) !== key) {
        lacks.keys.push(`its pod's key names ${textOf(holder)}`);
      }
    }
  } catch (error) {
    if (error instanceof RecordError) return []; // it is told as such
    throw error;
  }
  const what = [...lacks.addresses, ...lacks.keys];
  if (what.length === 0) return [];
  return keptItems(record, {
    space,
    kind: "damaged",
    reason: `${what.join(", ")}: ${adviceOf(record, lacks)}`,
  });
}

interface Lacks {
  readonly addresses: string[];
  readonly keys: string[];
  /** What holds its addresses instead. */
  readonly others: string[];
}

/** With `--force` an address that it does not hold is another's, or nobody's: then only its runtime can remove it. */
function adviceOf(
  { pod, addresses: [first] }: AttachmentRecord,
  { addresses, others }: Lacks,
): string {
  const own = pod === undefined ? "remove its container" : "delete its pod";
  if (others.length > 0) return `${own}, and ${others.join(" and ")} too: both may use the address`;
  if (addresses.length > 0 || first === undefined) return own;
  return `${own}; if it is gone for certain, use kube-ipam release --force ${first.ip}`;
}

function textOf(
  { containerID, ifname, pod }: {
    readonly containerID: string;
    readonly ifname: string;
    readonly pod?: PodRef | undefined;
  },
): string {
  const who = pod === undefined ? "" : `pod ${pod.namespace ?? ""}/${pod.name}, `;
  return `${who}container ${containerID} (${ifname})`;
}

function keysOf(space: string, record: AttachmentRecord): {
  readonly node: string;
  readonly pod: string | undefined;
  readonly addresses: readonly { readonly ip: string; readonly key: string }[];
} {
  const { cluster, node, pod } = record;
  const name = { ...attachmentOfRecord(record), cluster, node };
  return {
    node: nodeKey(space, name),
    pod: pod?.uid === undefined ? undefined : podKey(space, { ...name, uid: pod.uid }),
    addresses: record.addresses.map(({ ip }) => ({ ip, key: addressKey(space, parseAddr(ip)) })),
  };
}
