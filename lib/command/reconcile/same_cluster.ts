/**
 * Whether the API that is asked is that of our cluster. Two clusters may share one certificate authority, by which records tell theirs.
 *
 * @module
 */
import { isRandomUid } from "../../ipam/add/authority.ts";
import { KubeError } from "../../kube/api.ts";
import { askAgain } from "./ask_again.ts";
import type { Work } from "./work.ts";

/**
 * Compares the cluster's name with the UID of the namespace kube-system, where it is such a UID.
 *
 * @param work What reconcile works with; a note is made where the role does not let it look.
 * @throws {KubeError} If it is another cluster's API: nothing was changed.
 */
export async function refuseOtherCluster(work: Work): Promise<void> {
  const { api, scope: { cluster }, report } = work;
  if (api === undefined || !isRandomUid(cluster)) return;
  let uid: string | undefined;
  try {
    uid = await askAgain(work, (options) => api.inventory.clusterUid(options));
  } catch (error) {
    if (!(error instanceof KubeError) || error.kind !== "refused") throw error;
    report.notes.push(`Nothing tells whether this API is that of our cluster: ${error.message}`);
    return;
  }
  if (uid === undefined || uid === cluster) return;
  throw new KubeError(
    "misconfigured",
    `Cannot reconcile as the Kubernetes API is that of another cluster: current value of ipam.cluster is "${cluster}", ` +
      `and the UID of its namespace kube-system is "${uid}"`,
    {
      repair: "Set ipam.kubeConfig to the kubeconfig of the cluster that is named so, " +
        "or ipam.cluster to the name that the nodes of this one use",
    },
  );
}
