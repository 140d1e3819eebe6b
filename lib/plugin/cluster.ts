/**
 * The cluster's record: which Kubernetes API speaks for the pods of a cluster's name.
 *
 * @module
 */
import type { Datastore } from "../datastore/datastore.ts";
import { clusterKey } from "../state/keys.ts";
import { type ClusterRecord, SCHEMA } from "../state/records.ts";
import { formatRecord, parseCluster } from "../state/record_text.ts";
import type { Entry, Guard } from "../state/txn.ts";

/** Fingerprints that one record holds at most: certificates come and go. */
const MOST = 16;

/** Whose record is kept. */
export interface ClusterOptions {
  readonly space: string;
  readonly cluster: string;
  /** Fingerprints of our API; at least one. */
  readonly authorities: readonly string[];
  readonly node: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly signal: AbortSignal;
}

/**
 * Records our API's fingerprints under the cluster's name: all of them if it knows one of them or nobody was there before.
 *
 * @param store The datastore.
 * @param options The cluster and its API.
 * @returns A warning when the name is another API's.
 */
export async function rememberCluster(
  store: Datastore,
  options: ClusterOptions,
): Promise<readonly string[]> {
  const { space, cluster, authorities } = options;
  const key = clusterKey(space, cluster);
  const first = await put(store, { ...options, guard: { kind: "absent", key }, authorities });
  if (first === undefined) return [];
  const known = parseCluster(first).authorities;
  const unknown = authorities.filter((one) => !known.includes(one));
  if (unknown.length === authorities.length) {
    return [
      `The cluster name "${cluster}" is that of another Kubernetes API in this datastore: ` +
      "set ipam.cluster to a name of its own in each cluster. Until then no address of a pod that is gone is taken over",
    ];
  }
  if (unknown.length > 0) {
    const guard = { kind: "revision", key, revision: first.revision } as const;
    await put(store, { ...options, guard, authorities: [...unknown, ...known].slice(0, MOST) });
  }
  return [];
}

/** Writes the record; returns what stands there instead if the guard does not hold. */
async function put(
  store: Datastore,
  options: ClusterOptions & { readonly guard: Guard },
): Promise<Entry | undefined> {
  const { guard, authorities, node, now, signal } = options;
  const record: ClusterRecord = { schema: SCHEMA, authorities, node, since: now };
  const write = { kind: "put", key: guard.key, value: formatRecord(record) } as const;
  const answer = await store.commit({ guards: [guard], writes: [write] }, { signal });
  return answer.kind === "conflict" ? answer.guarded[0] : undefined;
}
