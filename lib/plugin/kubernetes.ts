/**
 * Whether a call comes from a Kubernetes runtime, and the API that knows its pod.
 *
 * @module
 */
import type { Invocation } from "../cni/environment.ts";
import type { Config, Netconf } from "../config/config.ts";
import { isRecord } from "../cni/values.ts";
import { DEFAULT_DATA_DIR } from "../config/defaults.ts";
import type { KubeApi } from "../kube/api.ts";
import { exists } from "./files.ts";

/**
 * Tells whether a call comes from a Kubernetes runtime.
 *
 * ADD, DEL and CHECK carry the pod's namespace and name; podman sends a name only. GC and STATUS carry neither: there the
 * installer's cluster file or a kubeConfig decides.
 *
 * @param invocation The call.
 * @param netconf Its configuration, not yet checked.
 * @returns Whether annotations count and a datastore must be named.
 */
export function isFromKubernetes(invocation: Invocation, netconf: Netconf): boolean {
  if ("args" in invocation) {
    const { podNamespace, podName } = invocation.args;
    return podNamespace !== undefined && podName !== undefined;
  }
  const ipam = isRecord(netconf.ipam) ? netconf.ipam : {};
  const etcd = isRecord(ipam.etcdConfig) ? ipam.etcdConfig : {};
  if (typeof ipam.kubeConfig === "string" || typeof etcd.kubeConfig === "string") return true;
  const dataDir = typeof ipam.dataDir === "string" ? ipam.dataDir : DEFAULT_DATA_DIR;
  return exists(`${dataDir}/cluster`);
}

/** What decides whether a pod is read. */
export interface PodReading {
  readonly config: Pick<Config, "annotations" | "kubeConfig">;
  readonly kubernetes: boolean;
}

/** Tells whether the annotations of the pod count. */
export function readsPod({ config, kubernetes }: PodReading): boolean {
  return kubernetes && config.annotations !== "off";
}

/**
 * Opens the Kubernetes API where the annotations of pods count. Nothing is connected yet.
 *
 * @param call The call.
 * @returns The API; undefined when no pod is to be read.
 * @throws {KubeError} If the kubeconfig cannot be used: a fixed pod must never silently get another address.
 */
export async function openApi(call: PodReading): Promise<KubeApi | undefined> {
  if (!readsPod(call)) return undefined;
  const { openKube } = await import("../kube/open.ts");
  return await openKube(call.config.kubeConfig);
}
