/**
 * Whether each revision leaves records that fit one another, and gives no address to another holder but by the rules.
 *
 * @module
 */
import {
  addressKey,
  attachmentKey,
  attachmentOfRecord,
  nodeKey,
  podKey,
} from "../../../lib/state/keys.ts";
import { parseAddr } from "../../../lib/net/addr.ts";
import type { AddressRecord, AttachmentRecord } from "../../../lib/state/records.ts";
import type { History, Violation } from "../history.ts";
import {
  addressAt,
  attachmentAt,
  folderOf,
  holderOf,
  type Moment,
  timelineOf,
} from "./timeline.ts";

/** The space that runs use. */
const SPACE = "default";

/**
 * Checks every revision.
 *
 * @param history What happened.
 * @returns What is wrong.
 */
export function transitions(history: History): readonly Violation[] {
  const found: Violation[] = [];
  for (const moment of timelineOf(history.changes)) {
    for (const { key } of moment.change.keys) {
      const folder = folderOf(key);
      const all = folder === "addresses"
        ? checkAddress(history, { moment, key })
        : folder === "attachments"
        ? checkAttachment(moment, key)
        : [];
      const where = `revision ${moment.change.revision}`;
      found.push(...all.map(({ kind, text }) => ({ kind, text: `${where}: ${text}` })));
    }
  }
  return found;
}

function checkAddress(
  history: Pick<History, "pods">,
  { moment, key }: { readonly moment: Moment; readonly key: string },
): readonly Violation[] {
  const was = addressAt(moment.before, key);
  const is = addressAt(moment.after, key);
  const found: Violation[] = [];
  if (is?.state === "held") {
    const attachment = attachmentAt(moment.after, attachmentKey(SPACE, attachmentOfRecord(is)));
    if (attachment?.addresses.some(({ ip }) => ip === is.ip) !== true) {
      found.push({
        kind: "invariant",
        text: `${is.ip} is held by ${holderOf(is)}, whose record does not name it`,
      });
    }
  }
  if (was?.state !== "held" || is?.state !== "held" || holderOf(was) === holderOf(is)) return found;
  const problem = problemOf(history, { moment, was, is });
  if (problem !== undefined) {
    const text = `${is.ip} went from ${holderOf(was)} to ${holderOf(is)}, ${problem}`;
    found.push({ kind: "duplicate", text });
  }
  return found;
}

/** Why an address may not have gone from one holder to the next. */
function problemOf(
  { pods }: Pick<History, "pods">,
  options: { readonly moment: Moment; readonly was: AddressRecord; readonly is: AddressRecord },
): string | undefined {
  const { moment: { after, change }, was, is } = options;
  const left = attachmentAt(after, attachmentKey(SPACE, attachmentOfRecord(was)));
  if (left?.addresses.some(({ ip }) => ip === was.ip) === true) return "which holds it still";
  if (was.cluster !== is.cluster) return "of another cluster";
  const isNextSandbox = was.pod?.uid !== undefined && was.pod.uid === is.pod?.uid &&
    was.ifname === is.ifname && was.containerID !== is.containerID;
  if (isNextSandbox) return undefined;
  const endedMs = pods.get(was.pod?.uid ?? "")?.endedMs ?? Infinity;
  return endedMs <= change.seenMs ? undefined : "whose pod lived";
}

function checkAttachment({ before, after }: Moment, key: string): readonly Violation[] {
  const was = attachmentAt(before, key);
  const is = attachmentAt(after, key);
  const problems = is === undefined ? [] : problemsOf(is, { after, value: after.get(key) });
  const left = (was?.addresses ?? []).filter(({ ip }) => {
    const record = addressAt(after, addressKey(SPACE, parseAddr(ip)));
    const isHeld = was !== undefined && record?.state === "held" &&
      holderOf(record) === holderOf(was);
    return isHeld && is?.addresses.some((one) => one.ip === ip) !== true;
  });
  return [
    ...problems,
    ...left.map(({ ip }) => `${key} does not name ${ip} any more, which is held for it`),
  ].map((text) => ({ kind: "invariant", text }));
}

function problemsOf(
  record: AttachmentRecord,
  { after, value }: { readonly after: Moment["after"]; readonly value: string | undefined },
): readonly string[] {
  const holder = holderOf(record);
  const name = { ...record, ...attachmentOfRecord(record) };
  const problems = record.addresses.flatMap(({ ip }) => {
    const address = addressAt(after, addressKey(SPACE, parseAddr(ip)));
    const isHeld = address?.state === "held" && holderOf(address) === holder;
    return isHeld ? [] : [`${holder} names ${ip}, which is not recorded as its`];
  });
  if (after.get(nodeKey(SPACE, name)) === undefined) {
    problems.push(`${holder} has no key of its node`);
  }
  const uid = record.pod?.uid;
  if (uid !== undefined && after.get(podKey(SPACE, { ...name, uid })) !== value) {
    problems.push(`${holder} has no key of its pod that tells the same`);
  }
  return problems;
}
