/**
 * Whether the pod that holds an address still lives, and what an operator can do when it does.
 *
 * @module
 */
import type { Judge } from "../datastore/transact.ts";
import type { Verdict } from "../ipam/plan.ts";
import { type KubeApi, KubeError, type PodName } from "../kube/api.ts";
import type { Pod } from "../kube/pod.ts";
import { endingAdvice, podStateOf } from "../kube/pod_state.ts";
import { sharesController } from "../kube/same_controller.ts";

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
  name: PodName,
  options: {
    readonly uid: string | undefined;
    readonly found: Pod | undefined;
    readonly own: Pod;
    readonly now: number;
  },
): Verdict {
  const state = podStateOf(name, options);
  switch (state.kind) {
    case "gone":
    case "replaced":
    case "finished":
      return { kind: "gone", reason: state.reason };
    case "static":
      return { kind: "unknown", reason: state.reason };
    case "present":
      return { kind: "present", advice: adviceFor(state.pod, options) };
  }
}

function adviceFor(
  found: Pod,
  { own, now }: { readonly own: Pod; readonly now: number },
): string {
  const ending = endingAdvice(found, now);
  const advice = ending === undefined ? [] : [ending];
  if (sharesController(own, found)) {
    advice.push(
      "Both pods are of one controller, and one address is for one pod: for a Deployment of one replica write " +
        "strategy: {type: Recreate}, for several use kube-ipam.pool",
    );
  }
  if (advice.length === 0) advice.push("It is granted as soon as its holder is deleted");
  return advice.join(". ");
}
