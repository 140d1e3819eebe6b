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

/**
 * Tells which nodes are gone, for the words of a reason. Nodes may call themselves otherwise than Kubernetes does, so a node is said to
 * be gone only where the record of a pod that lives, or the API itself, shows that this is how nodes are called.
 *
 * @param listed What was listed; undefined where no API is asked.
 * @param options The attachments of pods that live, and those of them whose nodes are gone.
 * @returns Tells whether a node is one that is gone.
 */
export function lostNodes(
  listed: Listed | undefined,
  options: { readonly living: readonly AttachmentRecord[]; readonly stranded: readonly Item[] },
): (node: string) => boolean {
  if (listed === undefined) return () => false;
  const { nodes } = listed;
  const { living, stranded } = options;
  const areNamedSo = living.some(({ node }) => nodes.has(node));
  const named = new Set(stranded.map(({ node }) => node));
  return (node) => !nodes.has(node) && (areNamedSo || named.has(node));
}
