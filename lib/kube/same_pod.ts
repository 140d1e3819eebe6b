/**
 * Whether a pod that was read is the one that somebody named by its UID.
 *
 * @module
 */
import { CONFIG_HASH } from "./annotations/keys.ts";
import type { Pod } from "./pod.ts";

/**
 * Tells whether a pod has a UID. The kubelet names a static pod by the hash of its file, which its
 * mirror pod carries as an annotation.
 *
 * @param pod The pod that the API knows.
 * @param uid K8S_POD_UID, or the UID of a record.
 * @returns Whether it is the same pod; never for an empty UID.
 */
export function samePod(pod: Pick<Pod, "uid" | "annotations">, uid: string): boolean {
  return uid !== "" && (pod.uid === uid || pod.annotations[CONFIG_HASH] === uid);
}
