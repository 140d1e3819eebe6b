/**
 * Whether fixed addresses went to their pods only, and pods with one got it and no other.
 *
 * @module
 */
import type { History, Violation } from "../history.ts";
import { isFixed } from "../netconf.ts";
import { grantedBy } from "./holdings.ts";
import { addressAt, folderOf, timelineOf } from "./timeline.ts";

/**
 * Checks answers and records.
 *
 * @param history What happened.
 * @returns What is wrong.
 */
export function wishes({ calls, changes, pods }: History): readonly Violation[] {
  const found: string[] = [];
  for (const call of calls.filter(({ verb, exit }) => verb === "ADD" && exit === 0)) {
    const { wish, attachment, node } = call;
    const who = `container ${attachment?.containerId} on ${node}`;
    for (const ip of grantedBy(call)) {
      if (wish !== undefined && ip !== wish) found.push(`${who} asked for ${wish} and got ${ip}`);
      if (wish === undefined && isFixed(ip)) found.push(`${who} got the fixed address ${ip}`);
    }
  }
  for (const { change: { keys, revision }, after } of timelineOf(changes)) {
    for (const { key } of keys.filter(({ key }) => folderOf(key) === "addresses")) {
      const record = addressAt(after, key);
      if (record?.state !== "held" || !isFixed(record.ip)) continue;
      const wish = pods.get(record.pod?.uid ?? "")?.wish;
      if (wish === record.ip) continue;
      found.push(
        `revision ${revision}: ${record.ip} is held by a pod that asked for ${wish ?? "none"}`,
      );
    }
  }
  return found.map((text) => ({ kind: "wish", text }));
}
