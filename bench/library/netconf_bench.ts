/** Reading a netconf: from text to a configuration, as each call of the plugin does. */
import { loadConfig } from "../../lib/config/load.ts";
import { parseNetconf } from "../../lib/config/json.ts";

const OPTIONS = {
  command: "ADD",
  args: { ips: [], gateways: [] },
  kubernetes: true,
} as const;

const COMMON = {
  type: "kube-ipam",
  kubeConfig: "/etc/kubernetes/pki/kubectl.kubeconfig",
  etcdConfig: {
    etcdURL: "https://192.168.166.11:2379,https://192.168.166.12:2379",
    etcdCertFile: "/etc/kubernetes/pki/etcd.pem",
    etcdKeyFile: "/etc/kubernetes/pki/etcd-key.pem",
    etcdTrustedCAFile: "/etc/kubernetes/pki/ca.pem",
  },
};

const EXCLUDED = Array.from({ length: 200 }, (_, index) => `10.1.${index}.10`);
const SUBNETS = Array.from({ length: 40 }, (_, index) => ({ subnet: `10.${index}.0.0/16` }));

const CASES: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ["one subnet", { subnet: "10.1.0.0/24" }],
  ["one /8", { subnet: "10.0.0.0/8" }],
  ["two families", { ranges: [[{ subnet: "10.1.0.0/16" }], [{ subnet: "fd00::/64" }]] }],
  ["200 excluded addresses", { ranges: [[{ subnet: "10.1.0.0/16", exclude: EXCLUDED }]] }],
  ["40 subnets in a set", { ranges: [SUBNETS] }],
];

for (const [index, [name, ranges]] of CASES.entries()) {
  const ipam = { ...COMMON, ...ranges };
  const text = JSON.stringify({ cniVersion: "1.0.0", name: "net", type: "macvlan", ipam });
  Deno.bench({
    name,
    group: "reading a netconf",
    baseline: index === 0,
    fn: () => {
      loadConfig(parseNetconf(text), OPTIONS);
    },
  });
}
