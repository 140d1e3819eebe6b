/**
 * What counts where a netconf says nothing.
 *
 * @module
 */
import type { LogConfig } from "./config.ts";

/** `ipam.addressSpace`. */
export const DEFAULT_SPACE = "default";
/** `ipam.cooldown`, in milliseconds. */
export const DEFAULT_COOLDOWN_MS = 30_000;
/** `ipam.gcGrace`, in milliseconds. */
export const DEFAULT_GC_GRACE_MS = 0;
/** `ipam.dataDir`: survives a boot. */
export const DEFAULT_DATA_DIR = "/var/lib/cni/kube-ipam";
/** `ipam.runDir`: emptied by a boot. */
export const DEFAULT_RUN_DIR = "/run/kube-ipam";
/** `ipam.kubeConfig`. */
export const DEFAULT_KUBECONFIG = "/etc/kubernetes/pki/kubectl.kubeconfig";
/** `ipam.log`. */
export const DEFAULT_LOG: LogConfig = {
  file: "/var/log/kube-ipam.log",
  level: "info",
  maxSizeBytes: 10_000_000,
};
