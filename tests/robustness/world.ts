/**
 * Everything that a run has: servers, nodes, and what happened so far.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import type { Gate } from "./gate.ts";
import type { AttachmentRef, Author, CallRecord, PodNote } from "./history.ts";
import type { Node } from "./node.ts";
import type { StepKind } from "./plan/steps.ts";
import type { TestEtcd } from "../support/etcd.ts";
import type { Watch } from "./watch/watch.ts";

/** An attachment that a runtime knows of. */
export interface Known {
  readonly node: Node;
  readonly attachment: AttachmentRef;
}

/** What a run has. */
export interface World {
  readonly seed: string;
  readonly etcd: TestEtcd;
  readonly watch: Watch;
  readonly clusters: readonly Cluster[];
  readonly nodes: readonly Node[];
  /** The folder of the nodes. */
  readonly folder: string;
  /** The kinds of steps that the lanes do. Default all. */
  readonly only: readonly StepKind[] | undefined;
  /** Whether pods can be judged: then take-over of gone pods and reconcile are part of the run. */
  readonly hasKube: boolean;
  readonly calls: CallRecord[];
  readonly pods: Map<string, PodNote>;
  readonly authors: Author[];
  /** Faults by kind. */
  readonly faults: Map<string, number>;
  /** What the runtimes have to remove still, by container and interface. */
  readonly known: Map<string, Known>;
  /** The specification forbids any other call beside GC: that one is alone within. */
  readonly gate: Gate;
  /** Ends the workload and the faults. */
  readonly ending: AbortSignal;
  /** Says something to whoever looks. */
  readonly say: (text: string) => void;
}

/** Counts a fault. */
export function countFault({ faults }: World, kind: string): void {
  faults.set(kind, (faults.get(kind) ?? 0) + 1);
}

/** Names an attachment. */
export function nameOf({ containerId, ifName }: AttachmentRef): string {
  return `${containerId}/${ifName}`;
}
