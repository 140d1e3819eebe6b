/**
 * Whether two records speak of pods of one and the same Kubernetes API.
 *
 * Two clusters may share an etcd and, by mistake, a name. A pod that one API does not know is then not gone: it is the other's.
 *
 * @module
 */
import { clusterKey } from "../../state/keys.ts";
import { parseCluster } from "../../state/record_text.ts";
import type { Entry } from "../../state/txn.ts";
import { entryOf, type Plan, read } from "../plan.ts";
import type { AddRequest } from "../request.ts";

/**
 * Tells whether the API that we ask knows the pod of a record.
 *
 * @param request The ADD: whom we ask.
 * @param authority The record's.
 * @returns Whether both are one, or known as one cluster's: the certificates of a cluster change in time.
 */
export function* isKnown(request: AddRequest, authority: string | undefined): Plan<boolean> {
  if (isOwn(request, authority)) return true;
  const { space, asker } = request;
  if (authority === undefined || (asker.authorities ?? []).length === 0) return false;
  const seen = yield* read([{ kind: "get", key: clusterKey(space, asker.cluster) }]);
  return areOne(request, { authority, cluster: entryOf(seen[0]) });
}

/** Who knows an API by its authorities. */
export interface Knowing {
  /** An ADD's asker, or whoever else asks the API. */
  readonly asker: Pick<AddRequest["asker"], "authorities">;
}

/** Tells whether a record names one of the authorities that we know the API by. */
export function isOwn({ asker }: Knowing, authority: string | undefined): boolean {
  return authority !== undefined && (asker.authorities ?? []).includes(authority);
}

/** Tells whether the cluster's record names both. */
export function areOne(
  { asker }: Knowing,
  options: { readonly authority: string | undefined; readonly cluster: Entry | undefined },
): boolean {
  const { authority, cluster } = options;
  if (authority === undefined || cluster === undefined) return false;
  const { authorities } = parseCluster(cluster);
  return authorities.includes(authority) &&
    (asker.authorities ?? []).some((own) => authorities.includes(own));
}

/** The UID of any pod but a static one, of which the kubelet makes it. No two clusters have the same. */
const RANDOM_UID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** Tells whether a UID was drawn at random: the UID of a static pod is a hash of its manifest, file and node name. */
export function isRandomUid(uid: string | undefined): boolean {
  return uid !== undefined && RANDOM_UID.test(uid);
}
