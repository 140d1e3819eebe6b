/**
 * The network that all nodes of a run share: two clusters, one range, few addresses, so that they meet.
 *
 * @module
 */

/** The name of the network. */
export const NETWORK = "robustnet";
/** Attachments and lanes must find enough random addresses, and not many more. */
const RANGE = { start: 16, end: 39 };
const FIXED = { start: 200, end: 231 };
const PREFIX = "10.9.0";
/** Short, so that addresses are given again within a run. */
const COOLDOWN = "2s";

/** What differs from node to node. */
export interface NetconfOptions {
  readonly root: string;
  readonly dataDir: string;
  readonly cluster: string;
  readonly urls: readonly string[];
  readonly kubeConfig: string | undefined;
}

/** The netconf of a node. */
export function netconfOf(options: NetconfOptions): Readonly<Record<string, unknown>> {
  const { root, dataDir, cluster, urls, kubeConfig } = options;
  return {
    cniVersion: "1.1.0",
    name: NETWORK,
    type: "bridge",
    ipam: {
      type: "kube-ipam",
      subnet: `${PREFIX}.0/24`,
      rangeStart: `${PREFIX}.${RANGE.start}`,
      rangeEnd: `${PREFIX}.${RANGE.end}`,
      fixedStart: `${PREFIX}.${FIXED.start}`,
      fixedEnd: `${PREFIX}.${FIXED.end}`,
      cooldown: COOLDOWN,
      cluster,
      dataDir,
      runDir: `${root}/run`,
      log: { file: `${root}/plugin.log`, level: "debug" },
      etcdConfig: { etcdURL: urls.join(",") },
      ...(kubeConfig === undefined ? { annotations: "off" } : { kubeConfig }),
    },
  };
}

/** The fixed address of this number. */
export function fixedAddress(number: number): string {
  const size = FIXED.end - FIXED.start + 1;
  if (number >= size) throw new RangeError(`Cannot name a fixed address beyond ${size}`);
  return `${PREFIX}.${FIXED.start + number}`;
}

/** Tells whether an address is one that only its pod gets. */
export function isFixed(ip: string): boolean {
  const last = Number(ip.split(".")[3]);
  return last >= FIXED.start && last <= FIXED.end;
}
