/**
 * Whether DEL gave back what it said, at the latest when the journals were replayed: reconcile would hide it.
 *
 * @module
 */
import type { AddressRecord } from "../../../lib/state/records.ts";
import type { CallRecord, History, Violation } from "../history.ts";
import { addressAt, folderOf, holderOf, timelineOf } from "./timeline.ts";

/**
 * Finds addresses that are held although DEL has succeeded.
 *
 * A claim whose process was killed, or did not learn whether it was applied, may reach etcd after the DEL: these are left to reconcile.
 *
 * @param history What happened until nothing was owed any more.
 * @returns What is wrong.
 */
export function unreturned(
  { calls, changes }: Pick<History, "calls" | "changes">,
): readonly Violation[] {
  const held = new Map<string, AddressRecord>();
  for (const { change: { keys }, after } of timelineOf(changes)) {
    for (const { key } of keys.filter(({ key }) => folderOf(key) === "addresses")) {
      const record = addressAt(after, key);
      if (record?.state === "held") held.set(key, record);
      else held.delete(key);
    }
  }
  return held.values().filter((record) => isReturned(record, calls)).map((record): Violation => ({
    kind: "leak",
    text: `${record.ip} is held by ${holderOf(record)} on ${record.node}, whose DEL succeeded`,
  })).toArray();
}

function isReturned(record: AddressRecord, calls: readonly CallRecord[]): boolean {
  const own = calls.filter(({ cluster, attachment }) =>
    cluster === record.cluster && attachment?.containerId === record.containerID &&
    attachment.ifName === record.ifname
  );
  const adds = own.filter(({ verb }) => verb === "ADD");
  const removals = own.filter(({ verb, exit, node }) =>
    verb === "DEL" && exit === 0 && node === record.node
  );
  return adds.every(({ exit }) => exit === 0) &&
    removals.some(({ startMs }) => adds.every(({ endMs }) => endMs <= startMs));
}
