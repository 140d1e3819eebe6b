/**
 * A DEL while the datastore is out of reach: written down on the node, and made up for by its later calls.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { addressFor, assertRefused, assertSilent, callFor, type Json } from "../support/answers.ts";
import { startEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import { startProxy } from "../support/proxy.ts";
import { makeNode } from "./_node.ts";
import { heldIn, lastOutcome, makeOwing, owedBy } from "./_owing.ts";

testNeeding(
  ["etcd"],
  "a DEL while etcd is stopped succeeds, and the next call of the node makes up for it",
  async () => {
    await using owing = await makeOwing({ held: ["c1", "c2", "c3"], owed: ["c1", "c2"] });
    const { etcd, node, netconf, files } = owing;
    const line = (await node.log()).at(-1);
    assertEquals([line.level, line.verb, line.outcome], ["warn", "DEL", "deferred"]);
    assertStringIncludes(line.warnings.join(), "Cannot reach the datastore");
    assertEquals(files.length, 2);
    const { mode } = await Deno.stat(files[0] ?? "");
    assertEquals((mode ?? 0) & 0o777, 0o600);
    await etcd.start();
    assertEquals(await heldIn(etcd), ["c1", "c2", "c3"]);
    await addressFor(node, "c4", { netconf });
    assertEquals((await node.log()).at(-1).replayed, 2);
    assertEquals(await heldIn(etcd), ["c3", "c4"]);
    assertEquals(await owedBy(node), []);
  },
);

for (const verb of ["DEL", "CHECK", "GC", "STATUS"]) {
  testNeeding(["etcd"], `${verb} makes up for a release that is owed`, async () => {
    await using owing = await makeOwing({
      held: ["c1", "c2"],
      owed: ["c1"],
      top: { cniVersion: "1.1.0" },
    });
    const { etcd, node, netconf, ips: [, ip] } = owing;
    await etcd.start();
    const more: Record<string, Json> = {
      CHECK: { prevResult: { cniVersion: "1.1.0", ips: [{ address: `${ip}/24` }] } },
      GC: {
        "cni.dev/valid-attachments": ["c1", "c2"].map((containerID) => ({
          containerID,
          ifname: "eth0",
        })),
      },
    };
    const asked = { ...netconf, ...more[verb] };
    const id = verb === "DEL" ? "other" : "c2";
    const call = verb === "GC" || verb === "STATUS"
      ? { command: verb, netconf: asked }
      : callFor(verb, id, { netconf: asked });
    assertSilent(await node.call(call));
    assertEquals(await heldIn(etcd), ["c2"]);
    assertEquals(await owedBy(node), []);
  });
}

testNeeding(
  ["etcd"],
  "an ADD that fails for another reason makes up for what is owed",
  async () => {
    const ipam = { subnet: "10.1.0.0/30" };
    await using owing = await makeOwing({ held: ["c1"], owed: ["c1"], ipam });
    const { etcd, node, netconf } = owing;
    await etcd.start();
    assertRefused(await node.call(callFor("ADD", "c2", { netconf })), 100);
    await addressFor(node, "c2", { netconf });
  },
);

testNeeding(
  ["etcd"],
  "an ADD of the same container rewrites its record: the old DEL frees nothing",
  async () => {
    await using owing = await makeOwing({ held: ["c1"], owed: ["c1"] });
    const { etcd, node, netconf, ips: [ip], files: [file = ""] } = owing;
    const text = await Deno.readTextFile(file);
    await etcd.start();
    assertEquals(await addressFor(node, "c1", { netconf }), ip);
    assertEquals((await node.log()).at(-1).rewritten, true);
    assertEquals(await owedBy(node), []);
    // As if the process had been killed between its commit and the removal of the file.
    await Deno.writeTextFile(file, text);
    assertEquals(await addressFor(node, "c1", { netconf }), ip);
    await Deno.writeTextFile(file, text);
    await addressFor(node, "c2", { netconf });
    assertEquals(await owedBy(node), []);
    assertEquals(await heldIn(etcd), ["c1", "c2"]);
  },
);

testNeeding(
  ["etcd"],
  "releases are owed by the node itself: no other one replays them",
  async () => {
    await using owing = await makeOwing({ held: ["c1"], owed: ["c1"] });
    const { etcd, node, netconf } = owing;
    await using other = await makeNode(etcd, { name: "node-2" });
    await etcd.start();
    await addressFor(other, "c2", { netconf: other.netconf() });
    assertEquals(await heldIn(etcd), ["c1", "c2"]);
    await addressFor(node, "c3", { netconf });
    assertEquals(await heldIn(etcd), ["c2", "c3"]);
  },
);

testNeeding(
  ["etcd"],
  "twelve calls at once make up for thirty releases once, and lose none of their own",
  async () => {
    const old = Array.from({ length: 30 }, (_, index) => `old${index}`);
    await using owing = await makeOwing({ held: old, owed: old });
    const { etcd, node, netconf, files } = owing;
    assertEquals(files.length, 30);
    await etcd.start();
    const fresh = Array.from({ length: 12 }, (_, index) => `new${index}`);
    const ips = await Promise.all(fresh.map((id) => addressFor(node, id, { netconf })));
    assertEquals(new Set(ips).size, 12);
    assertEquals([...await heldIn(etcd)].sort(), [...fresh].sort());
    assertEquals(await owedBy(node), []);
  },
);

testNeeding(
  ["etcd"],
  "a slow etcd that took the release is asked again, and nothing is owed",
  async () => {
    await using etcd = await startEtcd();
    await using proxy = startProxy(etcd.endpoints[0] ?? "");
    await using node = await makeNode({ endpoints: [proxy.url] });
    const netconf = node.netconf();
    await addressFor(node, "c1", { netconf });
    proxy.mode = "cut-answer";
    assertSilent(await node.call(callFor("DEL", "c1", { netconf })));
    assertEquals(await lastOutcome(node), "deferred");
    proxy.mode = "pass";
    await addressFor(node, "c2", { netconf });
    assertEquals(await owedBy(node), []);
  },
);
