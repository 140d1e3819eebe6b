/**
 * Whose attachment a record is.
 *
 * @module
 */
import type { AttachmentRecord } from "../state/records.ts";

/** As much of a node's identity as tells its records from others. */
export interface Node {
  /** The node's cluster. */
  readonly cluster: string;
  /** The node's name. */
  readonly node: string;
  /** Undefined when the data directory cannot be read. */
  readonly nodeId: string | undefined;
}

/** All nodes of a cluster: for who judges by its API, and not by a runtime. */
export interface WholeCluster {
  /** The cluster. */
  readonly cluster: string;
  /** Tells it from a {@linkcode Node}. */
  readonly node?: undefined;
}

/**
 * Tells whether a record is this node's: its cluster is ours, and its node id or node name.
 *
 * `cnitool` and podman make equal container IDs on two hosts; neither may free the other's address.
 */
export function isOurs(record: AttachmentRecord, scope: Node | WholeCluster): boolean {
  if (record.cluster !== scope.cluster) return false;
  return scope.node === undefined || record.nodeId === scope.nodeId || record.node === scope.node;
}
