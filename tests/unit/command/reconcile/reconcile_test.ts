/** What reconcile frees, and what it keeps, by what the API says of pods. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { ReconcileStep } from "../../../../lib/command/reconcile/reconcile.ts";
import { KubeError } from "../../../../lib/kube/api.ts";
import { parseAddr } from "../../../../lib/net/addr.ts";
import { expiringKey } from "../../../../lib/state/keys.ts";
import { addressStates, allEntries } from "../../../support/invariants.ts";
import { setOf } from "../../../support/sets.ts";
import { parseRunning } from "../../../../lib/ipam/reconcile/running.ts";
import {
  give,
  giveAndTake,
  giveContainer,
  keysOf,
  makeWorld,
  NOW,
  reconcileOnce,
  run,
  told,
  uidOf,
  write,
} from "./_world.ts";

const HASH = "0123456789abcdef0123456789abcdef";

Deno.test("addresses of pods that are gone, finished or replaced are freed, others stay", async () => {
  const world = makeWorld();
  run(world, "alive");
  run(world, "finished", { phase: "Succeeded" });
  run(world, "failed", { phase: "Failed" });
  run(world, "replaced", { uid: uidOf("replaced", 2) });
  const alive = await give(world, "alive");
  const freed = [
    `finished ${await give(world, "finished")}`,
    `finished ${await give(world, "failed")}`,
    `replaced ${await give(world, "replaced")}`,
    `gone ${await give(world, "gone")}`,
  ];
  const report = await reconcileOnce(world);
  assertEquals(told(report.freed), freed.toSorted());
  assertEquals(report.kept, []);
  assertEquals(await addressStates(world.store), { [alive]: "held" });
  assertEquals(world.asked.includes("shop/alive"), false, "a listed pod is not asked for");
  const gone = report.freed.find(({ kind }) => kind === "gone");
  assertEquals(
    { ...gone, ip: "" },
    {
      kind: "gone",
      space: "default",
      network: "net",
      ip: "",
      containerID: "c-gone",
      ifname: "eth0",
      node: "node-a",
      pod: "shop/gone",
      reason: "pod shop/gone is gone",
    },
  );
});

Deno.test("a dry run tells the same and changes nothing", async () => {
  const world = makeWorld();
  await give(world, "gone");
  await giveAndTake(world, "cooled", { cooldownMs: 1_000 });
  await write(world, { kind: "delete", key: "/kube-ipam/v1/default/attachments/net/c-x/eth0" });
  const before = await allEntries(world.store);
  const dry = await reconcileOnce(world, { dryRun: true });
  assertEquals(await allEntries(world.store), before);
  const real = await reconcileOnce(world);
  assertEquals(told(dry.freed), told(real.freed));
  assertEquals(dry.freed.length, 2);
  assertEquals(await keysOf(world), []);
});

Deno.test("what is younger than the grace is left alone, to the millisecond", async () => {
  const world = makeWorld();
  await give(world, "young", { now: NOW - 299_999 });
  assertEquals((await reconcileOnce(world)).freed, []);
  assertEquals(world.asked, []);
  assertEquals((await reconcileOnce(world, { scope: { now: NOW + 1 } })).freed.length, 1);
});

Deno.test("an attachment cools down as after DEL, and a sticky one stays with its owner", async () => {
  const world = makeWorld();
  const plain = await give(world, "job");
  const sticky = await give(world, "web-0", {
    owner: { namespace: "shop", name: "web-0" },
    sets: [setOf({ subnet: "10.1.0.0/24", retain: "forever" })],
  });
  const report = await reconcileOnce(world, { scope: { cooldownMs: 60_000 } });
  assertEquals(told(report.freed), [`gone ${plain}`, `gone ${sticky}`].toSorted());
  assertEquals(await addressStates(world.store), { [plain]: "cooling", [sticky]: "retained" });
  const item = report.freed.find(({ ip }) => ip === sticky);
  assertEquals(item?.reason, "pod shop/web-0 is gone; it stays with shop/web-0 (forever)");
});

Deno.test("--node looks at one node only", async () => {
  const world = makeWorld();
  await give(world, "here");
  await give(world, "there", { asker: { node: "node-b", nodeId: "id-b" } });
  const report = await reconcileOnce(world, { scope: { node: "node-b" } });
  assertEquals(report.freed.map(({ pod }) => pod), ["shop/there"]);
  assertEquals(world.asked, ["shop/there"]);
});

Deno.test("nothing of another cluster is changed", async () => {
  const world = makeWorld();
  const changes = {
    cooldownMs: 1_000,
    asker: { cluster: "other", node: "node-o", nodeId: "id-o" },
  };
  await give(world, "gone", changes);
  await giveAndTake(world, "cooled", changes);
  await giveAndTake(world, "web-0", {
    ...changes,
    owner: { namespace: "shop", name: "web-0" },
    sets: [setOf({ subnet: "10.1.0.0/24", retain: "owner" })],
  });
  // Its orphans too: an index of each kind without what it stands for.
  await give(world, "lost", changes);
  await write(world, { kind: "delete", key: "/kube-ipam/v1/default/attachments/net/c-lost/eth0" });
  const before = await allEntries(world.store);
  const thisNode = { nodeId: "id-o", boot: "later" };
  const report = await reconcileOnce(world, { thisNode, unsound: true });
  assertEquals([report.freed, report.kept, world.asked], [[], [], []]);
  assertEquals(await allEntries(world.store), before);
  assertMatch(report.notes.join(), /this Kubernetes API knows the pods of "other"/);
});

Deno.test("a record that no API or another one vouches for is never judged", async () => {
  const world = makeWorld();
  const ips = [
    await give(world, "foreign", { asker: { authorities: ["api-2"] } }),
    await give(world, "unvouched", { asker: { authorities: [] } }),
  ];
  const report = await reconcileOnce(world);
  assertEquals(told(report.kept), ips.map((ip) => `stranger ${ip}`).toSorted());
  assertEquals([report.freed, world.asked], [[], []]);
});

Deno.test("a record of an authority that the cluster's record names is judged", async () => {
  const world = makeWorld();
  await give(world, "renewed", { asker: { authorities: ["api-0"] } });
  await write(world, {
    kind: "put",
    key: "/kube-ipam/v1/default/clusters/default",
    value: JSON.stringify({ schema: 1, authorities: ["api-1", "api-0"], node: "n", since: 1 }),
  });
  assertEquals((await reconcileOnce(world)).freed.map(({ kind }) => kind), ["gone"]);
});

Deno.test("a static pod that the API does not know is kept, and one that was changed is not", async () => {
  const world = makeWorld();
  const asker = { pod: { namespace: "kube-system", name: "etcd", uid: HASH } };
  const ip = await give(world, "static", { asker });
  assertEquals(told((await reconcileOnce(world)).kept), [`static ${ip}`]);
  const annotations = { "kubernetes.io/config.hash": HASH };
  run(world, "etcd", { namespace: "kube-system", annotations });
  assertEquals((await reconcileOnce(world)).kept, []);
  run(world, "etcd", {
    namespace: "kube-system",
    uid: uidOf("etcd", 2),
    annotations: { "kubernetes.io/config.hash": `${HASH.slice(1)}0` },
  });
  assertEquals(told((await reconcileOnce(world)).freed), [`replaced ${ip}`]);
});

Deno.test("a missing node proves nothing: the pod's own state decides", async () => {
  const world = makeWorld();
  const asker = { node: "node-x", nodeId: "id-x" };
  run(world, "present", { nodeName: "node-x" });
  run(world, "renamed", { nodeName: "node-a" });
  const present = await give(world, "present", { asker });
  await give(world, "renamed", { asker });
  const gone = await give(world, "gone", { asker });
  const report = await reconcileOnce(world);
  assertEquals(told(report.freed), [`gone ${gone}`]);
  assertEquals(report.freed[0]?.reason, "pod shop/gone is gone, and so is its node node-x");
  assertEquals(told(report.kept), [`stranded ${present}`]);
  assertMatch(report.kept[0]?.reason ?? "", /kubectl delete pod -n shop present --force/);
  world.nodes.add("node-x");
  assertEquals((await reconcileOnce(world)).kept, []);
});

Deno.test("without an API no pod is judged, and what needs none is done", async () => {
  const world = makeWorld();
  const held = await give(world, "gone");
  const cooled = await giveAndTake(world, "cooled", { cooldownMs: 1_000 });
  const report = await reconcileOnce(world, { api: undefined });
  assertEquals(told(report.freed), [`expired ${cooled}`]);
  assertEquals(await addressStates(world.store), { [held]: "held" });
  assertMatch(report.notes.join(), /^1 attachments of pods .* were not judged/);
});

Deno.test("an API that fails ends the work before anything is freed by it", async () => {
  for (const part of ["livingPods", "nodes"] as const) {
    const world = makeWorld();
    await give(world, "gone");
    await giveAndTake(world, "cooled", { cooldownMs: 1_000 });
    const before = await allEntries(world.store);
    const fail = (): Promise<never> =>
      Promise.reject(new KubeError("unavailable", "no", { repair: "wait" }));
    const api = { ...world.api, inventory: { ...world.api.inventory, [part]: fail } };
    await assertRejects(() => reconcileOnce(world, { api }), KubeError);
    assertEquals(await allEntries(world.store), before);
  }
});

Deno.test("a pod that cannot be asked for ends the work before anything is freed on its network", async () => {
  const world = makeWorld();
  for (let index = 0; index < 20; index++) await give(world, `gone-${index}`);
  const before = await allEntries(world.store);
  world.whileAsking = (name) => {
    if (name === "shop/gone-7") throw new KubeError("unavailable", "no", { repair: "wait" });
  };
  await assertRejects(() => reconcileOnce(world), KubeError);
  assertEquals(await allEntries(world.store), before);
});

/** This node, booted once more. */
const REBOOTED = {
  thisNode: { nodeId: "id-a", boot: "boot-b" },
  isRunning: parseRunning("none\n"),
};

Deno.test("containers of an earlier boot of this node are freed, without an API", async () => {
  const world = makeWorld();
  const old = await giveContainer(world, "c-old");
  const back = await giveContainer(world, "c-back", { boot: "boot-b" });
  const other = await giveContainer(world, "c-other", { node: "node-b", nodeId: "id-b" });
  const pod = await give(world, "gone");
  const report = await reconcileOnce(world, { ...REBOOTED, api: undefined });
  assertEquals(told(report.freed), [`rebooted ${old}`]);
  assertEquals(Object.keys(await addressStates(world.store)).sort(), [back, other, pod].toSorted());
});

Deno.test("a container that runs is kept, by its ID or the beginning of it", async () => {
  const id = "4f0c9a77b1de4f0c9a77b1de4f0c9a77b1de4f0c9a77b1de4f0c9a77b1de0001";
  const world = makeWorld();
  const ip = await giveContainer(world, id);
  const isRunning = parseRunning(`${id.slice(0, 12)}\n`);
  const options = { ...REBOOTED, api: undefined };
  assertEquals(told((await reconcileOnce(world, { ...options, isRunning })).kept), [
    `running ${ip}`,
  ]);
  assertEquals(told((await reconcileOnce(world, options)).freed), [`rebooted ${ip}`]);
});

Deno.test("an earlier boot frees nothing unless --running is given", async () => {
  const world = makeWorld();
  const ip = await giveContainer(world, "c-old");
  const { thisNode, isRunning } = REBOOTED;
  const first = await reconcileOnce(world, { thisNode, api: undefined });
  assertEquals([told(first.kept), first.freed], [[`booted ${ip}`], []]);
  const second = await reconcileOnce(world, { thisNode, isRunning, api: undefined });
  assertEquals(told(second.freed), [`rebooted ${ip}`]);
});

Deno.test("expired records of all kinds are cleared, others stay", async () => {
  const world = makeWorld();
  const cooling = await giveAndTake(world, "cooling", { cooldownMs: 1_000, now: NOW });
  const cooled = await giveAndTake(world, "cooled", { cooldownMs: 1_000 });
  const owner = { namespace: "shop", name: "web-0" };
  const kept = await giveAndTake(world, "web-0", {
    owner,
    sets: [
      setOf({ subnet: "10.1.0.0/24", retain: 1_000 }),
      setOf({ subnet: "fd00::/120", retain: 1_000 }),
    ],
  });
  for (let index = 0; index < 70; index++) {
    await giveAndTake(world, `many-${index}`, { cooldownMs: 1_000 });
  }
  const report = await reconcileOnce(world, { dryRun: true });
  const ips = report.freed.map(({ ip }) => ip);
  for (const ip of [cooled, ...kept.split(",")]) assert(ips.includes(ip), ip);
  assertEquals((await reconcileOnce(world)).freed.length, 73);
  assertEquals(await addressStates(world.store), { [cooling]: "cooling" });
  assertEquals((await keysOf(world)).filter((key) => /^(owners|expiring)/.test(key)).length, 1);
});

Deno.test("two spaces are both looked at", async () => {
  const world = makeWorld();
  await give(world, "one");
  await give(world, "two", { space: "tenant" });
  const report = await reconcileOnce(world);
  assertEquals(report.freed.map(({ space, pod }) => `${space} ${pod}`), [
    "default shop/one",
    "tenant shop/two",
  ]);
  assertEquals(await allEntries(world.store), []);
});

Deno.test("what is freed cools down from then on, however long the work took", async () => {
  const world = makeWorld();
  await give(world, "gone");
  await give(world, "lost");
  await write(world, { kind: "delete", key: "/kube-ipam/v1/default/attachments/net/c-lost/eth0" });
  const later = NOW + 600_000;
  await reconcileOnce(world, { scope: { cooldownMs: 30_000 }, clock: () => later });
  const ends = (await allEntries(world.store)).filter(({ key }) => key.includes("/addresses/"))
    .map(({ value }) => JSON.parse(value).until);
  assertEquals(ends, [later + 30_000, later + 30_000]);
});

Deno.test("a clock that was set back during the work shortens no cool-down", async () => {
  const world = makeWorld();
  const ip = await give(world, "gone");
  await reconcileOnce(world, { scope: { cooldownMs: 30_000 }, clock: () => 0 });
  const end = expiringKey("default", { untilMs: NOW + 30_000, addr: parseAddr(ip) });
  assert((await allEntries(world.store)).some(({ key }) => key === end));
});

Deno.test("what only another host can judge, and what is of a time to come, is told", async () => {
  const world = makeWorld();
  for (let index = 0; index < 7; index++) {
    await giveContainer(world, `c-${index}`, { node: `host-${index}`, nodeId: `id-${index}` });
  }
  await give(world, "ahead", { now: NOW + 86_400_000 });
  await give(world, "young", { now: NOW + 1_000 });
  const report = await reconcileOnce(world, REBOOTED);
  assertEquals([report.freed, report.kept, world.asked], [[], [], []]);
  const [elsewhere = "", ahead = "", ...more] = report.notes;
  assertMatch(elsewhere, /^7 attachments without a pod .* \(host-0, .*, host-4, \.\.\.\): /);
  assertMatch(ahead, /^1 attachments .* a time to come \(node-a\)/);
  assertEquals(more, []);
});

Deno.test("a node is said to be gone only where records call nodes as the API does", async () => {
  const world = makeWorld();
  run(world, "alive");
  await give(world, "alive", { asker: { node: "host-1", nodeId: "id-1" } });
  await give(world, "gone", { asker: { node: "host-2", nodeId: "id-2" } });
  const reasons = async (): Promise<readonly string[]> =>
    (await reconcileOnce(world, { dryRun: true })).freed.map(({ reason }) => reason);
  assertEquals(await reasons(), ["pod shop/gone is gone"]);
  world.nodes.add("host-1");
  assertEquals(await reasons(), ["pod shop/gone is gone, and so is its node host-2"]);
});

Deno.test("--node with the name of no node is told", async () => {
  const world = makeWorld();
  await give(world, "gone");
  await giveAndTake(world, "web-0", {
    asker: { node: "node-k", nodeId: "id-k" },
    owner: { namespace: "shop", name: "web-0" },
    sets: [setOf({ subnet: "10.1.0.0/24", retain: "forever" })],
  });
  await give(world, "other", { asker: { cluster: "other", node: "node-o", nodeId: "id-o" } });
  const notes = async (node: string | undefined): Promise<string> =>
    (await reconcileOnce(world, { scope: { node }, dryRun: true })).notes.join();
  for (const node of [undefined, "node-a", "node-k"]) assertEquals(await notes(node), "", node);
  for (const node of ["node-o", "node"]) {
    assertMatch(await notes(node), new RegExp(`^Nothing is recorded for a node "${node}" of `));
  }
});

Deno.test("the title of a step names the API only where it is asked", async () => {
  const world = makeWorld();
  await giveContainer(world, "c-old");
  const titles = async (): Promise<readonly string[]> => {
    const seen = new Set<string>();
    const onStep = ({ title }: ReconcileStep): void => void seen.add(title);
    await reconcileOnce(world, { ...REBOOTED, onStep, dryRun: true });
    return [...seen];
  };
  assertEquals(await titles(), ["Reading records", "Freeing on net"]);
  await give(world, "gone");
  assertEquals(await titles(), ["Reading records", "Asking for pods", "Freeing on net"]);
});
