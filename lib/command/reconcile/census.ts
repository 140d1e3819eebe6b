/**
 * The living pods and the nodes of our cluster. Taken after the records were read, never before: then a pod that is not
 * listed was there before its record or is gone.
 *
 * @module
 */
import type { Census } from "../../ipam/reconcile/candidates.ts";
import { type Item, itemOf } from "../../ipam/reconcile/report.ts";
import { isName } from "../../kube/names.ts";
import { forceDelete } from "../../kube/pod_state.ts";
import type { AttachmentRecord } from "../../state/records.ts";
import type { Work } from "./work.ts";

/** What was listed. */
export interface Listed extends Census {
  /** The names of the nodes. */
  readonly nodes: ReadonlySet<string>;
}

/** Lists pods and nodes; undefined where no API is asked. Throws `KubeError` unless both lists are whole. */
export async function takeCensus({ api, signal, onStep }: Work): Promise<Listed | undefined> {
  if (api === undefined) return undefined;
  const { kube: { authorities }, inventory } = api;
  const options = (title: string): Parameters<typeof inventory.nodes>[0] => ({
    signal: signal ?? new AbortController().signal, // each page has a deadline of its own
    onPage: (done) => onStep?.({ title, done }),
  });
  const living = await inventory.livingPods(options("Listing pods"));
  const nodes = await inventory.nodes(options("Listing nodes"));
  return { authorities, living, nodes };
}

/**
 * Finds pods that live in the API although their nodes are gone. Their own state decides, so they are kept.
 *
 * @param work What reconcile works with.
 * @param options The space, what was listed, and the attachments of pods that live.
 * @returns One item for each of their addresses.
 */
export async function strandedIn(
  { api, signal }: Work,
  options: {
    readonly space: string;
    readonly listed: Listed;
    readonly living: readonly AttachmentRecord[];
  },
): Promise<readonly Item[]> {
  const { space, listed: { nodes }, living } = options;
  if (api === undefined) return [];
  const lost = Map.groupBy(living.filter(({ node }) => !nodes.has(node)), ({ node }) => node);
  const items: Item[] = [];
  for (const [node, records] of lost) {
    if (!isName(node)) continue;
    // Nodes may call themselves otherwise than Kubernetes does: the pods tell which one is meant.
    const pods = await api.inventory.livingPodsOf(node, {
      signal: signal ?? new AbortController().signal,
    });
    for (const record of records) {
      const { pod } = record;
      if (pod?.namespace === undefined || !pods.has(pod.uid ?? "")) continue;
      const name = { namespace: pod.namespace, name: pod.name };
      const reason =
        `its node ${node} is gone, and pod ${name.namespace}/${name.name} is still there: ` +
        `the pod garbage collector of Kubernetes removes it, or ${forceDelete(name)}`;
      for (const { ip } of record.addresses) {
        items.push(itemOf(record, { space, ip, kind: "stranded", reason }));
      }
    }
  }
  return items;
}
