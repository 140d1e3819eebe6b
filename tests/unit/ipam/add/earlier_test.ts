import { assert, assertEquals } from "@std/assert";
import { MemoryDatastore } from "../../../../lib/datastore/memory.ts";
import { planReplay } from "../../../../lib/ipam/replay.ts";
import type { Released } from "../../../../lib/ipam/release.ts";
import type { AddRequest } from "../../../../lib/ipam/request.ts";
import {
  add,
  addRequest,
  ipsOf,
  podRequest,
  release,
  runPlan,
  seeded,
} from "../../../support/allocator.ts";
import { addressStates, checkInvariants } from "../../../support/invariants.ts";
import { setOf, wishFor } from "../../../support/sets.ts";

/** An ADD at 1000; its DEL is deferred at 2000; the same container ID is used again at 3000. */
const FIRST = addRequest({ now: 1_000 });
const AGAIN = addRequest({ now: 3_000, deferredMs: 2_000, random: seeded(5) });

async function replay(
  store: MemoryDatastore,
  { space, asker, cooldownMs }: AddRequest,
  since: number,
): Promise<Released | undefined> {
  const plan = planReplay({
    space,
    node: asker,
    owed: [{ name: asker, since }],
    cooldownMs,
    now: 10_000,
  });
  return (await runPlan(store, plan))[0];
}

Deno.test("planAdd() after a deferred DEL rewrites the record and keeps its address", async () => {
  await using store = new MemoryDatastore();
  const before = ipsOf(await add(store, FIRST));
  const outcome = await add(store, AGAIN);
  assert(outcome.kind === "granted");
  assertEquals(ipsOf(outcome), before);
  assertEquals(outcome.record.since, 3_000);
  assertEquals(outcome.earlier?.record.since, 1_000);
  assertEquals([...(await checkInvariants(store)).keys()], before);
});

Deno.test("planReplay() leaves what an ADD rewrote after the DEL", async () => {
  await using store = new MemoryDatastore();
  await add(store, FIRST);
  const again = ipsOf(await add(store, AGAIN));
  assertEquals((await replay(store, AGAIN, 2_000))?.kind, "kept");
  assertEquals([...(await checkInvariants(store)).keys()], again);
});

Deno.test("planReplay() releases what was written before the DEL, once", async () => {
  await using store = new MemoryDatastore();
  const [ip = ""] = ipsOf(await add(store, FIRST));
  assertEquals((await replay(store, FIRST, 2_000))?.kind, "released");
  assertEquals((await replay(store, FIRST, 2_000))?.kind, "absent");
  assertEquals(await addressStates(store), { [ip]: "cooling" });
  await checkInvariants(store);
});

Deno.test("planReplay() leaves what was written in the same millisecond or later", async () => {
  await using store = new MemoryDatastore();
  await add(store, FIRST);
  assertEquals((await replay(store, FIRST, 1_000))?.kind, "kept");
  assertEquals((await replay(store, FIRST, 999))?.kind, "kept");
  assertEquals((await replay(store, FIRST, 1_001))?.kind, "released");
});

Deno.test("planReplay() leaves the attachment of another node or cluster", async () => {
  await using store = new MemoryDatastore();
  await add(store, FIRST);
  const node = { ...FIRST.asker, node: "node-b", nodeId: "id-b" };
  assertEquals((await replay(store, { ...FIRST, asker: node }, 2_000))?.kind, "foreign");
  const cluster = { ...FIRST.asker, cluster: "other" };
  assertEquals((await replay(store, { ...FIRST, asker: cluster }, 2_000))?.kind, "foreign");
  assertEquals((await checkInvariants(store)).size, 1);
});

Deno.test("planAdd() without a deferred DEL answers the same record as held", async () => {
  await using store = new MemoryDatastore();
  await add(store, FIRST);
  assertEquals((await add(store, { ...AGAIN, deferredMs: undefined })).kind, "held");
});

Deno.test("planAdd() answers a record as held that is newer than the deferred DEL", async () => {
  await using store = new MemoryDatastore();
  await add(store, addRequest({ now: 2_001 }));
  const outcome = await add(store, AGAIN);
  assert(outcome.kind === "held");
  assertEquals(outcome.record.since, 2_001);
});

Deno.test("planAdd() after a boot rewrites the record of the boot before, and keeps its address", async () => {
  await using store = new MemoryDatastore();
  const before = ipsOf(await add(store, FIRST));
  const outcome = await add(store, addRequest({ now: 3_000, asker: { boot: "boot-b" } }));
  assert(outcome.kind === "granted");
  assertEquals([ipsOf(outcome), outcome.record.boot], [before, "boot-b"]);
  assertEquals([...(await checkInvariants(store)).keys()], before);
});

Deno.test("planAdd() leaves the record of another node's boot", async () => {
  await using store = new MemoryDatastore();
  await add(store, FIRST);
  const elsewhere = { nodeId: "id-b", boot: "boot-b", node: "node-b" };
  assertEquals((await add(store, addRequest({ ...AGAIN, asker: elsewhere }))).kind, "foreign");
});

Deno.test("planAdd() after a deferred DEL gives what is asked for now, and frees what was held", async () => {
  await using store = new MemoryDatastore();
  const [before = ""] = ipsOf(await add(store, FIRST));
  const wish = before === "10.0.0.5" ? "10.0.0.6" : "10.0.0.5";
  const outcome = await add(store, { ...AGAIN, wishes: [wishFor(wish)] });
  assertEquals(ipsOf(outcome), [wish]);
  assertEquals(await addressStates(store), { [wish]: "held", [before]: "cooling" });
  await checkInvariants(store);
});

Deno.test("planAdd() after a deferred DEL serves another pod that has the container ID now", async () => {
  await using store = new MemoryDatastore();
  const before = ipsOf(
    await add(store, podRequest({ pod: "web-0", incarnation: 1 }, { now: 1_000 })),
  );
  const asker = { containerId: "web-0-1" };
  const next = podRequest({ pod: "web-1", incarnation: 1 }, { ...AGAIN, asker });
  assertEquals(ipsOf(await add(store, next)), before);
  assertEquals((await checkInvariants(store)).size, 1);
});

Deno.test("planAdd() after a deferred DEL keeps the address of the owner, and of another owner too", async () => {
  await using store = new MemoryDatastore();
  const sticky = { retain: "forever", sets: [setOf({ subnet: "10.0.0.0/29" })] } as const;
  const first = podRequest({ pod: "web-0", incarnation: 1 }, { ...sticky, now: 1_000 });
  const before = ipsOf(await add(store, first));
  const again = { ...first, now: 3_000, deferredMs: 2_000 };
  assertEquals(ipsOf(await add(store, again)), before);
  await checkInvariants(store);

  // The ID goes to a pod of another owner: what web-0 keeps is retained, and not moved.
  const asker = { containerId: "web-0-1" };
  const other = podRequest({ pod: "web-1", incarnation: 1 }, {
    ...sticky,
    now: 5_000,
    deferredMs: 4_000,
    asker,
  });
  const [ip = ""] = ipsOf(await add(store, other));
  await checkInvariants(store);
  assertEquals(await addressStates(store), { [before[0] ?? ""]: "retained", [ip]: "held" });
});

Deno.test("planAdd() after a deferred DEL begins anew when the record goes meanwhile", async () => {
  await using store = new MemoryDatastore();
  await add(store, FIRST);
  let isGone = false;
  const racing = {
    read: store.read.bind(store),
    commit: async (...[txn, options]: Parameters<typeof store.commit>) => {
      const rewrites = txn.guards[0]?.kind === "revision";
      if (rewrites && !isGone) {
        isGone = true;
        await release(store, FIRST);
      }
      return await store.commit(txn, options);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const outcome = await add(racing, AGAIN);
  assert(isGone);
  assert(outcome.kind === "granted");
  assertEquals(outcome.earlier, undefined);
  assertEquals((await checkInvariants(store)).size, 1);
});

Deno.test("planAdd() after a DEL of the future judges others by the clock, and is newer than that DEL", async () => {
  await using store = new MemoryDatastore();
  const tiny = { sets: [setOf({ subnet: "10.0.0.0/30" })], cooldownMs: 30_000 };
  const other = addRequest({ ...tiny, now: 1_000, asker: { containerId: "c2" } });
  const [cooling = ""] = ipsOf(await add(store, other));
  await release(store, other);
  const outcome = await add(store, addRequest({ ...tiny, now: 2_000, deferredMs: 900_000 }));
  assert(outcome.kind === "granted");
  assertEquals(outcome.record.since, 900_001);
  assertEquals(ipsOf(outcome).includes(cooling), false, "it cools down for 29 s more");
  await checkInvariants(store);
});
