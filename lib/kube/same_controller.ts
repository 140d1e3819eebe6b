/**
 * Whether two pods are replicas of one workload, so that one of them waits for the other in vain.
 *
 * @module
 */
import { replicaBaseOf } from "./controllers.ts";
import type { Pod } from "./pod.ts";

/**
 * Tells whether two pods share a controller.
 *
 * @param a One pod.
 * @param b The other pod.
 * @returns Whether both have the same controller, or ReplicaSets of one Deployment.
 */
export function sharesController(a: Pod, b: Pod): boolean {
  const uid = a.controller?.uid ?? "";
  if (uid !== "" && uid === b.controller?.uid) return true;
  const base = replicaBaseOf(a);
  return base !== undefined && a.namespace === b.namespace && base === replicaBaseOf(b);
}
