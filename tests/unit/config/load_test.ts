/** Every key once, and every way in which it can be wrong: long because the tables are. */
import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { CniError } from "../../../lib/cni/errors.ts";
import { ALLOCATIONS } from "../../../lib/config/choices.ts";
import { parseNetconf } from "../../../lib/config/json.ts";
import { loadConfig } from "../../../lib/config/load.ts";
import { load, loadIpam, mistakesOf, NO_ARGS, pathsOf } from "./_load.ts";

const SUBNET = { subnet: "10.1.0.0/24" };
const ETCD = { etcdConfig: { etcdURL: "https://192.168.1.50:2379" } };

Deno.test("loadConfig() fills in every default", () => {
  const config = loadIpam(SUBNET);
  const { sets: _sets, ...rest } = config;
  assertEquals(rest, {
    cniVersion: "1.0.0",
    network: "net",
    space: "default",
    cluster: undefined,
    nodeName: undefined,
    routes: [],
    dns: undefined,
    resolvConf: undefined,
    wishes: [],
    datastore: { kind: "sqlite" },
    kubeConfig: "/etc/kubernetes/pki/kubectl.kubeconfig",
    annotations: "on",
    allocation: "random",
    fixedPolicy: undefined,
    cooldownMs: 30_000,
    gcGraceMs: 0,
    statusOnOutageMs: undefined,
    statusOnExhaustion: false,
    dataDir: "/var/lib/cni/kube-ipam",
    runDir: "/run/kube-ipam",
    log: { file: "/var/log/kube-ipam.log", level: "info", maxSizeBytes: 10_000_000 },
    warnings: [],
  });
});

Deno.test("loadConfig() takes every key", () => {
  const config = loadIpam({
    ...SUBNET,
    ...ETCD,
    name: "of no effect",
    kubeConfig: "/etc/kube.config",
    datastore: "etcd",
    annotations: "off",
    addressSpace: "tenant-1",
    cluster: "blue",
    nodeName: "node-1.example",
    allocation: "owner-hash",
    retain: "owner",
    fixedPolicy: [],
    cooldown: "5m",
    gcGrace: "60s",
    statusOnOutage: "1h30m",
    statusOnExhaustion: true,
    strict: true,
    dataDir: "/data",
    runDir: "/run/x",
    log: { file: "/var/log/x", level: "debug", maxSize: "1MiB" },
    transport: "grpc",
    resolvConf: "/etc/resolv.conf",
  });
  assertEquals(config.warnings, []);
  assertEquals([config.space, config.cluster, config.nodeName, config.kubeConfig], [
    "tenant-1",
    "blue",
    "node-1.example",
    "/etc/kube.config",
  ]);
  assertEquals([config.annotations, config.allocation, config.statusOnExhaustion], [
    "off",
    "owner-hash",
    true,
  ]);
  assertEquals([config.sets[0]?.ranges[0]?.retain, config.fixedPolicy], ["owner", []]);
  assertEquals([config.cooldownMs, config.gcGraceMs, config.statusOnOutageMs], [
    300_000,
    60_000,
    5_400_000,
  ]);
  assertEquals([config.dataDir, config.runDir, config.resolvConf], [
    "/data",
    "/run/x",
    "/etc/resolv.conf",
  ]);
  assertEquals(config.log, { file: "/var/log/x", level: "debug", maxSizeBytes: 1_048_576 });
  assertEquals(config.datastore, {
    kind: "etcd",
    endpoints: ["https://192.168.1.50:2379"],
    transport: "grpc",
  });
});

Deno.test("loadConfig() takes every way to choose an address", () => {
  for (const allocation of ALLOCATIONS) {
    assertEquals(loadIpam({ ...SUBNET, allocation }).allocation, allocation);
  }
  assertEquals(mistakesOf(() => loadIpam({ ...SUBNET, allocation: "ownerhash" })).slice(1), [
    'ipam.allocation: "ownerhash" is not known: Did you mean "owner-hash"?',
  ]);
});

Deno.test("loadConfig() tells what is wrong with single values", () => {
  const ipam = {
    ...SUBNET,
    annotations: "false",
    addressSpace: "a/b",
    cluster: "-x",
    nodeName: "a b",
    allocation: "Random",
    cooldown: "30",
    gcGrace: "-1s",
    statusOnOutage: "1s1m",
    dataDir: "data",
    runDir: "./x",
    resolvConf: "resolv.conf",
    kubeConfig: "~/.kube/config",
    log: { file: "log", level: "trace", maxSize: "1 lot" },
  };
  assertEquals([...pathsOf(ipam)].sort(), [
    "ipam.addressSpace",
    "ipam.allocation",
    "ipam.annotations",
    "ipam.cluster",
    "ipam.cooldown",
    "ipam.dataDir",
    "ipam.gcGrace",
    "ipam.kubeConfig",
    "ipam.log.file",
    "ipam.log.level",
    "ipam.log.maxSize",
    "ipam.nodeName",
    "ipam.resolvConf",
    "ipam.runDir",
    "ipam.statusOnOutage",
  ]);
});

Deno.test("loadConfig() tells wrong types, and goes on with the rest", () => {
  const lines = mistakesOf(() =>
    loadIpam({
      subnet: 7,
      routes: {},
      strict: "yes",
      cooldown: 30,
      log: [],
      exclude: [{}],
      gateway: "x",
    })
  );
  assertEquals(lines.slice(1).sort(), [
    "ipam.cooldown: is the number 30: Write a text in double quotes",
    "ipam.exclude[0]: is an object: Write a text in double quotes",
    "ipam.log: is a list: Write an object, { }",
    "ipam.routes: is an object: Write a list, [ ] around it",
    "ipam.strict: is a text: Write true or false",
    "ipam.subnet: is the number 7: Write a text in double quotes",
  ]);
});

Deno.test("loadConfig() wants ipam and a name", () => {
  assertEquals(mistakesOf(() => load({ name: "a b" })).map((line) => line.split(": ")[0]), [
    "code 7",
    "name",
    "ipam",
  ]);
  assertMatch(mistakesOf(() => load({ IPAM: {} }))[1] ?? "", /Rename "IPAM" to "ipam"/);
  assertMatch(mistakesOf(() => load({ ipam: [] }))[1] ?? "", /^ipam: is not an object/);
});

Deno.test("loadConfig() answers code 1 for a version that is not ours", () => {
  const error = assertThrows(() => load({ cniVersion: "9.0.0", ipam: {} }), CniError);
  assertEquals(error.code, 1);
});

Deno.test("loadConfig() says the same each time in its message", () => {
  const error = assertThrows(() => loadIpam({ subnet: "x" }), CniError);
  assertEquals(error.message, "Cannot use the network configuration");
});

Deno.test("loadConfig() takes etcd when it is configured, and SQLite outside Kubernetes only", () => {
  assertEquals(loadIpam({ ...SUBNET, ...ETCD }, { kubernetes: true }).datastore.kind, "etcd");
  assertEquals(
    loadIpam({ ...SUBNET, datastore: "sqlite" }, { kubernetes: true }).datastore.kind,
    "sqlite",
  );
  assertEquals(loadIpam(SUBNET).datastore.kind, "sqlite");
  for (const command of ["ADD", "DEL", "CHECK", "GC", "STATUS"] as const) {
    assertEquals(mistakesOf(() => loadIpam(SUBNET, { kubernetes: true, command })), [
      "code 7",
      'ipam: no datastore is configured: Write "etcdConfig": { "etcdURL": "https://192.168.1.50:2379" }, ' +
      'or "datastore": "sqlite" for a pool of this node alone',
    ]);
  }
});

Deno.test("loadConfig() refuses a misspelt datastore, also outside Kubernetes and for DEL", () => {
  for (const kubernetes of [true, false]) {
    for (const command of ["ADD", "DEL"] as const) {
      for (const key of ["etcdconfig", "etcdConfg", "etcd_config"]) {
        const lines = mistakesOf(() =>
          loadIpam({ ...SUBNET, [key]: ETCD.etcdConfig }, { kubernetes, command })
        );
        assertEquals(lines, [
          "code 7",
          `ipam: no datastore is configured: Rename "${key}": did you mean "etcdConfig"?`,
        ]);
      }
    }
  }
  assertStringIncludes(
    mistakesOf(() => loadIpam({ ...SUBNET, store: 1 }, { kubernetes: true })).join(),
    '(unknown keys here: "store")',
  );
});

Deno.test("loadConfig() checks datastore against etcdConfig", () => {
  assertEquals(pathsOf({ ...SUBNET, ...ETCD, datastore: "sqlite" }), ["ipam.datastore"]);
  assertEquals(pathsOf({ ...SUBNET, datastore: "etcd" }), ["ipam.etcdConfig"]);
  assertEquals(pathsOf({ ...SUBNET, datastore: "redis" }, { kubernetes: true }), [
    "ipam.datastore",
  ]);
  assertEquals(pathsOf({ ...SUBNET, etcdConfig: "x" }, { kubernetes: true }), ["ipam.etcdConfig"]);
});

Deno.test("loadConfig() reads kubeConfig in both places", () => {
  const inner = { etcdConfig: { ...ETCD.etcdConfig, kubeConfig: "/inner" } };
  assertEquals(loadIpam({ ...SUBNET, ...inner }).kubeConfig, "/inner");
  const both = loadIpam({ ...SUBNET, ...inner, kubeConfig: "/outer" });
  assertEquals(both.kubeConfig, "/outer");
  assertMatch(both.warnings[0] ?? "", /^ipam\.etcdConfig\.kubeConfig: \/inner is not used/);
  assertEquals(pathsOf({ ...SUBNET, ...ETCD, kubeconfig: "/x" }), ["ipam.kubeconfig"]);
});

Deno.test("loadConfig() warns of unknown keys with the nearest known key", () => {
  const { warnings } = loadIpam({
    ...SUBNET,
    rangestart: "10.1.0.9",
    gateway2: "x",
    range_end: "y",
    zebra: 1,
    routes: [{ dst: "0.0.0.0/0", GW: "10.1.0.1" }],
    log: { "max size": 1 },
  });
  assertEquals(warnings, [
    'ipam.rangestart: is not a known key: Did you mean "rangeStart"?',
    'ipam.gateway2: is not a known key: Did you mean "gateway"?',
    'ipam.range_end: is not a known key: Did you mean "rangeEnd"?',
    "ipam.zebra: is not a known key: Remove it",
    'ipam.routes[0].GW: is not a known key: Did you mean "gw"?',
    'ipam.log["max size"]: is not a known key: Did you mean "maxSize"?',
  ]);
});

Deno.test("loadConfig() refuses unknown keys when strict, but not for DEL", () => {
  const ipam = {
    ...SUBNET,
    ...ETCD,
    strict: true,
    zebra: 1,
    etcdConfig: { ...ETCD.etcdConfig, x: 1 },
  };
  assertEquals(pathsOf(ipam), ["ipam.etcdConfig.x", "ipam.zebra"]);
  assertEquals(loadIpam(ipam, { command: "DEL" }).warnings.length, 2);
});

Deno.test("loadConfig() leaves keys of others alone", () => {
  const config = load({
    master: "eth0",
    prevResult: {},
    "cni.dev/valid-attachments": [],
    args: { pool: "x", cni: { labels: [] } },
    runtimeConfig: { mac: "x", bandwidth: {} },
    ipam: SUBNET,
  });
  assertEquals(config.warnings, []);
});

Deno.test("loadConfig() lets DEL pass in spite of mistakes that do not concern it", () => {
  const config = load({
    runtimeConfig: { ips: 5, ipRanges: "x", dns: [] },
    args: "x",
    ipam: {
      ...ETCD,
      subnet: "10.1.0.7/24",
      rangeStart: 5,
      ranges: [[{ subnet: "banana" }], []],
      routes: [{ dst: "x" }],
      dns: { nameservers: ["x"] },
      cooldown: "soon",
      annotations: "maybe",
      retain: "a while",
      fixedPolicy: [{ addresses: ["x"], namespaces: [] }],
      resolvConf: "x",
      kubeConfig: "x",
      log: { level: "loud" },
    },
  }, { command: "DEL", kubernetes: true });
  assertEquals(config.datastore.kind, "etcd");
  assertEquals(config.cooldownMs, 30_000);
  assertMatch(config.warnings.join("\n"), /ipam\.ranges\[0\]\[0\]\.subnet: /);
});

Deno.test("loadConfig() does not let DEL pass without what it needs", () => {
  for (
    const [ipam, path] of [
      [{ addressSpace: "a/b" }, "ipam.addressSpace"],
      [{ cluster: "a/b" }, "ipam.cluster"],
      [{ dataDir: "x" }, "ipam.dataDir"],
      [{ runDir: "x" }, "ipam.runDir"],
      [{ etcdConfig: {} }, "ipam.etcdConfig.etcdURL"],
      [{ etcdConfig: { ...ETCD.etcdConfig, etcdCertFile: "/x" } }, "ipam.etcdConfig.etcdKeyFile"],
      [{ datastore: "redis" }, "ipam.datastore"],
      [{ datastore: 5 }, "ipam.datastore"],
    ] as const
  ) assertEquals(pathsOf(ipam, { command: "DEL" }), [path]);
});

Deno.test("loadConfig() reads routes, and leaves an absent gw to the address that is granted", () => {
  const config = loadIpam({
    ranges: [[SUBNET], [{ subnet: "fd00::/64" }]],
    routes: [
      { dst: "0.0.0.0/0" },
      {
        dst: "10.0.0.0/8",
        gw: "10.1.0.9",
        mtu: 1400,
        advmss: 1360,
        priority: 10,
        table: 100,
        scope: 0,
      },
      { dst: "::/0" },
    ],
  });
  assertEquals(config.routes, [
    { dst: { family: 4, network: 0n, length: 0 } },
    {
      dst: { family: 4, network: 0x0a000000n, length: 8 },
      gw: { family: 4, value: 0x0a010009n },
      mtu: 1400,
      advmss: 1360,
      priority: 10,
      table: 100,
      scope: 0,
    },
    { dst: { family: 6, network: 0n, length: 0 } },
  ]);
});

Deno.test("loadConfig() tells every mistake of a route", () => {
  assertEquals(
    pathsOf({
      ...SUBNET,
      routes: [
        { dst: "10.0.0.1/8", gw: "x", mtu: -1 },
        {},
        { dst: "0.0.0.0/0", gw: "fd00::1" },
        { dst: "0.0.0.0/0", scope: 256, table: 1.5 },
      ],
    }),
    [
      "ipam.routes[0].dst",
      "ipam.routes[0].gw",
      "ipam.routes[0].mtu",
      "ipam.routes[1].dst",
      "ipam.routes[2].gw",
      "ipam.routes[3].table",
      "ipam.routes[3].scope",
    ],
  );
});

Deno.test("loadConfig() keeps two default routes of one family in order", () => {
  const routes = [{ dst: "0.0.0.0/0", gw: "10.1.0.1" }, { dst: "0.0.0.0/0", gw: "10.1.0.254" }];
  assertEquals(loadIpam({ ...SUBNET, routes }).routes.map(({ gw }) => gw?.value), [
    0x0a010001n,
    0x0a0100fen,
  ]);
});

Deno.test("loadConfig() lets DNS settings of the runtime win, key by key", () => {
  const dns = {
    nameservers: ["10.1.0.53"],
    domain: "a.example",
    search: ["a.example"],
    options: ["ndots:2"],
  };
  assertEquals(loadIpam({ ...SUBNET, dns }).dns, dns);
  const runtimeConfig = { dns: { servers: ["10.1.0.54"], searches: ["b.example"], options: [] } };
  assertEquals(load({ runtimeConfig, ipam: { ...SUBNET, dns } }).dns, {
    ...dns,
    nameservers: ["10.1.0.54"],
    search: ["b.example"],
  });
  assertEquals(
    load({ runtimeConfig: { dns: {} }, ipam: { ...SUBNET, dns: { search: [] } } }).dns,
    undefined,
  );
  assertEquals(
    mistakesOf(() =>
      load({
        runtimeConfig: { dns: { servers: ["x"] } },
        ipam: { ...SUBNET, dns: { nameservers: ["y"] } },
      })
    )
      .map((line) => line.split(": ")[0]),
    ["code 7", "runtimeConfig.dns.servers[0]", "ipam.dns.nameservers[0]"],
  );
});

Deno.test("loadConfig() reads the published samples once their comma is there", async () => {
  for (const file of ["kubeconfig_in_etcd_config.json.txt", "kubeconfig_in_ipam.json.txt"]) {
    const text = await Deno.readTextFile(new URL(`./fixtures/${file}`, import.meta.url));
    const netconf = parseNetconf(text.replace('kubeconfig"\n', 'kubeconfig",\n'));
    const config = loadConfig(netconf, { command: "ADD", args: NO_ARGS, kubernetes: true });
    assertEquals(config.kubeConfig, "/etc/kubernetes/pki/kubectl.kubeconfig");
    assertEquals(config.warnings, []);
  }
});
