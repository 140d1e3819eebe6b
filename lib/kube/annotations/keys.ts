/**
 * The annotations that kube-ipam reads.
 *
 * @module
 */
import type { Annotation } from "./report.ts";
import type { Pod } from "../pod.ts";

/** The annotation by which Multus learns of further networks. */
export const MULTUS_NETWORKS = "k8s.v1.cni.cncf.io/networks";

/** The annotation that holds the UID by which the kubelet knows a static pod. */
export const CONFIG_HASH = "kubernetes.io/config.hash";

/** What the whereabouts fork calls the owner. */
export const PODNAME = "podname";

/** What our keys begin with. */
export const PREFIX = "kube-ipam.";

/** The prefix, and what people write for it. */
export const LIKE_PREFIX = /^kube[-_]?ipam[./]/i;

/** Words behind the prefix that may carry `.<network>` at their end. */
export const PER_NETWORK = ["ip", "netmask", "gateway", "pool", "pool-order"] as const;

/** All words behind the prefix. */
export const WORDS: readonly string[] = [...PER_NETWORK, "owner", "retain"];

/**
 * Tells whether kube-ipam looks at an annotation; of a pod it keeps no others.
 *
 * @param key Its key.
 * @returns Whether it does; also for keys that look like a misspelt one of its own.
 */
export function isReadAnnotation(key: string): boolean {
  return key === PODNAME || key === MULTUS_NETWORKS || key === CONFIG_HASH ||
    LIKE_PREFIX.test(key);
}

/**
 * Reads one annotation.
 *
 * @param pod The pod.
 * @param key Its key.
 * @returns The annotation; undefined where it is not set, or blank.
 */
export function annotationOf({ annotations }: Pod, key: string): Annotation | undefined {
  const value = annotations[key]?.trim() ?? "";
  return value === "" ? undefined : { key, value };
}
