/**
 * Pods of a test, and what a kubelet would do to them.
 *
 * @module
 */
import { isRecord } from "../../lib/cni/values.ts";
import type { KubeAdmin } from "./kube_admin.ts";

/** A pod that was made. */
export interface TestPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** What names a pod: a {@linkcode TestPod}, or these two. */
export type PodRef = Pick<TestPod, "namespace" | "name">;

/** A reference to what a pod belongs to. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** What a pod is made of. */
export interface CreatePodOptions {
  /** Made before unless it is there. Default `default`. */
  readonly namespace?: string;
  /** Default one that no other pod has. */
  readonly name?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  /** Default `default`. */
  readonly serviceAccountName?: string;
  /** The node it is bound to. Without one it vanishes as soon as it is deleted. */
  readonly nodeName?: string;
  /** Variables of its container. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default 30. */
  readonly terminationGracePeriodSeconds?: number;
  /** Default `Pending`, as the API makes it. */
  readonly phase?: PodPhase;
}

/** The phases of a pod. */
export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";

/** How a pod is deleted. */
export interface DeletePodOptions {
  /**
   * How long it stays, being terminated: no kubelet is there to end it sooner, or ever. 0 removes it
   * at once, as `kubectl delete --force` does. Default what the pod says, which is 30.
   */
  readonly graceSeconds?: number;
}

/** Helpers for pods. */
export interface KubePods {
  /** Makes a pod. */
  createPod(options?: CreatePodOptions): Promise<TestPod>;
  /** Reads a pod as the API has it; undefined when there is none. */
  readPod(pod: PodRef): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Changes annotations; `null` removes one. */
  annotate(pod: PodRef, annotations: Readonly<Record<string, string | null>>): Promise<void>;
  /** Sets the phase, as a kubelet does. */
  setPhase(pod: PodRef, phase: PodPhase): Promise<void>;
  /**
   * Deletes a pod. One with a node, neither Succeeded nor Failed, goes on with a deletionTimestamp
   * until it is deleted with a grace of 0; every other one is gone at once.
   */
  deletePod(pod: PodRef, options?: DeletePodOptions): Promise<void>;
}

/**
 * Makes the helpers for the pods of one API.
 *
 * @param admin Asks the API.
 * @returns The helpers.
 */
export function podsOf(admin: KubeAdmin): KubePods {
  const pathOf = ({ namespace, name }: PodRef): string =>
    `/api/v1/namespaces/${namespace}/pods/${name}`;
  const setPhase = async (pod: PodRef, phase: PodPhase): Promise<void> => {
    await admin("PATCH", `${pathOf(pod)}/status`, { status: { phase } });
  };
  return {
    setPhase,
    createPod: async (options = {}) => {
      const { namespace = "default", name = `pod-${crypto.randomUUID().slice(0, 8)}` } = options;
      if (namespace !== "default") {
        const made = { metadata: { name: namespace } };
        await admin("POST", "/api/v1/namespaces", made, { expect: [201, 409] });
      }
      const body = podBody({ ...options, namespace, name });
      const { metadata } = await admin("POST", `/api/v1/namespaces/${namespace}/pods`, body);
      const uid = isRecord(metadata) ? String(metadata["uid"]) : "";
      if (options.phase !== undefined) await setPhase({ namespace, name }, options.phase);
      return { namespace, name, uid };
    },
    readPod: async (pod) => {
      const answer = await admin("GET", pathOf(pod), undefined, { expect: [200, 404] });
      return answer["kind"] === "Status" ? undefined : answer;
    },
    annotate: async (pod, annotations) => {
      await admin("PATCH", pathOf(pod), { metadata: { annotations } });
    },
    deletePod: async (pod, { graceSeconds } = {}) => {
      const body = graceSeconds === undefined ? undefined : {
        apiVersion: "v1",
        kind: "DeleteOptions",
        gracePeriodSeconds: graceSeconds,
      };
      await admin("DELETE", pathOf(pod), body);
    },
  };
}

function podBody(options: CreatePodOptions): unknown {
  const { namespace, name, annotations, labels, ownerReferences, nodeName, env = {} } = options;
  const { serviceAccountName = "default", terminationGracePeriodSeconds = 30 } = options;
  const variables = Object.entries(env).map(([name, value]) => ({ name, value }));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace, name, annotations, labels, ownerReferences },
    spec: {
      serviceAccountName,
      nodeName,
      terminationGracePeriodSeconds,
      containers: [{ name: "main", image: "registry.example/none", env: variables }],
    },
  };
}
