/**
 * What the API says of the pod that a record names: the one verdict of ADD, which takes over, and of reconcile.
 *
 * @module
 */
import { isRandomUid } from "../ipam/add/authority.ts";
import { CONFIG_HASH } from "./annotations/keys.ts";
import type { PodName } from "./api.ts";
import type { Pod } from "./pod.ts";
import { samePod } from "./same_pod.ts";

/** How long after its grace period a pod is still there only because nobody confirms its end, in milliseconds. */
const OVERDUE_MS = 60_000;

/** What became of a pod. */
export type PodState =
  /** It was proved that it does not live any more. */
  | { readonly kind: "gone" | "replaced" | "finished"; readonly reason: string }
  /** Its node runs it whether or not the API knows it. */
  | { readonly kind: "static"; readonly reason: string }
  | { readonly kind: "present"; readonly pod: Pod };

/**
 * Judges a pod.
 *
 * @param name The pod that a record names.
 * @param options Its UID, and what the API has under its name, read without a resourceVersion.
 * @returns What became of it.
 */
export function podStateOf(
  { namespace, name }: PodName,
  { uid, found }: { readonly uid: string | undefined; readonly found: Pod | undefined },
): PodState {
  const text = `pod ${namespace}/${name}`;
  const isStatic = uid !== undefined && !isRandomUid(uid);
  if (isStatic && found?.annotations[CONFIG_HASH] === undefined) {
    return {
      kind: "static",
      reason: `${text} is a static pod, whose node runs it whether or not the API knows it: ` +
        "if it is gone for certain, free its address with kube-ipam release --force",
    };
  }
  if (found === undefined) return { kind: "gone", reason: `${text} is gone` };
  if (uid !== undefined && !samePod(found, uid)) {
    return { kind: "replaced", reason: `${text} was replaced by another of its name` };
  }
  if (found.phase === "Succeeded" || found.phase === "Failed") {
    return { kind: "finished", reason: `${text} has ended (${found.phase})` };
  }
  return { kind: "present", pod: found };
}

/**
 * What helps a pod to its end that is being deleted.
 *
 * @param pod The pod.
 * @param now Milliseconds since the epoch.
 * @returns The advice; undefined for one that nobody deletes.
 */
export function endingAdvice(pod: Pod, now: number): string | undefined {
  const { namespace, name, deletionMs, nodeName } = pod;
  if (deletionMs === undefined) return undefined;
  if (deletionMs + OVERDUE_MS >= now) {
    return "It is being deleted: its address comes free with its end";
  }
  return `It should have ended at ${
    new Date(deletionMs).toISOString()
  }, and its node ${nodeName} does not say that it did. ` +
    "If that node is lost, taint it with node.kubernetes.io/out-of-service=nodeshutdown:NoExecute, " +
    `or delete the pod: ${forceDelete({ namespace, name })}`;
}

/** The command that removes a pod whose node is lost. */
export function forceDelete({ namespace, name }: PodName): string {
  return `kubectl delete pod -n ${namespace} ${name} --force --grace-period=0`;
}
