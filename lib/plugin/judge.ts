/**
 * Whether the pod that holds an address still lives, and what an operator can do when it does.
 *
 * @module
 */
import type { Judge } from "../datastore/transact.ts";
import { isRandomUid } from "../ipam/add/authority.ts";
import type { Verdict } from "../ipam/plan.ts";
import { CONFIG_HASH } from "../kube/annotations/keys.ts";
import { type KubeApi, KubeError, type PodName } from "../kube/api.ts";
import type { Pod } from "../kube/pod.ts";
import { sharesController } from "../kube/same_controller.ts";
import { samePod } from "../kube/same_pod.ts";

/** How long after its grace period a pod is still there only because nobody confirms its end, in milliseconds. */
const OVERDUE_MS = 60_000;

/** What a judge knows. */
export interface JudgeOptions {
  readonly api: KubeApi;
  /** The pod that asks. */
  readonly pod: Pod;
  /** The deadline. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Makes a judge that asks the API. What the API does not say for sure proves nothing.
 *
 * @param options The API, and who asks.
 * @returns The judge.
 */
export function makeJudge(options: JudgeOptions): Judge {
  const { api, pod: own, signal, now } = options;
  return async ({ pod: ref }) => {
    if (ref?.namespace === undefined) return { kind: "unknown", reason: "it is no pod's" };
    const name = { namespace: ref.namespace, name: ref.name };
    const isOwn = own.namespace === name.namespace && own.name === name.name;
    try {
      const found = isOwn ? own : await api.getPod(name, { signal });
      return verdictOf(name, { uid: ref.uid, found, own, now });
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      return {
        kind: "unknown",
        reason: `nobody can tell whether its pod lives: ${error.message}`,
        isOutage: true,
      };
    }
  };
}

function verdictOf(
  { namespace, name }: PodName,
  options: {
    readonly uid: string | undefined;
    readonly found: Pod | undefined;
    readonly own: Pod;
    readonly now: number;
  },
): Verdict {
  const { uid, found, own, now } = options;
  const text = `pod ${namespace}/${name}`;
  const isStatic = uid !== undefined && !isRandomUid(uid);
  if (isStatic && found?.annotations[CONFIG_HASH] === undefined) {
    return {
      kind: "unknown",
      reason: `${text} is a static pod, whose node runs it whether or not the API knows it: ` +
        "if it is gone for certain, free its address with kube-ipam release --force",
    };
  }
  if (found === undefined) return { kind: "gone", reason: `${text} is gone` };
  if (uid !== undefined && !samePod(found, uid)) {
    return { kind: "gone", reason: `${text} was replaced by another of its name` };
  }
  if (found.phase === "Succeeded" || found.phase === "Failed") {
    return { kind: "gone", reason: `${text} has ended (${found.phase})` };
  }
  return { kind: "present", advice: adviceFor(found, { own, now }) };
}

function adviceFor(
  found: Pod,
  { own, now }: { readonly own: Pod; readonly now: number },
): string {
  const { namespace, name, deletionMs } = found;
  const advice: string[] = [];
  if (deletionMs !== undefined && deletionMs + OVERDUE_MS < now) {
    advice.push(
      `It should have ended at ${
        new Date(deletionMs).toISOString()
      }, and its node ${found.nodeName} does not say that it did. ` +
        "If that node is lost, taint it with node.kubernetes.io/out-of-service=nodeshutdown:NoExecute, " +
        `or delete the pod: kubectl delete pod -n ${namespace} ${name} --force --grace-period=0`,
    );
  } else if (deletionMs !== undefined) {
    advice.push("It is being deleted: its address comes free with its end");
  }
  if (sharesController(own, found)) {
    advice.push(
      "Both pods are of one controller, and one address is for one pod: for a Deployment of one replica write " +
        "strategy: {type: Recreate}, for several use kube-ipam.pool",
    );
  }
  if (advice.length === 0) advice.push("It is granted as soon as its holder is deleted");
  return advice.join(". ");
}
