/**
 * The plugin's process over a real etcd: a new sandbox of a pod takes over what the former one held.
 *
 * @module
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { addressFor, assertResult, assertSilent, callFor, ipsOf } from "../support/answers.ts";
import { startEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import { entriesOf, keysOf, makeNode } from "./_node.ts";

function podArgs(uid: string): string {
  return `IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0;K8S_POD_UID=${uid}`;
}

testNeeding(
  ["etcd"],
  "a new sandbox of the same pod takes its address over; the late DEL of the former frees nothing",
  async () => {
    await using etcd = await startEtcd();
    await using node = await makeNode(etcd);
    const netconf = node.netconf({ datastore: "etcd" });
    const args = podArgs("u-1");
    const ip = await addressFor(node, "old", { netconf, args });
    assertNotEquals(await addressFor(node, "other", { netconf, args: podArgs("u-2") }), ip);
    assertEquals(await addressFor(node, "new", { netconf, args }), ip);
    const held = await entriesOf(etcd);
    const keys = held.map(({ key }) => key);
    assert(!keys.some((key) => key.includes("/old/")), "nothing of the former attachment is left");
    assertSilent(await node.call(callFor("DEL", "old", { netconf, args })));
    assertEquals(await entriesOf(etcd), held);
    assertEquals(
      (await node.log()).find(({ takenOverFrom }) => takenOverFrom)?.takenOverFrom,
      "old",
    );
    assertSilent(await node.call(callFor("DEL", "new", { netconf, args })));
    assert(!(await keysOf(etcd)).includes("pods/default/u-1/testnet/eth0"));
  },
);

testNeeding(["etcd"], "another interface, network or UID is no take-over", async () => {
  await using etcd = await startEtcd();
  await using node = await makeNode(etcd);
  const netconf = node.netconf();
  const args = podArgs("u-1");
  const others = [
    callFor("ADD", "c1", { netconf, args }),
    callFor("ADD", "c1", { netconf, args, ifName: "net1" }),
    callFor("ADD", "c1", { netconf: node.netconf({}, { name: "other" }), args }),
    callFor("ADD", "c2", { netconf, args: podArgs("u-2") }),
  ];
  const ips = (await Promise.all(others.map(node.call))).flatMap((answer) =>
    ipsOf(assertResult(answer))
  );
  assertEquals(new Set(ips).size, 4);
  assertEquals((await keysOf(etcd)).filter((key) => key.startsWith("pods/")).length, 4);
});

testNeeding(
  ["etcd"],
  "a take-over with a wish that differs moves to the wish and frees the former address",
  async () => {
    await using etcd = await startEtcd();
    await using node = await makeNode(etcd);
    const netconf = node.netconf({ datastore: "etcd" });
    const args = podArgs("u-1");
    await addressFor(node, "old", { netconf, args });
    const wish = `${args};IP=10.1.0.200`;
    assertEquals(await addressFor(node, "new", { netconf, args: wish }), "10.1.0.200");
    assertEquals((await keysOf(etcd)).filter((key) => key.startsWith("addresses/")), [
      "addresses/4/0a0100c8",
    ]);
  },
);

testNeeding(
  ["etcd"],
  "ADD finds its way when somebody deleted the attachment's record alone",
  async () => {
    await using etcd = await startEtcd();
    await using node = await makeNode(etcd);
    const netconf = node.netconf({ datastore: "etcd" });
    const args = podArgs("u-1");
    const ip = await addressFor(node, "c1", { netconf, args });
    const key = btoa("/kube-ipam/v1/default/attachments/testnet/c1/eth0");
    await etcd.ask("/v3/kv/deleterange", { key });
    assertEquals(await addressFor(node, "c1", { netconf, args }), ip);
    await entriesOf(etcd);
  },
);
