/** What is baked for a network: exactly what its configuration names, and nothing of the default set besides. */
import { assertEquals, assertThrows } from "@std/assert";
import { bake, BakeError, type Network } from "../../../deploy/baked.ts";
import type { PermissionSet } from "../../../deploy/permissions.ts";
import { loadConfig } from "../../../lib/config/load.ts";
import { readAccess } from "../../../lib/kube/kubeconfig/kubeconfig.ts";

type Json = Readonly<Record<string, unknown>>;

const BASE: PermissionSet = {
  env: ["CNI_COMMAND", "CNI_ARGS"],
  sys: ["hostname"],
  net: true,
  read: ["/etc/cni", "/etc/kubernetes"],
  write: ["/var/log/kube-ipam.log"],
};

const KUBECONFIG = "/etc/kubernetes/kube-ipam/config";

interface Kube {
  readonly cluster?: Json;
  readonly user?: Json;
}

/** A network whose data, run and log are short; `kube` is what its kubeconfig says. */
function network(ipam: Json, kube?: Kube): Network {
  const netconf = {
    cniVersion: "1.0.0",
    name: "net",
    ipam: {
      type: "kube-ipam",
      subnet: "10.1.0.0/24",
      nodeName: "n1",
      dataDir: "/data",
      runDir: "/run/ki",
      log: { file: "/log" },
      kubeConfig: KUBECONFIG,
      ...ipam,
    },
  };
  const config = loadConfig(netconf, {
    command: "ADD",
    args: { ips: [], gateways: [] },
    kubernetes: false,
  });
  return { config, access: kube && readAccess(kubeconfig(kube), KUBECONFIG) };
}

function kubeconfig({ cluster, user = {} }: Kube): Json {
  return {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster: { server: "https://10.9.0.1:6443", ...cluster } }],
    users: [{ name: "u", user }],
  };
}

const TLS = {
  etcdURL: "https://10.0.0.1:2379",
  etcdCertFile: "/pki/etcd.pem",
  etcdKeyFile: "/pki/etcd-key.pem",
  etcdTrustedCAFileFile: "/pki/ca.pem",
};
const CA_DATA = btoa("ca");

/** What is expected beside the folders and the log, which each network has. */
interface Expected {
  readonly sys?: readonly string[];
  readonly net?: readonly string[];
  readonly read?: readonly string[];
}

interface Case extends Expected {
  readonly name: string;
  readonly networks: readonly Network[];
}

const CASES: readonly Case[] = [
  { name: "SQLite: no network at all", networks: [network({ datastore: "sqlite" })] },
  {
    name: "the host name, where the configuration does not name the node",
    networks: [network({ datastore: "sqlite", nodeName: "" })],
    sys: ["hostname"],
  },
  {
    name: "one endpoint over plain HTTP, with its default port",
    networks: [network({ etcdConfig: { etcdURL: "http://etcd.example" } })],
    net: ["etcd.example:2379"],
  },
  {
    name: "endpoints in IPv6, by name, and one twice; the default port of the scheme too",
    networks: [
      network({
        etcdConfig: {
          etcdURL:
            "https://[2001:DB8:0::1]:2379,https://Etcd-2.example:443,https://[2001:db8::1]:2379,https://10.0.0.3",
        },
      }),
    ],
    net: ["10.0.0.3:2379", "[2001:db8::1]:2379", "etcd-2.example:443"],
  },
  {
    name: "certificates: the files, not their folder",
    networks: [network({ etcdConfig: TLS })],
    net: ["10.0.0.1:2379"],
    read: ["/pki/ca.pem", "/pki/etcd-key.pem", "/pki/etcd.pem"],
  },
  {
    name: "certificates that are never opened, over plain HTTP",
    networks: [network({ etcdConfig: { ...TLS, etcdURL: "http://10.0.0.1" } })],
    net: ["10.0.0.1:2379"],
  },
  {
    name: "a password file, and a resolv.conf",
    networks: [
      network({
        etcdConfig: {
          etcdURL: "https://10.0.0.1",
          etcdUsername: "u",
          etcdPasswordFile: "/pki/password",
        },
        resolvConf: "/etc/resolv.conf",
      }),
    ],
    net: ["10.0.0.1:2379"],
    read: ["/etc/resolv.conf", "/pki/password"],
  },
  {
    name: "a kubeconfig with everything in it",
    networks: [
      network({ datastore: "sqlite" }, {
        cluster: { "certificate-authority-data": CA_DATA },
        user: { "client-certificate-data": CA_DATA, "client-key-data": CA_DATA, token: "t" },
      }),
    ],
    net: ["10.9.0.1:6443"],
    read: [KUBECONFIG],
  },
  {
    name: "a kubeconfig that names files: relative ones lie beside it",
    networks: [
      network({ datastore: "sqlite" }, {
        cluster: {
          server: "https://[fd00::9]/k8s/c-1",
          "certificate-authority": "/pki/kube-ca.pem",
        },
        user: { "client-certificate": "pki/c.pem", "client-key": "../k.pem", tokenFile: "/t" },
      }),
    ],
    net: ["[fd00::9]:443"],
    read: [
      "/etc/kubernetes/k.pem",
      KUBECONFIG,
      "/etc/kubernetes/kube-ipam/pki/c.pem",
      "/pki/kube-ca.pem",
      "/t",
    ],
  },
  {
    name: "an API over plain HTTP: its client certificate is never opened",
    networks: [
      network({ datastore: "sqlite" }, {
        cluster: { server: "http://api" },
        user: { "client-certificate": "/c.pem", "client-key": "/k.pem" },
      }),
    ],
    net: ["api:80"],
    read: [KUBECONFIG],
  },
  {
    name: "a proxy on the way to the API",
    networks: [
      network({ datastore: "sqlite" }, { cluster: { "proxy-url": "http://me:pw@proxy.example" } }),
      network({ datastore: "sqlite" }, { cluster: { "proxy-url": "socks5://10.0.0.7:1080" } }),
    ],
    net: ["10.0.0.7:1080", "10.9.0.1:6443", "proxy.example:80"],
    read: [KUBECONFIG],
  },
  {
    name: "several networks: what any of them needs, each once",
    networks: [
      network({ etcdConfig: TLS }),
      network({
        etcdConfig: { ...TLS, etcdURL: "https://10.0.0.1:2379,https://10.0.0.2" },
        nodeName: "",
      }),
      network({ datastore: "sqlite", resolvConf: "/etc/resolv.conf" }),
    ],
    sys: ["hostname"],
    net: ["10.0.0.1:2379", "10.0.0.2:2379"],
    read: ["/etc/resolv.conf", "/pki/ca.pem", "/pki/etcd-key.pem", "/pki/etcd.pem"],
  },
];

for (const { name, networks, sys = [], net = [], read = [] } of CASES) {
  Deno.test(`bake(): ${name}`, () => {
    assertEquals(bake(networks, BASE), {
      env: ["CNI_COMMAND", "CNI_ARGS"],
      sys,
      net,
      read: ["/data", "/log", "/run/ki", ...read].sort(),
      write: ["/data", "/log", "/log.1", "/run/ki"],
    });
  });
}

Deno.test("bake() leaves out what lies below another path, and writes paths the shortest way", () => {
  const paths = {
    dataDir: "/data/",
    runDir: "/data/run",
    log: { file: "/var//log/../data2/log" },
    resolvConf: "/data/resolv.conf",
  };
  const { read, write } = bake([network({ datastore: "sqlite", ...paths })], BASE);
  assertEquals(read, ["/data", "/var/data2/log"]);
  assertEquals(write, ["/data", "/var/data2/log", "/var/data2/log.1"]);
});

Deno.test("bake() refuses what Deno cannot be told", () => {
  const cases: readonly (readonly [Network, string])[] = [
    [
      network({ datastore: "sqlite", dataDir: "/a,b" }),
      'Cannot bake ipam.dataDir of network "net" as Deno separates paths by commas: current value is "/a,b"',
    ],
    [
      network({ datastore: "sqlite" }, { user: { tokenFile: "/t,t" } }),
      `Cannot bake users[0].user.tokenFile of ${KUBECONFIG} of network "net" as Deno separates`,
    ],
    [
      network({ datastore: "sqlite", runDir: "/run/.." }),
      'Cannot bake ipam.runDir of network "net" as everything lies below it: current value is "/run/.."',
    ],
    [
      network({ datastore: "sqlite", log: { file: "/" } }),
      'Cannot bake ipam.log.file of network "net" as everything lies below it: current value is "/"',
    ],
    [
      network({ datastore: "sqlite", resolvConf: "/x/.." }),
      'Cannot bake ipam.resolvConf of network "net" as everything lies below it: current value is "/x/.."',
    ],
    [
      network({ datastore: "sqlite" }, { cluster: { "proxy-url": "socks5://me:pw@proxy" } }),
      `Cannot bake proxy-url of the kubeconfig "${KUBECONFIG}" as its port is missing: ` +
      'current value is "socks5://proxy"',
    ],
  ];
  for (const [one, message] of cases) assertThrows(() => bake([one], BASE), BakeError, message);
});
