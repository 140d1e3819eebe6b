/**
 * The plugin's process over a real etcd: what is kept, and what two nodes are to each other.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { openEtcd } from "../../lib/datastore/etcd/open.ts";
import { parseAddr } from "../../lib/net/addr.ts";
import { addressKey, expiringKey } from "../../lib/state/keys.ts";
import {
  addressFor,
  assertRefused,
  assertResult,
  assertSilent,
  callFor,
} from "../support/answers.ts";
import { startEtcd, type TestEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import type { PluginAnswer } from "../support/plugin.ts";
import { entriesOf, keysOf, makeNode, type TestNode } from "./_node.ts";

const VALID = "cni.dev/valid-attachments";

function podArgs(uid: string): string {
  return `IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0;K8S_POD_UID=${uid}`;
}

function gc(node: TestNode, valid: readonly string[] = []): Promise<PluginAnswer> {
  const list = valid.map((containerID) => ({ containerID, ifname: "eth0" }));
  return node.call({
    command: "GC",
    netconf: node.netconf({}, { cniVersion: "1.1.0", [VALID]: list }),
  });
}

testNeeding(
  ["etcd"],
  "ADD writes every key of its attachment, DEL removes them and lets the address cool",
  async () => {
    await using etcd = await startEtcd();
    await using node = await makeNode(etcd);
    const netconf = node.netconf({ allocation: "sequential", cooldown: "1h" });
    const args = podArgs("u-1");
    assertEquals(await addressFor(node, "c1", { netconf, args }), "10.1.0.2");
    assertEquals(await keysOf(etcd), [
      "addresses/4/0a010002",
      "attachments/testnet/c1/eth0",
      "cursor/testnet/0",
      "networks/testnet",
      "nodes/default/node-1/testnet/c1/eth0",
      "pods/default/u-1/testnet/eth0",
    ]);
    const address = JSON.parse((await entriesOf(etcd))[0]?.value ?? "");
    assertEquals(
      [
        address.state,
        address.ip,
        address.containerID,
        address.node,
        address.pod.uid,
        address.cools,
      ],
      ["held", "10.1.0.2", "c1", "node-1", "u-1", true],
    );

    assertSilent(await node.call(callFor("DEL", "c1", { netconf, args })));
    const left = await entriesOf(etcd);
    assertEquals(
      left.map(({ key }) => key.replace("/kube-ipam/v1/default/", "").replace(/[0-9a-f]{16}/, "*")),
      ["addresses/4/0a010002", "cursor/testnet/0", "expiring/4/*/0a010002", "networks/testnet"],
    );
    assertEquals(JSON.parse(left[0]?.value ?? "").state, "cooling");
  },
);

/** Sets the end of a cooling address back: one that is over for long is cleared by the next DEL, others by one of several. */
async function backdate(etcd: TestEtcd, ip: string, ms: number): Promise<void> {
  const addr = parseAddr(ip);
  const key = addressKey("default", addr);
  const value = (await entriesOf(etcd)).find((entry) => entry.key === key)?.value ?? "";
  const record = JSON.parse(value);
  const expiring = { schema: 1, state: "cooling", network: record.network };
  const untilMs = record.until - ms;
  await using store = openEtcd(etcd.config(), {
    dataDir: "/none",
    runDir: "/none",
    random: () => 0,
  });
  await store.commit({
    guards: [],
    writes: [
      { kind: "delete", key: expiringKey("default", { untilMs: record.until, addr }) },
      { kind: "put", key, value: JSON.stringify({ ...record, until: untilMs }) },
      {
        kind: "put",
        key: expiringKey("default", { untilMs, addr }),
        value: JSON.stringify(expiring),
      },
    ],
  }, { signal: AbortSignal.timeout(10_000) });
}

testNeeding(["etcd"], "DEL clears away what has cooled down", async () => {
  await using etcd = await startEtcd();
  await using node = await makeNode(etcd);
  const netconf = node.netconf({ allocation: "sequential", cooldown: "1ms" });
  await addressFor(node, "c1", { netconf });
  assertSilent(await node.call(callFor("DEL", "c1", { netconf })));
  await backdate(etcd, "10.1.0.2", 60_000);
  await addressFor(node, "c2", { netconf });
  assertSilent(await node.call(callFor("DEL", "c2", { netconf })));
  const keys = await keysOf(etcd);
  assertEquals(keys.filter((key) => key.startsWith("addresses/")), ["addresses/4/0a010003"]);
  assertEquals(keys.filter((key) => key.startsWith("expiring/")).length, 1);
});

testNeeding(["etcd"], "ADD, CHECK and DEL of two families", async () => {
  await using etcd = await startEtcd();
  await using node = await makeNode(etcd);
  const ipam = {
    subnet: undefined,
    ranges: [[{ subnet: "10.1.0.0/24" }], [{ subnet: "fd00::/64" }]],
  };
  const netconf = node.netconf(ipam, { cniVersion: "1.1.0" });
  const prevResult = assertResult(await node.call(callFor("ADD", "c1", { netconf })));
  const check = node.netconf(ipam, { cniVersion: "1.1.0", prevResult });
  assertSilent(await node.call(callFor("CHECK", "c1", { netconf: check })));
  assertSilent(await node.call(callFor("DEL", "c1", { netconf })));
  assertRefused(await node.call(callFor("CHECK", "c1", { netconf: check })), 104);
  assertEquals(await keysOf(etcd), ["networks/testnet"]);
});

testNeeding(
  ["etcd"],
  "two nodes give different addresses, and GC of one frees nothing of the other",
  async () => {
    await using etcd = await startEtcd();
    await using one = await makeNode(etcd, { name: "node-1" });
    await using two = await makeNode(etcd, { name: "node-2" });
    const ipam = { rangeEnd: "10.1.0.9", allocation: "lowest" };
    const ips = await Promise.all(
      [0, 1, 2, 3].flatMap((index) => [
        addressFor(one, `a${index}`, { netconf: one.netconf(ipam) }),
        addressFor(two, `b${index}`, { netconf: two.netconf(ipam) }),
      ]),
    );
    assertEquals([...ips].sort(), ips.map((_, index) => `10.1.0.${index + 2}`));
    assertSilent(await gc(one, ["a0"]));
    const keys = await keysOf(etcd);
    assertEquals(
      keys.filter((key) => key.startsWith("attachments/")),
      ["a0", "b0", "b1", "b2", "b3"].map((id) => `attachments/testnet/${id}/eth0`),
    );
    assertSilent(await gc(two));
    assertEquals((await keysOf(etcd)).filter((key) => key.startsWith("nodes/")), [
      "nodes/default/node-1/testnet/a0/eth0",
    ]);
  },
);

testNeeding(
  ["etcd"],
  "a container ID of another node: ADD 101, CHECK 104, DEL and GC leave it",
  async () => {
    await using etcd = await startEtcd();
    await using one = await makeNode(etcd, { name: "node-1" });
    await using two = await makeNode(etcd, { name: "node-2" });
    const ip = await addressFor(one, "c1", { netconf: one.netconf() });
    const before = await entriesOf(etcd);
    const { details } = assertRefused(
      await two.call(callFor("ADD", "c1", { netconf: two.netconf() })),
      101,
    );
    assertStringIncludes(details, "node-1");
    const prevResult = { cniVersion: "1.0.0", ips: [{ address: `${ip}/24` }] };
    const check = callFor("CHECK", "c1", { netconf: two.netconf({}, { prevResult }) });
    assertStringIncludes(assertRefused(await two.call(check), 104).details, "node-1");
    assertSilent(await two.call(callFor("DEL", "c1", { netconf: two.netconf() })));
    assertSilent(await gc(two));
    assertEquals(await entriesOf(etcd), before);
  },
);

testNeeding(
  ["etcd"],
  "a netconf that differs from another node's is told in the log, once",
  async () => {
    await using etcd = await startEtcd();
    await using one = await makeNode(etcd, { name: "node-1" });
    await using two = await makeNode(etcd, { name: "node-2" });
    await addressFor(one, "c1", { netconf: one.netconf() });
    for (const id of ["c2", "c3"]) {
      await addressFor(two, id, { netconf: two.netconf({ rangeEnd: "10.1.0.100" }) });
    }
    const [first, second] = await two.log();
    assertEquals([first.level, second.level], ["warn", "info"]);
    assertStringIncludes(first.warnings.join(), "node node-1");
  },
);

testNeeding(
  ["etcd"],
  "a pod of Kubernetes needs a datastore, and a kubeconfig or annotations off",
  async () => {
    await using etcd = await startEtcd();
    await using node = await makeNode(etcd);
    const args = podArgs("u-1");
    const none = node.netconf({ etcdConfig: undefined });
    const misspelt = node.netconf({
      etcdConfig: undefined,
      etcdConfg: { etcdURL: etcd.endpoints },
    });
    const on = node.netconf({ annotations: "on", kubeConfig: `${node.root}/none` });
    for (
      const [netconf, word] of [
        [none, "etcdConfig"],
        [misspelt, 'did you mean "etcdConfig"'],
        [on, 'annotations: "off"'],
      ] as const
    ) {
      const { details } = assertRefused(
        await node.call(callFor("ADD", "c1", { netconf, args })),
        7,
      );
      assertStringIncludes(details, word);
    }
    assertEquals(await keysOf(etcd), []);
    assertSilent(await node.call(callFor("DEL", "c1", { netconf: on, args })));
  },
);
