/**
 * Releases that are owed, and what may be wrong with them: damaged files, secrets, another etcd, no space.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openEtcd } from "../../lib/datastore/etcd/open.ts";
import { add, addRequest } from "../support/allocator.ts";
import { addressFor, assertRefused, assertSilent, callFor } from "../support/answers.ts";
import { startEtcd, type TestEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import { setOf } from "../support/sets.ts";
import { fillUp } from "./_full.ts";
import { entriesOf, makeNode, type TestNode } from "./_node.ts";
import { heldIn, lastOutcome, makeOwing, owedBy, run } from "./_owing.ts";

testNeeding(["etcd"], "a release owed to another etcd stays until that one is asked", async () => {
  await using owing = await makeOwing({ held: ["c1"], owed: ["c1"] });
  const { etcd: gone, node } = owing;
  await using etcd = await startEtcd();
  const elsewhere = node.netconf({ etcdConfig: { etcdURL: etcd.endpoints[0] ?? "" } });
  await addressFor(node, "c2", { netconf: elsewhere });
  assertSilent(await node.call(callFor("DEL", "c1", { netconf: elsewhere })));
  assertEquals((await owedBy(node)).length, 1, "nothing found elsewhere proves anything");
  const conf = `${node.root}/elsewhere.json`;
  await Deno.writeTextFile(conf, JSON.stringify(elsewhere));
  const left = await run("replay", "--conf", conf);
  assertEquals(left.code, 1);
  assertStringIncludes(left.out, "nothing proves that this is the datastore");
  await gone.start();
  const done = await run("replay", "--data-dir", node.dataDir);
  assertEquals([done.code, done.err], [0, ""]);
  assertStringIncludes(done.out, "container c1 (eth0) on network");
  assertEquals(await owedBy(node), []);
  assertEquals(await heldIn(gone), []);
});

testNeeding(
  ["etcd"],
  "replay tells what it released, what is owed still, and ends when nothing is",
  async () => {
    await using owing = await makeOwing({ held: ["c1"], owed: ["c1", "c1", "c1"] });
    const { etcd, node, files, ips: [ip] } = owing;
    assertEquals(files.length, 1, "the last one owes it all");
    const out = await run("replay", "--data-dir", node.dataDir);
    assertEquals(out.code, 1);
    assertStringIncludes(out.err, "1 release on network");
    await etcd.start();
    const { code, out: text } = await run("replay", "--json", "--data-dir", node.dataDir);
    assertEquals(code, 0);
    const line = JSON.parse(text);
    assertEquals([line.outcome, line.containerID, line.ips], ["released", "c1", [ip]]);
    assertEquals(await run("replay", "--data-dir", node.dataDir), { code: 0, out: "", err: "" });
  },
);

testNeeding(["etcd"], "what a killed DEL left half-written is no release, and goes", async () => {
  await using owing = await makeOwing({ held: ["c1"], owed: ["c1"] });
  const { etcd, node, netconf, files: [file = ""] } = owing;
  const half = `${file}.${crypto.randomUUID()}`;
  await Deno.rename(file, half);
  await etcd.start();
  await addressFor(node, "c2", { netconf });
  assertEquals(await heldIn(etcd), ["c1", "c2"]);
  assertEquals((await run("replay", "--data-dir", node.dataDir)).code, 0);
  assertEquals((await owedBy(node)).length, 1, "it may be being written");
  await Deno.utime(half, 0, 0);
  assertEquals((await run("replay", "--data-dir", node.dataDir)).code, 0);
  assertEquals(await owedBy(node), []);
});

testNeeding(["etcd"], "a damaged entry is told and kept, and stands in nobody's way", async () => {
  await using owing = await makeOwing({ held: ["c1", "c2"], owed: ["c1", "c2"] });
  const { etcd, node, netconf, files: [file = ""] } = owing;
  await Deno.writeTextFile(file, '{"schema":');
  await etcd.start();
  await addressFor(node, "c3", { netconf });
  const line = (await node.log()).at(-1);
  assertEquals([line.level, line.replayed], ["warn", 1]);
  assertStringIncludes(line.warnings.join(), `Cannot use ${file} as it is not JSON`);
  assertEquals(await heldIn(etcd), ["c1", "c3"]);
  const { code, err } = await run("replay", "--data-dir", node.dataDir);
  assertEquals(code, 1);
  assertStringIncludes(err, "look at it, then remove it");
});

testNeeding(["etcd"], "no secret is written down with a release that is owed", async () => {
  const password = "of-the-test-Zq7";
  const etcdConfig = { etcdUsername: "ipam", etcdPassword: password };
  await using owing = await makeOwing({
    held: ["c1"],
    owed: ["c1"],
    etcd: { auth: { username: "ipam", password } },
    node: { etcdConfig },
  });
  const { etcd, node, netconf, files: [file = ""] } = owing;
  const text = await Deno.readTextFile(file);
  assertStringIncludes(text, '"username":"ipam"');
  assert(!text.includes(password));
  await etcd.start();
  await Deno.remove(`${node.dataDir}/tokens`, { recursive: true });
  const without = await run("replay", "--data-dir", node.dataDir);
  assertEquals(without.code, 1, "it needs the password, which the configuration has");
  const conf = `${node.root}/conf.json`;
  await Deno.writeTextFile(conf, JSON.stringify(netconf));
  assertEquals((await run("replay", "--conf", conf)).code, 0);
});

/** An attachment of the node whose address stays with its owner. */
async function addSticky(etcd: TestEtcd, node: TestNode, containerId: string): Promise<void> {
  const dirs = { dataDir: `${etcd.dir}/data`, runDir: `${etcd.dir}/run`, random: () => 0 };
  await using store = openEtcd(etcd.config(), dirs);
  const nodeId = (await Deno.readTextFile(`${node.dataDir}/node-id`)).trim();
  const outcome = await add(
    store,
    addRequest({
      sets: [setOf({ subnet: "10.1.0.0/24", random: "10.1.0.200-10.1.0.250" })],
      owner: { namespace: "shop", name: "web-0" },
      retain: "forever",
      asker: { node: "node-1", nodeId, network: "testnet", containerId },
    }),
  );
  assertEquals(outcome.kind, "granted");
}

testNeeding(
  ["etcd"],
  "an etcd out of space: a DEL passes by deletions, one that retains is owed",
  async () => {
    await using etcd = await startEtcd({ quotaBytes: 600_000 });
    await using node = await makeNode(etcd);
    const netconf = node.netconf({ cooldown: "30s" });
    await addressFor(node, "c1", { netconf });
    await addSticky(etcd, node, "c2");
    await fillUp(etcd);
    assertStringIncludes(
      assertRefused(await node.call(callFor("ADD", "c3", { netconf })), 11).msg,
      "out of space",
    );
    assertSilent(await node.call(callFor("DEL", "c1", { netconf })));
    assertEquals(await lastOutcome(node), "released");
    assertSilent(await node.call(callFor("DEL", "c2", { netconf })));
    assertEquals(await lastOutcome(node), "deferred");
    assertEquals(await heldIn(etcd), ["c2"]);
    const states = (await entriesOf(etcd)).filter(({ key }) => key.includes("/addresses/"));
    assertEquals(states.length, 1, "nothing cools down, as that would have to be written");
    assertEquals((await owedBy(node)).length, 1);
  },
);

testNeeding(["etcd"], "a DEL that can be written down nowhere is 11", async () => {
  await using etcd = await startEtcd();
  await using node = await makeNode(etcd);
  const netconf = node.netconf();
  await addressFor(node, "c1", { netconf });
  await Deno.writeTextFile(`${node.dataDir}/pending`, "in the way");
  await etcd.stop();
  const { msg, details } = assertRefused(await node.call(callFor("DEL", "c1", { netconf })), 11);
  assertEquals(msg, "Cannot keep the release for later");
  assertStringIncludes(details, "Cannot reach the datastore");
  assertStringIncludes(details, "let the plugin write to ipam.dataDir");
});
