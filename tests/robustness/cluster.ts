/**
 * A Kubernetes cluster of a run: its API, and the pods that it made.
 *
 * @module
 */
import type { TestEtcd } from "../support/etcd.ts";
import { startKube, type TestKube } from "../support/kube.ts";
import { nowMs, type PodNote } from "./history.ts";

/** What the annotations of a pod ask for. */
export interface Asks {
  /** A fixed address. */
  readonly wish?: string | undefined;
  /** For whom the address is kept for a while. */
  readonly owner?: string | undefined;
}

/** A cluster. */
export interface Cluster {
  /** `ipam.cluster`. */
  readonly name: string;
  /** Without one annotations are off, pods are names, and nothing can be said to be gone. */
  readonly kube: TestKube | undefined;
  /** For the plugin, and for who may list pods. */
  readonly kubeconfigs: { readonly plugin: string; readonly reconcile: string } | undefined;
  /** Makes a pod. */
  createPod(options: Asks & { readonly node: string; readonly name?: string }): Promise<PodNote>;
  /** Removes a pod at once. */
  deletePod(pod: PodNote): Promise<void>;
  /** Lets a pod end. */
  finishPod(pod: PodNote): Promise<void>;
}

/** What a cluster is made of. */
export interface ClusterOptions {
  readonly name: string;
  /** Takes the kubeconfigs. */
  readonly folder: string;
  /** Where its API keeps its objects; undefined where there is none to be had. */
  readonly etcd: TestEtcd | undefined;
  /** Told of every pod. */
  readonly onPod: (pod: PodNote) => void;
}

const NAMESPACE = "default";
/** How long the address of a pod with an owner is kept, in milliseconds. */
export const RETAIN_MS = 3_000;
const RETAIN = `${RETAIN_MS / 1_000}s`;

/**
 * Starts a cluster.
 *
 * @param options What it is made of.
 * @returns The cluster; dispose of it.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster & AsyncDisposable> {
  const { name: cluster, folder, etcd, onPod } = options;
  await using undo = new globalThis.AsyncDisposableStack();
  const kube = etcd && undo.use(await startKube({ etcd, etcdPrefix: `/registry-${cluster}` }));
  const kubeconfigs = kube && {
    plugin: await kube.roleKubeconfig(folder, { fileName: `${cluster}.kubeconfig` }),
    reconcile: await kube.roleKubeconfig(folder, {
      fileName: `${cluster}-lists.kubeconfig`,
      token: kube.adminToken,
    }),
  };
  let count = 0;
  const note = (pod: PodNote): PodNote => {
    onPod(pod);
    return pod;
  };
  const stack = undo.move();
  return {
    name: cluster,
    kube,
    kubeconfigs,
    createPod: async ({ node, wish, owner, name: asked }) => {
      count++;
      const name = asked ?? `${cluster}-${count}`;
      const made = await kube?.createPod({
        name,
        nodeName: node,
        annotations: {
          ...(wish === undefined ? {} : { "kube-ipam.ip": wish }),
          ...(owner === undefined ? {} : { "kube-ipam.owner": owner, "kube-ipam.retain": RETAIN }),
        },
      });
      const uid = made?.uid ?? crypto.randomUUID();
      const base = { uid, namespace: NAMESPACE, name, cluster };
      return note(wish === undefined ? base : { ...base, wish });
    },
    deletePod: async (pod) => {
      pod.endedMs ??= nowMs();
      await kube?.deletePod(pod, { graceSeconds: 0 });
    },
    finishPod: async (pod) => {
      pod.endedMs ??= nowMs();
      await kube?.setPhase(pod, "Succeeded");
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
