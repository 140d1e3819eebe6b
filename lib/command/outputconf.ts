/**
 * `-outputconf KIND`: a netconf to begin with.
 *
 * The same texts stand in `config-samples/`; a test keeps them equal.
 *
 * @module
 */

/** The main plugins there is a sample for. */
export const SAMPLE_KINDS = ["macvlan", "ipvlan", "kube-router", "bridge", "calico"] as const;

/** One of {@linkcode SAMPLE_KINDS}. */
export type SampleKind = typeof SAMPLE_KINDS[number];

const IPAM = {
  type: "kube-ipam",
  kubeConfig: "/etc/kubernetes/pki/kubectl.kubeconfig",
  etcdConfig: {
    etcdURL: "https://192.168.1.50:2379,https://192.168.1.58:2379,https://192.168.1.63:2379",
    etcdCertFile: "/etc/kubernetes/pki/etcd.pem",
    etcdKeyFile: "/etc/kubernetes/pki/etcd-key.pem",
    etcdTrustedCAFileFile: "/etc/kubernetes/pki/ca.pem",
  },
  subnet: "10.188.0.0/16",
  rangeStart: "10.188.0.10",
  rangeEnd: "10.188.0.200",
  gateway: "10.188.0.1",
  routes: [{ dst: "0.0.0.0/0" }],
  resolvConf: "/etc/resolv.conf",
} as const;

/**
 * Reads the argument of `-outputconf`.
 *
 * @param text What was given.
 * @returns The kind.
 * @throws {SyntaxError} If there is no sample of that kind.
 */
export function parseSampleKind(text: string): SampleKind {
  const kind = SAMPLE_KINDS.find((known) => known === text);
  if (kind !== undefined) return kind;
  throw new SyntaxError(
    `Cannot write a sample as its kind must be one of ${SAMPLE_KINDS.join(", ")}: ` +
      `current value is ${JSON.stringify(text)}`,
  );
}

/**
 * Writes a netconf that needs but its addresses, endpoints and file names changed.
 *
 * @param kind The main plugin.
 * @returns JSON text: a network configuration, or a list of plugins for kube-router and calico.
 */
export function sampleNetconf(kind: SampleKind): string {
  return `${JSON.stringify(sampleOf(kind), undefined, 2)}\n`;
}

function sampleOf(kind: SampleKind): unknown {
  const head = { cniVersion: "1.0.0", name: "k8snetwork" };
  switch (kind) {
    case "macvlan":
      return { ...head, type: kind, master: "eth0", mode: "bridge", ipam: IPAM };
    case "ipvlan":
      return { ...head, type: kind, master: "eth0", mode: "l2", ipam: IPAM };
    case "bridge":
      return { ...head, type: kind, bridge: "cni0", isGateway: true, ipMasq: true, ipam: IPAM };
    case "kube-router":
      return {
        ...head,
        plugins: [
          {
            type: "bridge",
            name: "kubernetes",
            bridge: "kube-bridge",
            isDefaultGateway: true,
            ipam: IPAM,
          },
          { type: "portmap", capabilities: { portMappings: true, snat: true } },
        ],
      };
    case "calico":
      return {
        cniVersion: "0.3.1",
        name: "k8s-pod-network",
        plugins: [
          {
            type: "calico",
            log_level: "info",
            log_file_path: "/var/log/calico/cni/cni.log",
            datastore_type: "kubernetes",
            mtu: 0,
            ipam: IPAM,
            policy: { type: "k8s" },
            kubernetes: { kubeconfig: "/etc/cni/net.d/calico-kubeconfig" },
          },
          { type: "portmap", snat: true, capabilities: { portMappings: true } },
        ],
      };
  }
}
