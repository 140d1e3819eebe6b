/**
 * A DEL while the datastore is out of reach: written down on the node, and made up for later.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { main } from "../../lib/command/main.ts";
import { DatastoreError } from "../../lib/datastore/datastore.ts";
import { openEtcd } from "../../lib/datastore/etcd/open.ts";
import { add, addRequest } from "../support/allocator.ts";
import { addressFor, assertRefused, assertSilent, callFor, type Json } from "../support/answers.ts";
import { startEtcd, type TestEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import { startProxy } from "../support/proxy.ts";
import { setOf } from "../support/sets.ts";
import { entriesOf, makeNode, type TestNode } from "./_node.ts";

/** The files of what a node owes, whole ones only. */
async function owedBy({ dataDir }: TestNode): Promise<readonly string[]> {
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) await walk(`${folder}/${name}`);
      else found.push(`${folder}/${name}`);
    }
  };
  await walk(`${dataDir}/pending`).catch(() => {});
  return found.sort();
}

async function heldIn(etcd: TestEtcd): Promise<readonly string[]> {
  const entries = await entriesOf(etcd);
  return entries.filter(({ key }) => key.includes("/attachments/")).map(({ key }) =>
    key.split("/").at(-2) ?? ""
  );
}

async function lastOutcome(node: TestNode): Promise<string> {
  return (await node.log()).at(-1).outcome;
}

/** Runs a sub-command in this process. */
async function run(
  ...args: readonly string[]
): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const code = await main(args, {
    env: () => undefined,
    stdin: () => Promise.resolve(""),
    stdout: (text) => out += text,
    stderr: (text) => err += text,
    now: Date.now,
    random: (below) => below - 1n,
  });
  return { code, out, err };
}

testNeeding(
  ["etcd"],
  "a DEL while etcd is stopped succeeds, and the next call of the node makes up for it",
  async () => {
    await using etcd = await startEtcd();
    await using node = await makeNode(etcd);
    const netconf = node.netconf({ cooldown: "0s" });
    for (const id of ["c1", "c2", "c3"]) await addressFor(node, id, { netconf });
    await etcd.stop();
    for (const id of ["c1", "c2"]) assertSilent(await node.call(callFor("DEL", id, { netconf })));
    const line = (await node.log()).at(-1);
    assertEquals([line.level, line.verb, line.outcome], ["warn", "DEL", "deferred"]);
    assertStringIncludes(line.warnings.join(), "Cannot reach the datastore");
    const owed = await owedBy(node);
    assertEquals(owed.length, 2);
    const { mode } = await Deno.stat(owed[0] ?? "");
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
    await using etcd = await startEtcd();
    await using node = await makeNode(etcd);
    const netconf = node.netconf({}, { cniVersion: "1.1.0" });
    await addressFor(node, "c1", { netconf });
    const prevResult = (await node.call(callFor("ADD", "c2", { netconf }))).json;
    await etcd.stop();
    assertSilent(await node.call(callFor("DEL", "c1", { netconf })));
    await etcd.start();
    const valid = [{ containerID: "c1", ifname: "eth0" }, { containerID: "c2", ifname: "eth0" }];
    const more: Record<string, Json> = {
      CHECK: { prevResult },
      GC: { "cni.dev/valid-attachments": valid },
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
    await using etcd = await startEtcd();
    await using node = await makeNode(etcd);
    const netconf = node.netconf({ subnet: "10.1.0.0/30", cooldown: "0s" });
    await addressFor(node, "c1", { netconf });
    await etcd.stop();
    assertSilent(await node.call(callFor("DEL", "c1", { netconf })));
    await etcd.start();
    assertRefused(await node.call(callFor("ADD", "c2", { netconf })), 100);
    await addressFor(node, "c2", { netconf });
  },
);

testNeeding(
  ["etcd"],
  "an ADD of the same container rewrites its record: the old DEL frees nothing",
  async () => {
    await using etcd = await startEtcd();
    await using node = await makeNode(etcd);
    const netconf = node.netconf();
    const ip = await addressFor(node, "c1", { netconf });
    await etcd.stop();
    assertSilent(await node.call(callFor("DEL", "c1", { netconf })));
    const [file = ""] = await owedBy(node);
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
    await using etcd = await startEtcd();
    await using one = await makeNode(etcd, { name: "node-1" });
    await using two = await makeNode(etcd, { name: "node-2" });
    await addressFor(one, "c1", { netconf: one.netconf() });
    await etcd.stop();
    assertSilent(await one.call(callFor("DEL", "c1", { netconf: one.netconf() })));
    await etcd.start();
    await addressFor(two, "c2", { netconf: two.netconf() });
    assertEquals(await heldIn(etcd), ["c1", "c2"]);
    await addressFor(one, "c3", { netconf: one.netconf() });
    assertEquals(await heldIn(etcd), ["c2", "c3"]);
  },
);

testNeeding(
  ["etcd"],
  "twelve calls at once make up for thirty releases once, and lose none of their own",
  async () => {
    await using etcd = await startEtcd();
    await using node = await makeNode(etcd);
    const netconf = node.netconf();
    const old = Array.from({ length: 30 }, (_, index) => `old${index}`);
    await Promise.all(old.map((id) => addressFor(node, id, { netconf })));
    await etcd.stop();
    for (const id of old) assertSilent(await node.call(callFor("DEL", id, { netconf })));
    assertEquals((await owedBy(node)).length, 30);
    await etcd.start();
    const fresh = Array.from({ length: 12 }, (_, index) => `new${index}`);
    const ips = await Promise.all(fresh.map((id) => addressFor(node, id, { netconf })));
    assertEquals(new Set(ips).size, 12);
    assertEquals([...await heldIn(etcd)].sort(), [...fresh].sort());
    assertEquals(await owedBy(node), []);
  },
);

testNeeding(["etcd"], "a release owed to another etcd stays until that one is asked", async () => {
  await using gone = await startEtcd();
  await using etcd = await startEtcd();
  await using node = await makeNode(gone);
  await addressFor(node, "c1", { netconf: node.netconf() });
  await gone.stop();
  assertSilent(await node.call(callFor("DEL", "c1", { netconf: node.netconf() })));
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
    await using etcd = await startEtcd();
    await using node = await makeNode(etcd);
    const netconf = node.netconf();
    const ip = await addressFor(node, "c1", { netconf });
    await etcd.stop();
    for (let times = 0; times < 3; times++) {
      assertSilent(await node.call(callFor("DEL", "c1", { netconf })));
    }
    assertEquals((await owedBy(node)).length, 1, "the last one owes it all");
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
  await using etcd = await startEtcd();
  await using node = await makeNode(etcd);
  const netconf = node.netconf();
  await addressFor(node, "c1", { netconf });
  await etcd.stop();
  assertSilent(await node.call(callFor("DEL", "c1", { netconf })));
  const [file = ""] = await owedBy(node);
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
  await using etcd = await startEtcd();
  await using node = await makeNode(etcd);
  const netconf = node.netconf();
  for (const id of ["c1", "c2"]) await addressFor(node, id, { netconf });
  await etcd.stop();
  for (const id of ["c1", "c2"]) assertSilent(await node.call(callFor("DEL", id, { netconf })));
  const [file = ""] = await owedBy(node);
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
  await using etcd = await startEtcd({ auth: { username: "ipam", password } });
  const etcdConfig = { etcdUsername: "ipam", etcdPassword: password };
  await using node = await makeNode(etcd, { etcdConfig });
  const netconf = node.netconf();
  await addressFor(node, "c1", { netconf });
  await etcd.stop();
  assertSilent(await node.call(callFor("DEL", "c1", { netconf })));
  const [file = ""] = await owedBy(node);
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

/** Writes until etcd raises its alarm. */
async function fillUp(etcd: TestEtcd): Promise<void> {
  await using store = openEtcd(etcd.config(), {
    dataDir: "/none",
    runDir: "/none",
    random: () => 0,
  });
  const value = "x".repeat(100_000);
  await assertRejects(async () => {
    for (let index = 0;; index++) {
      const write = { kind: "put", key: `/filling/${index}`, value } as const;
      await store.commit({ guards: [], writes: [write] }, { signal: AbortSignal.timeout(10_000) });
    }
  }, DatastoreError);
}

/** An attachment of the node whose address stays with its owner. */
async function addSticky(etcd: TestEtcd, node: TestNode, containerId: string): Promise<void> {
  await using store = openEtcd(etcd.config(), {
    dataDir: "/none",
    runDir: "/none",
    random: () => 0,
  });
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
