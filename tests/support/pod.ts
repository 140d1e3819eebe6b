/**
 * A pod as an API would tell of it.
 *
 * @module
 */
import type { Pod } from "../../lib/kube/pod.ts";

/** A pod that runs: `shop/db` on `node-a`, unless said otherwise. */
export function podOf(changes: Partial<Pod> = {}): Pod {
  return {
    namespace: "shop",
    name: "db",
    uid: "00000000-0000-4000-8000-000000000001",
    phase: "Running",
    deletionMs: undefined,
    annotations: {},
    controller: undefined,
    templateHash: undefined,
    serviceAccount: "default",
    nodeName: "node-a",
    ...changes,
  };
}
