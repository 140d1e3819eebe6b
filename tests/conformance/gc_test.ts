/**
 * GC: everything that the runtime does not know goes, and nothing else.
 *
 * @see https://www.cni.dev/docs/spec/#gc-clean-up-any-stale-resources
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openSqlite } from "../../lib/datastore/sqlite.ts";
import type { Asker } from "../../lib/ipam/request.ts";
import { parseAddress } from "../../lib/state/record_text.ts";
import type { Write } from "../../lib/state/txn.ts";
import { add, addRequest, ipsOf, seeded } from "../support/allocator.ts";
import {
  addressFor,
  assertRefused,
  assertSilent,
  callFor,
  entriesIn,
  type Json,
  keysIn,
} from "../support/answers.ts";
import { makeSandbox, type PluginAnswer, type Sandbox } from "../support/plugin.ts";
import { setOf } from "../support/sets.ts";

const VALID = "cni.dev/valid-attachments";
const FREE_AT_ONCE = { cooldown: "0s" };

/** GCs with a list of `container/interface`; `top` replaces what is beside it. */
function gc(
  sandbox: Sandbox,
  options: {
    readonly valid?: readonly string[];
    readonly ipam?: Json;
    readonly top?: Json;
  },
): Promise<PluginAnswer> {
  const { valid, ipam = FREE_AT_ONCE, top = {} } = options;
  const list = valid?.map((text) => {
    const [containerID, ifname] = text.split("/");
    return { containerID, ifname };
  });
  const netconf = sandbox.netconf(ipam, { cniVersion: "1.1.0", [VALID]: list, ...top });
  return sandbox.call({ command: "GC", netconf });
}

async function attachments(sandbox: Sandbox): Promise<readonly string[]> {
  const keys = await keysIn(sandbox, "attachments");
  return keys.map((key) => key.split("/").slice(2).join("/"));
}

/** ADDs several at once. */
async function addAll(sandbox: Sandbox, names: readonly string[]): Promise<void> {
  const netconf = sandbox.netconf(FREE_AT_ONCE);
  await Promise.all(names.map((name) => {
    const [id = "", ifName] = name.split("/");
    return addressFor(sandbox, id, { netconf, ifName });
  }));
}

async function write(sandbox: Sandbox, writes: readonly Write[]): Promise<void> {
  await using store = openSqlite(sandbox.dataDir);
  await store.commit({ guards: [], writes }, { signal: AbortSignal.timeout(5_000) });
}

Deno.test("GC frees what is not valid, by container and interface, and is content to be called again", async () => {
  await using sandbox = await makeSandbox();
  await addAll(sandbox, ["c1/eth0", "c1/net1", "c2/eth0", "c3/eth0"]);
  const valid = ["c1/net1", "c3/eth0", "unknown/eth0"];
  for (let time = 0; time < 2; time++) {
    assertSilent(await gc(sandbox, { valid }));
    assertEquals(await attachments(sandbox), ["c1/net1", "c3/eth0"]);
  }
});

Deno.test("GC with an empty list frees everything, with an absent one nothing", async () => {
  await using sandbox = await makeSandbox();
  await addAll(sandbox, ["c1/eth0", "c2/eth0"]);
  for (const top of [{}, { [VALID]: [{ ifname: "eth0" }] }]) {
    const { msg, details } = assertRefused(await gc(sandbox, { top }), 7);
    assertStringIncludes(`${msg} ${details}`, VALID);
  }
  assertEquals((await attachments(sandbox)).length, 2);
  assertSilent(await gc(sandbox, { valid: [] }));
  assertEquals(await keysIn(sandbox, "attachments", "addresses", "nodes", "expiring"), []);
});

Deno.test("GC reads the list under its former name too, and before that the one of the specification", async () => {
  await using sandbox = await makeSandbox();
  await addAll(sandbox, ["c1/eth0", "c2/eth0"]);
  const former = [{ containerID: "c1", ifname: "eth0" }];
  const both = { valid: ["c1/eth0", "c2/eth0"], top: { "cni.dev/attachments": [] } };
  assertSilent(await gc(sandbox, both));
  assertEquals(await attachments(sandbox), ["c1/eth0", "c2/eth0"]);
  assertSilent(await gc(sandbox, { top: { "cni.dev/attachments": former } }));
  assertEquals(await attachments(sandbox), ["c1/eth0"]);
  assertSilent(await gc(sandbox, { valid: [], top: { "cni.dev/attachments": former } }));
  assertEquals(await attachments(sandbox), []);
});

Deno.test("GC with one malformed entry is refused with 7, and frees nothing", async () => {
  await using sandbox = await makeSandbox();
  await addAll(sandbox, ["c1/eth0", "c2/eth0"]);
  const good = { containerID: "c1", ifname: "eth0" };
  const bad = [{ containerID: "../c2", ifname: "eth0" }, { containerID: "c2" }, "c2", null];
  for (const entry of bad) {
    const { details } = assertRefused(await gc(sandbox, { top: { [VALID]: [good, entry] } }), 7);
    assertStringIncludes(details, `${VALID}[1]`);
  }
  assertEquals(await attachments(sandbox), ["c1/eth0", "c2/eth0"]);
});

Deno.test("GC leaves other networks, spaces, nodes and clusters alone", async () => {
  await using sandbox = await makeSandbox();
  await addAll(sandbox, ["c1/eth0"]);
  const elsewhere = [
    { top: { name: "other" } },
    { ipam: { addressSpace: "other" } },
    { ipam: { nodeName: "other" } },
    { ipam: { cluster: "other" } },
  ];
  for (const { ipam = {}, top = {} } of elsewhere) {
    assertSilent(await gc(sandbox, { valid: [], top, ipam: { ...FREE_AT_ONCE, ...ipam } }));
  }
  assertEquals(await attachments(sandbox), ["c1/eth0"]);
});

Deno.test("GC leaves the attachments of a node of the same name but another data directory", async () => {
  await using sandbox = await makeSandbox();
  await addAll(sandbox, ["c1/eth0"]);
  await Deno.writeTextFile(`${sandbox.dataDir}/node-id`, "0123456789abcdef");
  assertSilent(await gc(sandbox, { valid: [] }));
  assertEquals(await attachments(sandbox), ["c1/eth0"]);
});

Deno.test("GC frees what an earlier boot left", async () => {
  await using sandbox = await makeSandbox();
  await addAll(sandbox, ["c1/eth0", "c2/eth0"]);
  await Deno.remove(sandbox.runDir, { recursive: true });
  await addAll(sandbox, ["c3/eth0"]);
  assertSilent(await gc(sandbox, { valid: ["c3/eth0"] }));
  assertEquals(await attachments(sandbox), ["c3/eth0"]);
});

Deno.test("GC leaves what stands under the node's former name, and DEL frees it", async () => {
  await using sandbox = await makeSandbox();
  await addAll(sandbox, ["c1/eth0"]);
  const renamed = { ...FREE_AT_ONCE, nodeName: "new-name" };
  assertSilent(await gc(sandbox, { valid: [], ipam: renamed }));
  assertEquals(await attachments(sandbox), ["c1/eth0"]);
  const netconf = sandbox.netconf(renamed);
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf })));
  assertEquals(await attachments(sandbox), []);
});

/** Lets the library ADD for an owner, as no API tells the plugin of one here. */
async function addOwned(
  sandbox: Sandbox,
  { containerId, retain }: { readonly containerId: string; readonly retain: "forever" | number },
): Promise<string> {
  await using store = openSqlite(sandbox.dataDir);
  const request = addRequest({
    sets: [setOf({ subnet: "10.1.0.0/24", gateway: "10.1.0.1" })],
    owner: { namespace: "shop", name: containerId },
    retain,
    now: Date.now() - 1_000,
    asker: { ...await nodeOf(sandbox), containerId },
  });
  return ipsOf(await add(store, request))[0] ?? "";
}

async function nodeOf(sandbox: Sandbox): Promise<Partial<Asker>> {
  const nodeId = await Deno.readTextFile(`${sandbox.dataDir}/node-id`);
  return { network: "testnet", node: Deno.hostname(), nodeId: nodeId.trim() };
}

Deno.test("GC detaches what is sticky: it stays with its owner, and timed retention begins", async () => {
  await using sandbox = await makeSandbox();
  await addAll(sandbox, ["c1/eth0"]); // the node's id is known then
  const kept = await addOwned(sandbox, { containerId: "web-0", retain: "forever" });
  const timed = await addOwned(sandbox, { containerId: "web-1", retain: 3_600_000 });
  const before = Date.now();
  assertSilent(await gc(sandbox, { valid: [] }));
  const after = Date.now();
  assertEquals(await attachments(sandbox), []);
  const records = (await entriesIn(sandbox)).filter(({ key }) => key.includes("/addresses/"))
    .map(parseAddress);
  const states = records.map(({ ip, state, owner }) => [ip, state, owner?.name]);
  assertEquals(
    new Set(states.map(String)),
    new Set([`${kept},retained,web-0`, `${timed},retained,web-1`]),
  );
  const until = records.find(({ ip }) => ip === timed)?.until ?? 0;
  assert(until >= before + 3_600_000 && until <= after + 3_600_000, `until ${until}`);
  assertEquals(records.find(({ ip }) => ip === kept)?.until, undefined);
  assertEquals((await keysIn(sandbox, "expiring")).length, 1);
  assertSilent(await gc(sandbox, { valid: [] }));
  assertEquals((await keysIn(sandbox, "addresses")).length, 2, "a second GC ends no retention");
});

Deno.test("GC frees what was written before the clock was set back, and leaves what is written meanwhile", async () => {
  await using sandbox = await makeSandbox();
  await addAll(sandbox, ["c1/eth0"]);
  const asker = await nodeOf(sandbox);
  await using store = openSqlite(sandbox.dataDir);
  for (const [containerId, ahead] of [["later", 5_000], ["tomorrow", 86_400_000]] as const) {
    const sets = [setOf({ subnet: "10.1.0.0/24", random: "10.1.0.100-10.1.0.200" })];
    const changes = { sets, random: seeded(ahead), now: Date.now() + ahead };
    await add(store, addRequest({ ...changes, asker: { ...asker, containerId } }));
  }
  assertSilent(await gc(sandbox, { valid: [], ipam: { ...FREE_AT_ONCE, gcGrace: "1s" } }));
  assertEquals((await attachments(sandbox)).filter((name) => name !== "c1/eth0"), ["later/eth0"]);
});

Deno.test("GC leaves what is younger than gcGrace", async () => {
  await using sandbox = await makeSandbox();
  await addAll(sandbox, ["c1/eth0"]);
  assertSilent(await gc(sandbox, { valid: [], ipam: { ...FREE_AT_ONCE, gcGrace: "1h" } }));
  assertEquals(await attachments(sandbox), ["c1/eth0"]);
});

Deno.test("GC lets addresses cool", async () => {
  await using sandbox = await makeSandbox();
  await addAll(sandbox, ["c1/eth0"]);
  assertSilent(await gc(sandbox, { valid: [], ipam: { cooldown: "1h" } }));
  assertEquals((await keysIn(sandbox, "expiring")).length, 1);
  assertEquals(await attachments(sandbox), []);
});

Deno.test("GC goes on after an error, releases all it can, and reports the error at the end", async () => {
  await using sandbox = await makeSandbox();
  await addAll(sandbox, ["c1/eth0", "c2/eth0", "c3/eth0"]);
  const keys = (await entriesIn(sandbox)).map(({ key }) => key);
  const broken = keys.find((key) => key.endsWith("/attachments/testnet/c2/eth0")) ?? "";
  await write(sandbox, [{ kind: "put", key: broken, value: "{" }]);
  const { msg, details } = assertRefused(await gc(sandbox, { valid: [] }), 6);
  assertEquals(msg, "Cannot release all stale attachments");
  for (const word of ["2 of 3", broken]) assertStringIncludes(details, word);
  await using store = openSqlite(sandbox.dataDir);
  const bounds = { from: "/kube-ipam/v1/default/attachments/", to: "/kube-ipam/v1/default/b" };
  const [seen] = await store.read([{ kind: "list", ...bounds, limit: 9 }], {
    signal: AbortSignal.timeout(5_000),
  });
  assertEquals(seen?.kind === "list" && seen.entries.map(({ key }) => key), [broken]);
});

Deno.test("GC frees more than one page and more than one batch", async () => {
  await using sandbox = await makeSandbox();
  await addAll(sandbox, ["c1/eth0"]);
  const originals = (await entriesIn(sandbox)).filter(({ key }) =>
    /\/(attachments|nodes|addresses)\//.test(key)
  );
  // Copies of c1 with other addresses: what 1020 processes would have written.
  for (let id = 0; id < 1020; id += 20) {
    await write(
      sandbox,
      Array.from({ length: 20 }, (_, index) => id + index).flatMap((number) => copies(number)),
    );
  }
  assertEquals((await attachments(sandbox)).length, 1021);
  assertSilent(await gc(sandbox, { valid: ["c1/eth0", "copy7/eth0"] }));
  assertEquals(await attachments(sandbox), ["c1/eth0", "copy7/eth0"]);

  function copies(number: number): readonly Write[] {
    const ip = `10.2.${number >> 8}.${number & 255}`;
    const hex = `0a02${number.toString(16).padStart(4, "0")}`;
    return originals.map(({ key, value }) => ({
      kind: "put",
      key: key.replace(/addresses\/4\/.*/, `addresses/4/${hex}`).replace("/c1/", `/copy${number}/`),
      value: value.replace(/"ip":"[^"]*"/, `"ip":"${ip}"`).replace('"c1"', `"copy${number}"`),
    }));
  }
});

Deno.test("GC before 1.1.0 is refused with 1 and frees nothing", async () => {
  await using sandbox = await makeSandbox();
  await addAll(sandbox, ["c1/eth0"]);
  const top = { cniVersion: "1.0.0" };
  const { details } = assertRefused(await gc(sandbox, { valid: [], top }), 1);
  assertStringIncludes(details, "GC as it exists since CNI 1.1.0");
  assertEquals(await attachments(sandbox), ["c1/eth0"]);
});

Deno.test("GC before the first ADD, and without ranges in the netconf, succeeds", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ subnet: undefined }, { cniVersion: "1.1.0", [VALID]: [] });
  assertSilent(await sandbox.call({ command: "GC", netconf }));
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf })));
});
