/** Keys that stand for nothing: each kind is found, verified and removed, and nothing else is. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Datastore } from "../../../../lib/datastore/datastore.ts";
import { parseAddr } from "../../../../lib/net/addr.ts";
import { addressKey, expiringKey, nodeKey, ownerKey, podKey } from "../../../../lib/state/keys.ts";
import type { Write } from "../../../../lib/state/txn.ts";
import { addressStates, allEntries } from "../../../support/invariants.ts";
import { setOf, wishFor } from "../../../support/sets.ts";
import {
  give,
  giveAndTake,
  giveContainer,
  keysOf,
  makeWorld,
  NOW,
  OLD,
  reconcileOnce,
  run,
  told,
  uidOf,
  type World,
  write,
} from "./_world.ts";

const ROOT = "/kube-ipam/v1/default";
const OWNER = { namespace: "shop", name: "web-0" };
const DUAL = [
  setOf({ subnet: "10.1.0.0/24", retain: "forever" }),
  setOf({ subnet: "fd00::/120", retain: "forever" }),
];

function nameOf(pod: string): {
  readonly cluster: string;
  readonly network: string;
  readonly ifName: string;
  readonly containerId: string;
  readonly node: string;
  readonly uid: string;
} {
  return {
    cluster: "default",
    network: "net",
    ifName: "eth0",
    containerId: `c-${pod}`,
    node: "node-a",
    uid: uidOf(pod),
  };
}

function gone(...keys: readonly string[]): readonly Write[] {
  return keys.map((key) => ({ kind: "delete", key }));
}

/** Loses the attachment of a pod, and its indexes. */
function lose(world: World, pod: string): Promise<unknown> {
  const name = nameOf(pod);
  return write(
    world,
    ...gone(
      `${ROOT}/attachments/net/c-${pod}/eth0`,
      nodeKey("default", name),
      podKey("default", name),
    ),
  );
}

Deno.test("addresses without their attachment are given back as it would have done", async () => {
  const world = makeWorld();
  const plain = await give(world, "job");
  const [v4 = "", v6 = ""] = (await give(world, "web-0", { owner: OWNER, sets: DUAL })).split(",");
  for (const pod of ["job", "web-0"]) await lose(world, pod);
  const report = await reconcileOnce(world, { scope: { cooldownMs: 60_000 } });
  assertEquals(told(report.freed), [plain, v4, v6].map((ip) => `orphan ${ip}`).toSorted());
  assertEquals(await addressStates(world.store), {
    [plain]: "cooling",
    [v4]: "retained",
    [v6]: "retained",
  });
});

Deno.test("an address without its attachment is kept while its pod lives, or may", async () => {
  const world = makeWorld();
  run(world, "alive");
  const alive = await give(world, "alive");
  const uid = "0123456789abcdef0123456789abcdef";
  const still = await give(world, "static", { asker: { pod: { namespace: "a", name: "b", uid } } });
  await lose(world, "alive");
  await write(
    world,
    ...gone(
      `${ROOT}/attachments/net/c-static/eth0`,
      nodeKey("default", nameOf("static")),
      podKey("default", { ...nameOf("static"), uid }),
    ),
  );
  const running = await giveContainer(world, "c-running");
  await write(
    world,
    ...gone(
      `${ROOT}/attachments/net/c-running/eth0`,
      nodeKey("default", nameOf("running")),
    ),
  );
  const report = await reconcileOnce(world, {
    unsound: true,
    isRunning: (id) => id === "c-running",
  });
  assertEquals(report.freed, []);
  assertEquals(
    told(report.kept),
    [`present ${alive}`, `running ${running}`, `static ${still}`].toSorted(),
  );
});

Deno.test("an address without its attachment is kept where nobody can tell of its pod", async () => {
  const unsound = true;
  const world = makeWorld();
  run(world, "alive");
  const foreign = await give(world, "foreign", { asker: { authorities: ["api-2"] } });
  const unvouched = await give(world, "unvouched", { asker: { authorities: [] } });
  const unnamed = await give(world, "alive", {
    asker: { pod: { namespace: "shop", name: "alive" } },
  });
  for (const pod of ["foreign", "unvouched", "alive"]) await lose(world, pod);
  const asked = await reconcileOnce(world, { unsound });
  assertEquals(asked.freed, []);
  assertEquals(
    told(asked.kept),
    [`stranger ${foreign}`, `stranger ${unvouched}`, `static ${unnamed}`].toSorted(),
  );
  const unasked = await reconcileOnce(world, { api: undefined, unsound });
  assertEquals(unasked.freed, []);
  assertEquals(unasked.kept.map(({ kind }) => kind), ["stranger", "stranger", "stranger"]);
});

Deno.test("an address that its attachment does not name is freed, and those that it names stay", async () => {
  const world = makeWorld();
  run(world, "alive");
  const [v4 = "", v6 = ""] = (await give(world, "alive", {
    sets: [setOf({ subnet: "10.1.0.0/24" }), setOf({ subnet: "fd00::/120" })],
    asker: { pod: { name: "alive" } },
  })).split(",");
  const key = `${ROOT}/attachments/net/c-alive/eth0`;
  const entry = (await allEntries(world.store)).find((one) => one.key === key);
  const record = JSON.parse(entry?.value ?? "{}");
  record.addresses = record.addresses.filter(({ ip }: { readonly ip: string }) => ip === v4);
  await write(world, { kind: "put", key, value: JSON.stringify(record) });
  assertEquals(told((await reconcileOnce(world)).freed), [`orphan ${v6}`]);
  assertEquals(await addressStates(world.store), { [v4]: "held" });
});

Deno.test("node and pod keys without their attachment go, those with it stay", async () => {
  const world = makeWorld();
  run(world, "alive");
  await give(world, "alive");
  const before = await keysOf(world);
  const alive = (await allEntries(world.store)).find(({ key }) => key.includes("/pods/"));
  const lost = [
    nodeKey("default", nameOf("lost")),
    // Another node lists the container of this one.
    nodeKey("default", { ...nameOf("alive"), node: "node-b" }),
    podKey("default", nameOf("lost")),
    // Another pod of the same container, written before the attachment was.
    podKey("default", nameOf("former")),
  ];
  const recordOf = (pod: string, containerID: string): string =>
    JSON.stringify({
      ...JSON.parse(alive?.value ?? "{}"),
      containerID,
      pod: { namespace: "shop", name: pod, uid: uidOf(pod) },
    });
  const values = ["", "", recordOf("lost", "c-lost"), recordOf("former", "c-alive")];
  await write(
    world,
    ...lost.map((key, index): Write => ({ kind: "put", key, value: values[index] ?? "" })),
  );
  const report = await reconcileOnce(world);
  assertEquals(told(report.freed), lost.map((key) => `orphan ${key}`).toSorted());
  assertEquals(report.freed.map(({ containerID }) => containerID).sort(), [
    "c-alive",
    "c-alive",
    "c-lost",
    "c-lost",
  ]);
  assertEquals(await keysOf(world), before);
});

Deno.test("moments without their address go, those of another cluster's owner stay", async () => {
  const world = makeWorld();
  run(world, "alive");
  const alive = parseAddr(await give(world, "alive"));
  const moment = (text: string, untilMs: number): string =>
    expiringKey("default", { addr: parseAddr(text), untilMs });
  const value = (ownerKey?: string): string =>
    JSON.stringify({ schema: 1, state: "cooling", network: "net", ownerKey });
  const other = ownerKey("default", {
    cluster: "other",
    network: "net",
    owner: OWNER,
    ifName: "eth0",
  });
  const lost = [moment("10.9.0.1", NOW - 1), moment("10.9.0.2", NOW + 1_000)];
  const again = expiringKey("default", { addr: alive, untilMs: NOW });
  const kept = moment("10.9.0.3", NOW - 1);
  for (const key of [...lost, again]) await write(world, { kind: "put", key, value: value() });
  await write(world, { kind: "put", key: kept, value: value(other) });
  const report = await reconcileOnce(world, { unsound: true });
  assertEquals(told(report.freed), [...lost, again].map((key) => `orphan ${key}`).toSorted());
  assertEquals((await keysOf(world)).filter((key) => key.startsWith("expiring/")), [
    kept.replace(`${ROOT}/`, ""),
  ]);
});

Deno.test("an owner that keeps nothing goes, and so does what is kept for nobody", async () => {
  const world = makeWorld();
  const sets = [setOf({ subnet: "10.1.0.0/24", retain: "forever" })];
  const sound = await giveAndTake(world, "web-0", { owner: OWNER, sets });
  const names = ["web-1", "web-2"];
  const [lost1 = "", lost2 = ""] = [
    await giveAndTake(world, "web-1", { owner: { ...OWNER, name: "web-1" }, sets }),
    await giveAndTake(world, "web-2", { owner: { ...OWNER, name: "web-2" }, sets }),
  ];
  const [owner1 = "", owner2 = ""] = names.map((name) =>
    ownerKey("default", {
      cluster: "default",
      network: "net",
      owner: { ...OWNER, name },
      ifName: "eth0",
    })
  );
  await write(world, ...gone(addressKey("default", parseAddr(lost1)), owner2));
  const report = await reconcileOnce(world);
  assertEquals(told(report.freed), [`orphan ${lost2}`, `orphan ${owner1}`].toSorted());
  assertEquals(await addressStates(world.store), { [sound]: "retained" });
});

Deno.test("a cooling address whose moment was lost goes when its time is over, not before", async () => {
  const world = makeWorld();
  const ip = await giveAndTake(world, "job", { cooldownMs: 1_000 });
  const key = expiringKey("default", { addr: parseAddr(ip), untilMs: OLD + 1_000 });
  await write(world, ...gone(key));
  const early = await reconcileOnce(world, {
    scope: { now: OLD + 999, graceMs: 0 },
    unsound: true,
  });
  assertEquals([early.freed, await addressStates(world.store)], [[], { [ip]: "cooling" }]);
  assertEquals(told((await reconcileOnce(world)).freed), [`orphan ${ip}`]);
  assertEquals(await keysOf(world), []);
});

Deno.test("an orphan that is younger than the grace is left alone", async () => {
  const world = makeWorld();
  await give(world, "young", { now: NOW - 1_000 });
  await lose(world, "young");
  assertEquals((await reconcileOnce(world, { unsound: true })).freed, []);
});

Deno.test("a suspicion that a fresh look does not confirm changes nothing", async () => {
  const world = makeWorld();
  run(world, "healed");
  const ip = await give(world, "healed");
  const entries = await allEntries(world.store);
  await lose(world, "healed");
  // Somebody puts the attachment back after the survey, and the address keeps its revision.
  world.whileListing = async () => {
    world.pods.clear();
    await write(
      world,
      ...entries.filter(({ key }) => !key.includes("/addresses/"))
        .map(({ key, value }): Write => ({ kind: "put", key, value })),
    );
  };
  const report = await reconcileOnce(world);
  assertEquals([report.freed, report.kept], [[], []]);
  assertEquals(await addressStates(world.store), { [ip]: "held" });
});

Deno.test("an orphan that was given to somebody else after the survey stays theirs", async () => {
  const world = makeWorld();
  const ip = await give(world, "lost");
  await lose(world, "lost");
  world.whileListing = async () => {
    await write(world, ...gone(addressKey("default", parseAddr(ip))));
    run(world, "next");
    // It comes from a container of which nothing else tells, as old as the first.
    const next = await give(world, "next", { wishes: [wishFor(ip)] });
    world.pods.clear();
    assertEquals(next, ip);
  };
  const report = await reconcileOnce(world);
  assertEquals([report.freed, report.kept], [[], []]);
  assertEquals(await addressStates(world.store), { [ip]: "held" });
});

Deno.test("an orphan that gets a meaning between the look and the removal stays", async () => {
  const world = makeWorld();
  run(world, "healed");
  const ip = await give(world, "healed");
  const indexes = (await allEntries(world.store)).filter(({ key }) => !key.includes("/addresses/"));
  await lose(world, "healed");
  world.pods.clear();
  const { store } = world;
  let commits = 0;
  const healing: Datastore = {
    read: (...args) => store.read(...args),
    commit: async (txn, options) => {
      if (commits++ === 0) {
        await write(
          world,
          ...indexes.map(({ key, value }): Write => ({ kind: "put", key, value })),
        );
      }
      return await store.commit(txn, options);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const report = await reconcileOnce(world, { store: healing });
  assertEquals([report.freed, commits], [[], 1]);
  assertEquals(await addressStates(store), { [ip]: "held" });
});

Deno.test("records that cannot be read are told and never touched", async () => {
  const world = makeWorld();
  run(world, "alive");
  await give(world, "alive");
  await give(world, "gone");
  const broken = [
    `${ROOT}/addresses/4/0a0900ff`,
    `${ROOT}/attachments/net/c-broken/eth0`,
    `${ROOT}/expiring/4/zzzz/0a0900ff`,
    `${ROOT}/owners/default/net/shop/web-9/eth0`,
    `${ROOT}/pods/default/uid-9/net/eth0`,
  ];
  await write(
    world,
    ...broken.map((key): Write => ({ kind: "put", key, value: '{"schema":1}' })),
    // Its attachment is there, though nobody can read it.
    { kind: "put", key: nodeKey("default", nameOf("broken")), value: "" },
  );
  const report = await reconcileOnce(world, { unsound: true });
  assertEquals(report.unreadable.map(({ key }) => key).sort(), broken);
  assertEquals(report.freed.map(({ pod }) => pod), ["shop/gone"]);
  const left = (await allEntries(world.store)).map(({ key }) => key);
  for (const key of [...broken, nodeKey("default", nameOf("broken"))]) {
    assert(left.includes(key), key);
  }
});

Deno.test("a record under a key that is not its own is told and never touched", async () => {
  const world = makeWorld();
  run(world, "alive");
  await give(world, "alive");
  const entry = (await allEntries(world.store)).find(({ key }) => key.includes("/addresses/"));
  const key = `${ROOT}/addresses/4/0a0900ff`;
  await write(world, { kind: "put", key, value: entry?.value ?? "" });
  const report = await reconcileOnce(world, { unsound: true });
  assertEquals([report.freed, report.unreadable.map((one) => one.key)], [[], [key]]);
  assertMatch(report.unreadable[0]?.reason ?? "", /speaks of .*addresses/);
});
