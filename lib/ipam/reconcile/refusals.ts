/**
 * Where reconcile does nothing, or not that much.
 *
 * @module
 */
import { parseCluster } from "../../state/record_text.ts";
import type { Census } from "./candidates.ts";
import { ALWAYS_ALLOWED } from "./scope.ts";
import type { SpaceSurvey } from "./survey.ts";

/**
 * Tells why a whole space is left alone.
 *
 * @param survey The space.
 * @param options Our cluster, and the API that is asked, if one is.
 * @returns The reason; undefined where there is none.
 */
export function spaceRefusal(
  survey: SpaceSurvey,
  { cluster, census }: {
    readonly cluster: string;
    readonly census: Pick<Census, "authorities"> | undefined;
  },
): string | undefined {
  const newer = survey.unreadable.find(({ isNewer }) => isNewer);
  if (newer !== undefined) return `${newer.key}: ${newer.message}. ${newer.repair}`;
  const entry = survey.clusters.get(cluster);
  if (entry === undefined || census === undefined || census.authorities.length === 0) {
    return undefined;
  }
  const { authorities } = parseCluster(entry);
  if (census.authorities.some((own) => authorities.includes(own))) return undefined;
  return `the cluster name "${cluster}" is that of another Kubernetes API in this datastore, or of this one with ` +
    "another certificate authority: set ipam.cluster to a name of its own in each cluster; if the authority was " +
    "changed, see docs/annotations.md, The kubeconfig";
}

/**
 * Tells why so much of a network is not freed.
 *
 * @param count How many attachments would be freed.
 * @param options How many of the network are our cluster's, and what of them may be freed.
 * @returns The reason; undefined where there is none.
 */
export function fractionRefusal(
  count: number,
  { total, maxFraction }: { readonly total: number; readonly maxFraction: number },
): string | undefined {
  if (count <= ALWAYS_ALLOWED || count <= total * maxFraction) return undefined;
  return `${count} of ${total} attachments would be freed, and --max-fraction is ${maxFraction}: ` +
    "see whether the kubeconfig is that of this cluster, and give --yes if it is";
}
