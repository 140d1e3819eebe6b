/**
 * The name of the workload that a pod is one of: where `allocation: "owner-hash"` begins.
 *
 * @module
 */
import { isOfStatefulSet, replicaBaseOf } from "./controllers.ts";
import type { Pod } from "./pod.ts";

/**
 * Names the workload of a pod, the same for the pod that replaces it.
 *
 * @param pod The pod.
 * @returns `namespace/name` of a pod that keeps its name and of a Deployment's; `namespace/name/node`
 * of a DaemonSet's; `namespace/kind/name` of any other controller's.
 */
export function workloadOf(pod: Pod): string {
  const { namespace, name, controller, nodeName } = pod;
  if (controller === undefined || isOfStatefulSet(pod)) return `${namespace}/${name}`;
  const base = replicaBaseOf(pod);
  if (base !== undefined) return `${namespace}/${base}`;
  if (controller.kind === "DaemonSet") return `${namespace}/${controller.name}/${nodeName}`;
  return `${namespace}/${controller.kind}/${controller.name}`;
}
