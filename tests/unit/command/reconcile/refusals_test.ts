/** Where reconcile does nothing, or not that much. */
import { assertEquals, assertMatch } from "@std/assert";
import { addressStates, allEntries } from "../../../support/invariants.ts";
import { setOf } from "../../../support/sets.ts";
import {
  give,
  giveAndTake,
  makeWorld,
  reconcileOnce,
  run,
  told,
  type World,
  write,
} from "./_world.ts";

async function fill(
  world: World,
  { living, gone, network = "net" }: {
    readonly living: number;
    readonly gone: number;
    readonly network?: string;
  },
): Promise<void> {
  for (let index = 0; index < living; index++) {
    run(world, `${network}-alive-${index}`);
    await give(world, `${network}-alive-${index}`, { asker: { network } });
  }
  for (let index = 0; index < gone; index++) {
    await give(world, `${network}-gone-${index}`, { asker: { network } });
  }
}

Deno.test("more than the fraction of a network is refused as a whole, and others are freed", async () => {
  const world = makeWorld();
  await fill(world, { living: 10, gone: 11, network: "a" });
  await fill(world, { living: 12, gone: 11, network: "b" });
  const report = await reconcileOnce(world);
  assertEquals(report.refused.map(({ space, network }) => [space, network]), [["default", "a"]]);
  assertMatch(report.refused[0]?.reason ?? "", /^11 of 21 attachments .* --max-fraction is 0.5/);
  assertEquals(report.kept.map(({ kind, network }) => `${kind} ${network}`), [
    ...Array.from({ length: 11 }, () => "refused a"),
  ]);
  assertEquals(new Set(report.freed.map(({ network }) => network)), new Set(["b"]));
  assertEquals(Object.keys(await addressStates(world.store)).length, 21 + 12);
});

/** An API whose pods are lost has lost its StatefulSets too. */
Deno.test("where too much would go, no owner ends and no lost address is freed", async () => {
  const world = makeWorld();
  await fill(world, { living: 0, gone: 11 });
  const changes = {
    owner: { namespace: "shop", name: "web-0" },
    sets: [setOf({ subnet: "10.1.0.0/24", retain: "owner" })],
  };
  const sticky = await giveAndTake(world, "web-0", changes);
  const lost = await give(world, "lost");
  const other = await giveAndTake(world, "web-0", { ...changes, asker: { network: "other" } });
  await write(world, { kind: "delete", key: "/kube-ipam/v1/default/attachments/net/c-lost/eth0" });
  const report = await reconcileOnce(world, { unsound: true });
  const kept = report.kept.filter(({ kind }) => kind === "refused").map(({ ip }) => ip);
  assertEquals([kept.length, kept.includes(sticky), kept.includes(lost)], [13, true, true]);
  const freed = report.freed.flatMap(({ ip }) => ip ?? []);
  assertEquals(freed, [other]);
  assertEquals((await reconcileOnce(world, { maxFraction: 1 })).refused, []);
  assertEquals(await addressStates(world.store), {});
});

Deno.test("--max-fraction and --yes let more go; ten are always allowed", async () => {
  const refused = async (gone: number, maxFraction: number): Promise<number> => {
    const world = makeWorld();
    await fill(world, { living: 10, gone });
    return (await reconcileOnce(world, { maxFraction })).refused.length;
  };
  assertEquals(await refused(11, 0.5), 1);
  assertEquals(await refused(11, 0.6), 0);
  assertEquals(await refused(11, 1), 0);
  assertEquals(await refused(10, 0), 0);
  assertEquals(await refused(11, 0), 1);
});

Deno.test("attachments of other clusters and nodes do not make the fraction smaller or larger", async () => {
  const world = makeWorld();
  await fill(world, { living: 10, gone: 11 });
  for (let index = 0; index < 20; index++) {
    await give(world, `foreign-${index}`, { asker: { cluster: "other", nodeId: "o", node: "o" } });
  }
  assertEquals((await reconcileOnce(world)).refused.length, 1);
  // Of the whole network, whatever --node says.
  for (let index = 0; index < 12; index++) {
    run(world, `more-${index}`, { nodeName: "node-b" });
    await give(world, `more-${index}`, { asker: { node: "node-b", nodeId: "b" } });
  }
  world.nodes.add("node-b");
  assertEquals((await reconcileOnce(world, { scope: { node: "node-a" } })).refused, []);
});

Deno.test("a dry run tells the refusal too", async () => {
  const world = makeWorld();
  await fill(world, { living: 0, gone: 11 });
  const report = await reconcileOnce(world, { dryRun: true });
  assertEquals([report.freed.length, report.refused.length], [0, 1]);
});

Deno.test("a cluster's name that is another API's is left alone, space by space", async () => {
  const world = makeWorld();
  await give(world, "here");
  await give(world, "there", { space: "tenant" });
  const value = JSON.stringify({ schema: 1, authorities: ["api-2"], node: "n", since: 1 });
  await write(world, { kind: "put", key: "/kube-ipam/v1/default/clusters/default", value });
  const report = await reconcileOnce(world);
  assertEquals(report.refused.map(({ space }) => space), ["default"]);
  assertMatch(report.refused[0]?.reason ?? "", /set ipam.cluster/);
  assertEquals(report.freed.map(({ pod }) => pod), ["shop/there"]);
  assertEquals(world.asked, ["shop/there"]);
});

Deno.test("a record of a newer schema, of whatever kind, stops all of its space", async () => {
  for (
    const key of [
      "addresses/4/0a0900ff",
      "attachments/net/c-new/eth0",
      "clusters/other",
      "expiring/4/0000000000000001/0a0900ff",
      "networks/new",
      "owners/default/net/shop/web-9/eth0",
      "pods/default/uid-9/net/eth0",
    ]
  ) {
    const world = makeWorld();
    await give(world, "gone");
    await give(world, "there", { space: "tenant" });
    await write(world, {
      kind: "put",
      key: `/kube-ipam/v1/default/${key}`,
      value: '{"schema":2}',
    });
    const before = (await allEntries(world.store)).filter((one) => one.key.includes("/default/"));
    const report = await reconcileOnce(world, { unsound: true });
    assertEquals(report.refused.map(({ space }) => space), ["default"], key);
    assertMatch(report.refused[0]?.reason ?? "", /schema 2/);
    assertEquals(
      (await allEntries(world.store)).filter((one) => one.key.includes("/v1/default/")),
      before.filter((one) => one.key.includes("/v1/default/")),
    );
    assertEquals(report.freed.map(({ pod }) => pod), ["shop/there"]);
  }
});

Deno.test("a record whose address something else holds is kept", async () => {
  const world = makeWorld();
  run(world, "alive");
  const alive = await give(world, "alive");
  await give(world, "gone");
  const key = "/kube-ipam/v1/default/attachments/net/c-gone/eth0";
  const entry = (await allEntries(world.store)).find((one) => one.key === key);
  const record = JSON.parse(entry?.value ?? "{}");
  record.addresses = [{ ...record.addresses[0], ip: alive }];
  await write(world, { kind: "put", key, value: JSON.stringify(record) });
  const report = await reconcileOnce(world, { unsound: true });
  assertEquals(told(report.kept), [`damaged ${alive}`]);
  assertEquals((await addressStates(world.store))[alive], "held");
});
