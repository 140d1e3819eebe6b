/**
 * What is left in the datastore and on the nodes when everything was removed.
 *
 * @module
 */
import type { Entry } from "../../../lib/state/txn.ts";
import { parseAddress } from "../../../lib/state/record_text.ts";
import type { AddressRecord } from "../../../lib/state/records.ts";
import type { Violation } from "../history.ts";
import { folderOf } from "./timeline.ts";

/** What may be left: addresses that cool down, and what tells of networks and clusters. */
const MAY_STAY: readonly string[] = ["expiring", "networks", "clusters", "cursor"];

/**
 * Finds what leaked.
 *
 * @param entries Everything in the datastore.
 * @param pending The files that journals hold.
 * @returns One for each address and each file that did not come back.
 */
export function remains(
  entries: readonly Entry[],
  pending: readonly string[],
): readonly Violation[] {
  const kept = entries.filter(({ key }) => key.startsWith("/kube-ipam/v1/"));
  const texts = kept.flatMap((entry) => {
    const folder = folderOf(entry.key);
    if (MAY_STAY.includes(folder)) return [];
    if (folder !== "addresses") return [`${entry.key} is left`];
    const record = parseAddress(entry);
    return record.state === "cooling" ? [] : [describe(record)];
  });
  return [...texts, ...pending.map((file) => `${file} waits still`)]
    .map((text) => ({ kind: "leak", text }));
}

/**
 * Finds what reconcile left of pods: all of them are gone.
 *
 * @param entries Everything in the datastore.
 * @returns One for each address.
 */
export function remainsOfPods(entries: readonly Entry[]): readonly Violation[] {
  return entries.filter(({ key }) => folderOf(key) === "addresses").map(parseAddress)
    .filter(({ state, pod }) => state !== "cooling" && pod !== undefined)
    .map((record) => ({ kind: "leak", text: `reconcile left that ${describe(record)}` }));
}

function describe({ ip, state, containerID, cluster, node, pod }: AddressRecord): string {
  const whose = `${cluster}/${containerID} on ${node}${pod ? ` of pod ${pod.name}` : ""}`;
  return `${ip} is ${state} for ${whose}`;
}
