/**
 * What a cluster has, as far as reconcile asks for it.
 *
 * @module
 */
import type { PodName } from "./api.ts";

/** Which pods of a StatefulSet are wanted: ordinals of `[start, start + replicas)`. */
export interface Ordinals {
  /** `spec.ordinals.start`. */
  readonly start: number;
  /** `spec.replicas`. */
  readonly replicas: number;
}

/** What a list is asked with. */
export interface InventoryOptions {
  /** Ends the call. */
  readonly signal: AbortSignal;
  /** Told after each page how many were listed. */
  readonly onPage?: (count: number) => void;
}

/**
 * Lists of a cluster. Each is whole, and no older than its beginning: no resourceVersion, all pages.
 *
 * Every method throws `KubeError` if a page is missing.
 */
export interface KubeInventory {
  /** The names by which pods are known that have neither succeeded nor failed: their UIDs, and the hashes of static ones. */
  livingPods(options: InventoryOptions): Promise<ReadonlySet<string>>;
  /** The same, of one node. */
  livingPodsOf(node: string, options: InventoryOptions): Promise<ReadonlySet<string>>;
  /** The names of the nodes. */
  nodes(options: InventoryOptions): Promise<ReadonlySet<string>>;
  /** A StatefulSet; undefined only if the API itself said that there is none. */
  statefulSet(name: PodName, options: InventoryOptions): Promise<Ordinals | undefined>;
  /** The UID of the namespace kube-system, which tells one cluster from another; undefined where there is none. */
  clusterUid(options: InventoryOptions): Promise<string | undefined>;
}
