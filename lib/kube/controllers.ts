/**
 * What the controller of a pod says about it.
 *
 * @module
 */
import type { Pod } from "./pod.ts";

/**
 * Tells whether a pod is of a StatefulSet: its next pod of that name is the same workload.
 *
 * @param pod The pod.
 * @returns Whether its controller is a StatefulSet.
 */
export function isOfStatefulSet({ controller }: Pod): boolean {
  return controller?.kind === "StatefulSet";
}

/**
 * Tells whether a pod is of a StatefulSet of Kubernetes itself. Others of this kind (`apps.kruise.io`) are not asked for
 * by anybody, so nobody could tell whether they still want the pod.
 *
 * @param pod The pod.
 * @returns Whether its controller is one of the group `apps`.
 */
export function isOfOwnStatefulSet(pod: Pod): boolean {
  return isOfStatefulSet(pod) && (pod.controller?.apiVersion.startsWith("apps/") ?? false);
}

/**
 * The name that all ReplicaSets of one Deployment begin with.
 *
 * @param pod The pod.
 * @returns Its ReplicaSet's name without `-<pod-template-hash>`; undefined for any other pod.
 */
export function replicaBaseOf({ controller, templateHash }: Pod): string | undefined {
  if (controller?.kind !== "ReplicaSet" || !templateHash) return undefined;
  const end = `-${templateHash}`;
  if (!controller.name.endsWith(end)) return undefined;
  return controller.name.slice(0, -end.length) || undefined;
}
