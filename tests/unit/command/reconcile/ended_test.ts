/** The end of `retain: "owner"`. */
import { assertEquals } from "@std/assert";
import type { Ordinals } from "../../../../lib/kube/inventory.ts";
import type { Grant } from "../../../../lib/state/records.ts";
import { addressStates, allEntries } from "../../../support/invariants.ts";
import { setOf } from "../../../support/sets.ts";
import {
  give,
  giveAndTake,
  keysOf,
  makeWorld,
  NOW,
  reconcileOnce,
  run,
  told,
  type World,
} from "./_world.ts";

const SETS = [setOf({ subnet: "10.1.0.0/24", retain: "owner" })];

function ownerOf(name: string): { readonly namespace: string; readonly name: string } {
  return { namespace: "shop", name };
}

async function retained(world: World, name: string): Promise<string> {
  return await giveAndTake(world, name, { owner: ownerOf(name), sets: SETS });
}

Deno.test("an address stays as long as its StatefulSet wants the pod, and no longer", async () => {
  const cases: readonly (readonly [string, Ordinals | undefined, boolean])[] = [
    ["web-0", undefined, true],
    ["web-0", { start: 0, replicas: 1 }, false],
    ["web-1", { start: 0, replicas: 1 }, true],
    ["web-1", { start: 0, replicas: 2 }, false],
    ["web-1", { start: 2, replicas: 3 }, true],
    ["web-2", { start: 2, replicas: 3 }, false],
    ["web-4", { start: 2, replicas: 3 }, false],
    ["web-5", { start: 2, replicas: 3 }, true],
    ["web-0", { start: 0, replicas: 0 }, true],
    ["my-web-10", { start: 0, replicas: 10 }, true],
    ["my-web-10", { start: 0, replicas: 11 }, false],
  ];
  for (const [name, ordinals, isOver] of cases) {
    const world = makeWorld();
    const set = name.replace(/-\d+$/, "");
    if (ordinals !== undefined) world.sets.set(`shop/${set}`, ordinals);
    const ip = await retained(world, name);
    const report = await reconcileOnce(world);
    assertEquals(told(report.freed), isOver ? [`ended ${ip}`] : [], name);
    assertEquals(report.kept, []);
    assertEquals(await addressStates(world.store), isOver ? {} : { [ip]: "retained" });
    if (isOver) assertEquals(await keysOf(world), []);
    assertEquals(world.asked, [`StatefulSet shop/${set}`]);
  }
});

Deno.test("each StatefulSet is asked for once", async () => {
  const world = makeWorld();
  for (let index = 0; index < 5; index++) await retained(world, `web-${index}`);
  world.sets.set("shop/web", { start: 0, replicas: 3 });
  assertEquals((await reconcileOnce(world)).freed.length, 2);
  assertEquals(world.asked, ["StatefulSet shop/web"]);
});

Deno.test("what an owner keeps by another rule stays", async () => {
  for (const rule of ["forever", 86_400_000] as const) {
    const world = makeWorld();
    const sets = [...SETS, setOf({ subnet: "fd00::/120", retain: rule })];
    const ips = await giveAndTake(world, "web-0", { owner: ownerOf("web-0"), sets });
    const [v4 = "", v6 = ""] = ips.split(",");
    assertEquals(told((await reconcileOnce(world)).freed), [`ended ${v4}`]);
    assertEquals(await addressStates(world.store), { [v6]: "retained" });
  }
});

Deno.test("an address that is held, kept by another rule or of a young owner is not asked for", async () => {
  const world = makeWorld();
  run(world, "web-0");
  await give(world, "web-0", { owner: ownerOf("web-0"), sets: SETS });
  const forever = [setOf({ subnet: "10.1.0.0/24", retain: "forever" })];
  await giveAndTake(world, "web-1", { owner: ownerOf("web-1"), sets: forever });
  await giveAndTake(world, "web-2", { owner: ownerOf("web-2"), sets: SETS, now: NOW - 1_000 });
  const report = await reconcileOnce(world);
  assertEquals([report.freed, report.kept, world.asked], [[], [], []]);
});

Deno.test("an owner that no API vouches for, or that is no pod of a StatefulSet, is kept and told", async () => {
  const world = makeWorld();
  const foreign = await giveAndTake(world, "web-0", {
    owner: ownerOf("web-0"),
    sets: SETS,
    asker: { authorities: ["api-2"] },
  });
  const named = await giveAndTake(world, "job", { owner: ownerOf("database"), sets: SETS });
  const report = await reconcileOnce(world);
  assertEquals(told(report.kept), [`damaged ${named}`, `stranger ${foreign}`]);
  assertEquals([report.freed, world.asked], [[], []]);
});

Deno.test("--node ends only what that node gave", async () => {
  const world = makeWorld();
  const here = await retained(world, "web-0");
  const there = await giveAndTake(world, "web-1", {
    owner: ownerOf("web-1"),
    sets: SETS,
    asker: { node: "node-b", nodeId: "b" },
  });
  const report = await reconcileOnce(world, { scope: { node: "node-b" } });
  assertEquals(told(report.freed), [`ended ${there}`]);
  assertEquals(await addressStates(world.store), { [here]: "retained" });
});

Deno.test("a dry run ends nothing", async () => {
  const world = makeWorld();
  const ip = await retained(world, "web-0");
  const before = await allEntries(world.store);
  assertEquals(told((await reconcileOnce(world, { dryRun: true })).freed), [`ended ${ip}`]);
  assertEquals(await allEntries(world.store), before);
});

/** Grants are as records hold them: nothing is lost on the way of a lost attachment. */
Deno.test("a lost attachment of a StatefulSet's pod is retained by its rule, then ends with the set", async () => {
  const world = makeWorld();
  const ip = await give(world, "web-0", { owner: ownerOf("web-0"), sets: SETS });
  const keys = (await allEntries(world.store)).map(({ key }) => key)
    .filter((key) => /\/(attachments|nodes|pods)\//.test(key));
  await world.store.commit(
    { guards: [], writes: keys.map((key) => ({ kind: "delete", key })) },
    { signal: AbortSignal.timeout(10_000) },
  );
  assertEquals(told((await reconcileOnce(world)).freed), [`orphan ${ip}`]);
  const [entry] = (await allEntries(world.store)).filter(({ key }) => key.includes("/addresses/"));
  const grant: Partial<Grant> = JSON.parse(entry?.value ?? "{}");
  assertEquals([grant.rule, grant.prefixLength], ["owner", 24]);
  const later = await reconcileOnce(world, { scope: { now: NOW + 600_000 } });
  assertEquals(told(later.freed), [`ended ${ip}`]);
});
