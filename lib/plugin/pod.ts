/**
 * The pod of an ADD: read from the Kubernetes API, checked to be the one that the runtime means, and asked for its wishes.
 *
 * @module
 */
import type { CniArgs } from "../cni/args.ts";
import { CniError, CODES } from "../cni/errors.ts";
import { show } from "../cni/values.ts";
import type { Config } from "../config/config.ts";
import { type PodWishes, readAnnotations } from "../kube/annotations/annotations.ts";
import { CONFIG_HASH } from "../kube/annotations/keys.ts";
import type { KubeApi, PodName } from "../kube/api.ts";
import { isOfOwnStatefulSet } from "../kube/controllers.ts";
import { isName } from "../kube/names.ts";
import type { Pod } from "../kube/pod.ts";
import { samePod } from "../kube/same_pod.ts";
import { workloadOf } from "../kube/workload.ts";
import type { AddCall } from "./call.ts";
import type { Asking } from "./asking.ts";
import { makeJudge } from "./judge.ts";

/**
 * Reads the pod of an ADD.
 *
 * @param args Who the pod is.
 * @param options The API to read from, and the deadline.
 * @returns The pod.
 * @throws {KubeError} If the API does not answer.
 * @throws {CniError} With code 11 if it knows no such pod.
 */
export async function readOwnPod(
  args: CniArgs,
  { api, signal }: { readonly api: KubeApi; readonly signal: AbortSignal },
): Promise<Pod> {
  const name = nameOf(args);
  return same(name, { pod: await api.getPod(name, { signal }), args });
}

/**
 * Reads what the pod asks for.
 *
 * @param call The ADD.
 * @param options The pod, and the API that knows it.
 * @returns What is asked for: what the runtime asks for wins over what the pod does.
 * @throws {CniError} With code 102 or 103 for what its annotations say.
 */
export function askingOf(
  call: AddCall,
  { api, pod }: { readonly api: KubeApi; readonly pod: Pod },
): Asking {
  const { config, invocation: { args, attachment }, signal, io } = call;
  const name = nameOf(args);
  const { network, sets, wishes } = config;
  const asked = readAnnotations(pod, {
    network,
    ifName: attachment.ifName,
    sets,
    taken: new Set(wishes.map(({ set }) => set)),
  });
  checkRule(pod, { config, asked });
  return {
    pod: { ...name, uid: args.podUid ?? pod.annotations[CONFIG_HASH] ?? pod.uid },
    authorities: api.authorities,
    wishes: [...wishes, ...asked.wishes].sort((a, b) => a.set - b.set),
    pools: asked.pools,
    owner: asked.owner,
    retain: asked.retain,
    workload: workloadOf(pod),
    claimant: { namespace: pod.namespace, serviceAccount: pod.serviceAccount },
    strays: asked.strays,
    judge: makeJudge({ api, pod, signal, now: io.now() }),
    warnings: [...api.warnings, ...asked.warnings],
    annotations: asked.used,
  };
}

/**
 * Nobody can ask whether a named owner is still wanted, or a pod of a StatefulSet that is none of Kubernetes; the pod's own `retain` is
 * checked where it is read.
 */
function checkRule(
  pod: Pod,
  { config: { sets }, asked }: { readonly config: Config; readonly asked: PodWishes },
): void {
  const { owner, retain, used } = asked;
  const range = sets.flatMap(({ ranges }) => ranges).find((range) => range.retain === "owner");
  if (owner === undefined || retain !== undefined || range === undefined) return;
  const key = ["kube-ipam.owner", "podname"].find((name) => name in used);
  if (key === undefined && isOfOwnStatefulSet(pod)) return;
  const subject = key === undefined
    ? `controller ${pod.controller?.apiVersion} StatefulSet "${pod.controller?.name}"`
    : `annotation ${key} "${owner.name}"`;
  throw new CniError(CODES.annotation, "Cannot read the annotations of the pod", {
    details: `${subject}: ${range.path} keeps addresses as long as the owner exists ` +
      '("retain": "owner"), which only a StatefulSet of apps/v1 can tell: ' +
      `write kube-ipam.retain: "7d" or "forever" ${key === undefined ? "on the pod" : "beside it"}`,
  });
}

function nameOf({ podNamespace, podName }: CniArgs): PodName {
  if (podNamespace === undefined || podName === undefined) {
    throw new TypeError("Cannot read a pod as CNI_ARGS does not name it");
  }
  for (const [key, value] of [["NAMESPACE", podNamespace], ["NAME", podName]] as const) {
    if (isName(value)) continue;
    throw new CniError(CODES.badEnvironment, "Invalid environment variable CNI_ARGS", {
      details: `Cannot use K8S_POD_${key} as it must be a name of Kubernetes: current value is ${
        show(value)
      }`,
    });
  }
  return { namespace: podNamespace, name: podName };
}

/** The annotations of another pod of the same name must never count. */
function same(
  { namespace, name }: PodName,
  { pod, args }: { readonly pod: Pod | undefined; readonly args: CniArgs },
): Pod {
  if (pod === undefined) {
    throw new CniError(CODES.tryAgain, "Cannot find the pod", {
      details:
        `The Kubernetes API knows no pod ${namespace}/${name}: it was deleted, or this API is not that of ` +
        "the runtime's cluster. The runtime tries again as long as it wants the pod",
    });
  }
  const { podUid } = args;
  if (podUid === undefined || samePod(pod, podUid)) return pod;
  throw new CniError(CODES.tryAgain, "The pod was replaced by another of its name", {
    details:
      `The runtime sets up pod ${namespace}/${name} of UID ${podUid}, and the Kubernetes API knows ` +
      `one of UID ${pod.uid}: its annotations are not used. The runtime tries again with the new one`,
  });
}
