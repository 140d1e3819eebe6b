/**
 * GC with a real etcd: beside other nodes, with thousands of attachments, when etcd goes away half-way, and when it is out of space.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Datastore } from "../../lib/datastore/datastore.ts";
import { openEtcd } from "../../lib/datastore/etcd/open.ts";
import type { Asker } from "../../lib/ipam/request.ts";
import { parseAddr } from "../../lib/net/addr.ts";
import { attachmentKey } from "../../lib/state/keys.ts";
import { add, addRequest, ipsOf, seeded } from "../support/allocator.ts";
import { addressFor, assertRefused, assertSilent, type Json } from "../support/answers.ts";
import { fillPool } from "../support/filled.ts";
import { startEtcd, type TestEtcd } from "../support/etcd.ts";
import { checkInvariants } from "../support/invariants.ts";
import { testNeeding } from "../support/needs.ts";
import type { PluginAnswer } from "../support/plugin.ts";
import { startProxy } from "../support/proxy.ts";
import { setOf } from "../support/sets.ts";
import { fillUp, makeRoom } from "./_full.ts";
import { keysOf, makeNode, type TestNode } from "./_node.ts";

const VALID = "cni.dev/valid-attachments";

function gc(
  node: TestNode,
  valid: readonly string[],
  ipam: Json = {},
): Promise<PluginAnswer> {
  const list = valid.map((containerID) => ({ containerID, ifname: "eth0" }));
  const netconf = node.netconf(ipam, { cniVersion: "1.1.0", [VALID]: list });
  return node.call({ command: "GC", netconf });
}

function openStore(etcd: TestEtcd): Datastore {
  const dirs = { dataDir: `${etcd.dir}/data`, runDir: `${etcd.dir}/run`, random: () => 0 };
  return openEtcd(etcd.config(), dirs);
}

async function attachments(etcd: TestEtcd): Promise<readonly string[]> {
  const keys = await keysOf(etcd);
  return keys.filter((key) => key.startsWith("attachments/")).map((key) => key.split("/")[2] ?? "");
}

async function identityOf(node: TestNode, name: string): Promise<Partial<Asker>> {
  const nodeId = await Deno.readTextFile(`${node.dataDir}/node-id`);
  return { network: "testnet", node: name, nodeId: nodeId.trim() };
}

testNeeding(["etcd"], "GC beside the ADDs of another node frees nothing of these", async () => {
  await using etcd = await startEtcd();
  await using one = await makeNode(etcd, { name: "node-1" });
  await using two = await makeNode(etcd, { name: "node-2" });
  const old = ["a1", "a2", "a3", "a4"];
  for (const id of old) await addressFor(one, id, { netconf: one.netconf() });
  const fresh = ["b1", "b2", "b3", "b4", "b5", "b6"];
  const collecting = [gc(one, ["a2"]), gc(one, ["a2"])];
  await Promise.all(fresh.map((id) => addressFor(two, id, { netconf: two.netconf() })));
  for (const answer of await Promise.all(collecting)) assertSilent(answer);
  assertEquals(await attachments(etcd), ["a2", ...fresh]);
});

testNeeding(
  ["etcd"],
  "GC frees thousands of attachments, and leaves those of other nodes",
  async () => {
    await using etcd = await startEtcd();
    await using node = await makeNode(etcd, { name: "node-1" });
    await addressFor(node, "c1", { netconf: node.netconf() });
    await using store = openStore(etcd);
    const base = parseAddr("10.2.0.0").value;
    const from = (first: number, count: number): ReturnType<typeof parseAddr>[] =>
      Array.from({ length: count }, (_, index) => ({
        family: 4,
        value: base + BigInt(first + index),
      }));
    const fill = { network: "testnet", prefixLength: 16 };
    await fillPool(store, { ...fill, node: "node-1", addresses: from(0, 2100) });
    await fillPool(store, { ...fill, node: "node-2", addresses: from(3000, 50) });
    // Those of a former installation of this node have its name and another id: they are not touched.
    assertSilent(await gc(node, []));
    assertEquals((await attachments(etcd)).length, 2150);
    await Deno.writeTextFile(`${node.dataDir}/node-id`, "id-of-node-1");
    const valid = ["filled-0a020000", "filled-0a02080a"];
    assertSilent(await gc(node, valid));
    const left = (await attachments(etcd)).toSorted();
    assertEquals(left.slice(0, 2), valid);
    assertEquals(left.length, 52);
  },
);

testNeeding(
  ["etcd"],
  "GC that loses etcd half-way says how far it came, and the next one does the rest",
  async () => {
    await using etcd = await startEtcd();
    await using proxy = startProxy(etcd.endpoints[0] ?? "");
    await using node = await makeNode({ endpoints: [proxy.url] }, { name: "node-1" });
    await addressFor(node, "c1", { netconf: node.netconf() });
    await using store = openStore(etcd);
    const asker = await identityOf(node, "node-1");
    const random = seeded(1);
    for (let index = 0; index < 80; index++) {
      const sets = [setOf({ subnet: "10.1.0.0/24", gateway: "10.1.0.1" })];
      await add(store, addRequest({ sets, random, asker: { ...asker, containerId: `x${index}` } }));
    }
    proxy.reset();
    proxy.delayMs = 20;
    const watch = setInterval(() => {
      if (proxy.paths.length >= 5) proxy.mode = "cut-answer";
    }, 1);
    const { details } = assertRefused(await gc(node, []), 11);
    clearInterval(watch);
    assertMatch(details, /^(16|32|48) of 81 released\. /);
    await checkInvariants(store);
    assertLess(await attachments(etcd), 81);
    proxy.mode = "pass";
    proxy.delayMs = 0;
    assertSilent(await gc(node, []));
    assertEquals(await attachments(etcd), []);
  },
);

testNeeding(
  ["etcd"],
  "GC in an etcd out of space: deletions pass, what is kept for owners waits, the damaged is told",
  async () => {
    await using etcd = await startEtcd({ quotaBytes: 600_000 });
    await using node = await makeNode(etcd, { name: "node-1" });
    const netconf = node.netconf();
    for (const id of ["c1", "c2", "c3"]) await addressFor(node, id, { netconf });
    await using store = openStore(etcd);
    const sticky = addRequest({
      sets: [setOf({ subnet: "10.1.0.0/24", random: "10.1.0.200-10.1.0.250" })],
      owner: { namespace: "shop", name: "web-0" },
      retain: "forever",
      asker: { ...await identityOf(node, "node-1"), containerId: "web" },
    });
    const [kept = ""] = ipsOf(await add(store, sticky));
    await fillUp(etcd);

    assertSilent(await gc(node, ["c2", "c3", "web"], { cooldown: "30s" }));
    const line = (await node.log()).at(-1);
    assertEquals([line.level, line.outcome, line.released], ["warn", "collected", 1]);
    assertStringIncludes(line.warnings.join(), "takes deletions only");

    const { msg, details } = assertRefused(await gc(node, ["c3"], { cooldown: "30s" }), 11);
    assertEquals(msg, "Cannot release all stale attachments");
    for (const word of ["1 of 2 released", "1 stay", "web (eth0)", "disarm its alarm"]) {
      assertStringIncludes(details, word);
    }
    assertEquals(await attachments(etcd), ["c3", "web"]);
    const states = (await keysOf(etcd)).filter((key) => key.startsWith("addresses/"));
    assertEquals(states.length, 2, "nothing cools down");

    await makeRoom(etcd);
    const broken = attachmentKey("default", {
      network: "testnet",
      containerId: "c3",
      ifName: "eth0",
    });
    const signal = AbortSignal.timeout(5_000);
    const write = { kind: "put", key: broken, value: "{" } as const;
    await store.commit({ guards: [], writes: [write] }, { signal });
    assertStringIncludes(assertRefused(await gc(node, []), 6).details, broken);
    const [seen] = await store.read([
      {
        kind: "list",
        from: "/kube-ipam/v1/default/owners/",
        to: "/kube-ipam/v1/default/owners0",
        limit: 2,
        values: true,
      },
    ], { signal });
    assert(seen?.kind === "list");
    assertStringIncludes(seen.entries[0]?.value ?? "", `"ip":"${kept}"`);
    assertStringIncludes(seen.entries[0]?.value ?? "", '"state":"retained"');
  },
);

testNeeding(
  ["etcd"],
  "GC that is out of space and finds a damaged record is 11, and tells both",
  async () => {
    await using etcd = await startEtcd({ quotaBytes: 600_000 });
    await using node = await makeNode(etcd, { name: "node-1" });
    const netconf = node.netconf();
    for (const id of ["c1", "c2"]) await addressFor(node, id, { netconf });
    await using store = openStore(etcd);
    const sticky = addRequest({
      sets: [setOf({ subnet: "10.1.0.0/24", random: "10.1.0.200-10.1.0.250" })],
      owner: { namespace: "shop", name: "web-0" },
      retain: "forever",
      asker: { ...await identityOf(node, "node-1"), containerId: "web" },
    });
    await add(store, sticky);
    const broken = attachmentKey("default", {
      network: "testnet",
      containerId: "c1",
      ifName: "eth0",
    });
    const write = { kind: "put", key: broken, value: "{" } as const;
    await store.commit({ guards: [], writes: [write] }, { signal: AbortSignal.timeout(5_000) });
    await fillUp(etcd);
    const { details } = assertRefused(await gc(node, []), 11);
    for (const word of ["1 of 3 released", broken, "web (eth0)"]) {
      assertStringIncludes(
        details,
        word,
      );
    }
  },
);

function assertLess(list: readonly string[], most: number): void {
  assert(list.length < most && list.length > 0, `${list.length} are left`);
}
