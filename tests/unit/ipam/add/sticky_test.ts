/** Sticky owners: what is retained, for whom, until when, and what frees it. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Datastore } from "../../../../lib/datastore/datastore.ts";
import { MemoryDatastore } from "../../../../lib/datastore/memory.ts";
import type { AddRequest } from "../../../../lib/ipam/request.ts";
import { planRelease } from "../../../../lib/ipam/release.ts";
import { parseAddress } from "../../../../lib/state/record_text.ts";
import {
  add,
  ipsOf,
  podRequest as requestOf,
  release,
  type RequestChanges,
  runPlan,
} from "../../../support/allocator.ts";
import { addressStates, allEntries, checkInvariants } from "../../../support/invariants.ts";
import { setOf, wishFor } from "../../../support/sets.ts";

const SET = setOf({ subnet: "10.0.0.0/24", random: "10.0.0.10-10.0.0.99", retain: "forever" });

/** The n-th incarnation of a StatefulSet's pod: another UID, another container. */
function podRequest(pod: string, incarnation: number, changes: RequestChanges = {}): AddRequest {
  return requestOf({ pod, incarnation }, { sets: [SET], ...changes });
}

async function grant(store: Datastore, request: AddRequest): Promise<string> {
  const outcome = await add(store, request);
  assertEquals(outcome.kind, "granted");
  await checkInvariants(store);
  return ipsOf(outcome).join(",");
}

async function drop(store: Datastore, request: AddRequest): Promise<void> {
  assertEquals((await release(store, request))?.kind, "released");
  await checkInvariants(store);
}

async function folders(store: Datastore): Promise<readonly string[]> {
  const keys = (await allEntries(store)).map(({ key }) => key.split("/")[4] ?? "");
  return [...new Set(keys)].sort();
}

Deno.test("an owner gets a random address first, and the same ever after", async () => {
  await using store = new MemoryDatastore();
  const first = podRequest("web-0", 1);
  const ip = await grant(store, first);
  for (let round = 2; round < 6; round++) {
    await drop(store, podRequest("web-0", round - 1));
    assertEquals(await addressStates(store), { [ip]: "retained" });
    assertEquals(await grant(store, podRequest("web-0", round)), ip);
  }
});

Deno.test("a retained address counts as used and is given to nobody else", async () => {
  await using store = new MemoryDatastore();
  const sets = [setOf({ subnet: "10.0.0.0/29", retain: "forever" })];
  const owner = podRequest("web-0", 1, { sets });
  const ip = await grant(store, owner);
  await drop(store, owner);
  const others: string[] = [];
  for (let index = 0; index < 5; index++) {
    others.push(await grant(store, podRequest(`other-${index}`, 1, { sets, owner: undefined })));
  }
  assert(!others.includes(ip));
  assertEquals((await add(store, podRequest("late", 1, { sets }))).kind, "exhausted");
  assertEquals(await grant(store, podRequest("web-0", 2, { sets })), ip);
});

Deno.test("another owner's wish for a retained address is refused, its own is granted", async () => {
  await using store = new MemoryDatastore();
  const ip = await grant(store, podRequest("web-0", 1));
  await drop(store, podRequest("web-0", 1));
  const wishes = [wishFor(ip)];
  const refused = await add(store, podRequest("web-1", 1, { wishes }));
  assert(refused.kind === "taken");
  assertEquals([refused.holder.state, refused.holder.owner?.name], ["retained", "web-0"]);
  assertEquals(await grant(store, podRequest("web-0", 2, { wishes })), ip);
});

Deno.test("a duration ends: then the address is anybody's, and the owner's key goes", async () => {
  for (const wish of [true, false]) {
    await using store = new MemoryDatastore();
    const sets = [setOf({ subnet: "10.0.0.0/30", retain: 60_000 })];
    const ip = await grant(store, podRequest("web-0", 1, { sets }));
    await grant(store, podRequest("web-1", 1, { sets }));
    await drop(store, podRequest("web-0", 1, { sets }));
    const wishes = wish ? [wishFor(ip)] : [];
    const early = podRequest("web-2", 1, { sets, wishes, now: 1_059_999 });
    assertEquals((await add(store, early)).kind, wish ? "taken" : "exhausted");
    const late = podRequest("web-2", 2, { sets, wishes, now: 1_060_000 });
    assertEquals(await grant(store, late), ip);
    const owners = (await allEntries(store)).filter(({ key }) => key.includes("/owners/"));
    assertEquals(owners.map(({ key }) => key.split("/").at(-2)).sort(), ["web-1", "web-2"]);
  }
});

Deno.test("the owner's return ends the countdown", async () => {
  await using store = new MemoryDatastore();
  const sets = [setOf({ subnet: "10.0.0.0/24", retain: 60_000 })];
  const ip = await grant(store, podRequest("web-0", 1, { sets }));
  await drop(store, podRequest("web-0", 1, { sets }));
  assertEquals(await grant(store, podRequest("web-0", 2, { sets, now: 1_030_000 })), ip);
  assert(!(await folders(store)).includes("expiring"));
});

Deno.test("an owner that gets another address frees the retained one in the same transaction", async () => {
  await using store = new MemoryDatastore();
  const ip = await grant(store, podRequest("web-0", 1));
  await drop(store, podRequest("web-0", 1));
  const wishes = [wishFor("10.0.0.200")];
  assertNotEquals(ip, "10.0.0.200");
  assertEquals(await grant(store, podRequest("web-0", 2, { wishes })), "10.0.0.200");
  assertEquals(await addressStates(store), { "10.0.0.200": "held" });
});

Deno.test("without a rule nothing is retained, and a former rule ends with the next pod", async () => {
  await using store = new MemoryDatastore();
  const ip = await grant(store, podRequest("web-0", 1));
  await drop(store, podRequest("web-0", 1));
  assertEquals(await grant(store, podRequest("web-0", 2, { retain: "none" })), ip);
  assert(!(await folders(store)).includes("owners"));
  await drop(store, podRequest("web-0", 2, { cooldownMs: 0 }));
  assertEquals(await addressStates(store), {});
});

Deno.test("the pod's own rule wins over that of the range", async () => {
  await using store = new MemoryDatastore();
  const sets = [setOf({ subnet: "10.0.0.0/24" })];
  await grant(store, podRequest("web-0", 1, { sets, retain: "owner" }));
  await drop(store, podRequest("web-0", 1, { sets }));
  assertEquals(Object.values(await addressStates(store)), ["retained"]);
});

Deno.test("a new sandbox of the same pod keeps its sticky address", async () => {
  await using store = new MemoryDatastore();
  const first = podRequest("web-0", 1);
  const ip = await grant(store, first);
  const second = { ...first, asker: { ...first.asker, containerId: "second" } };
  assertEquals(await grant(store, second), ip);
  assertEquals((await release(store, first))?.kind, "absent");
  await drop(store, second);
  assertEquals(await addressStates(store), { [ip]: "retained" });
});

Deno.test("a pod whose owner was renamed leaves the address with the former owner's name", async () => {
  await using store = new MemoryDatastore();
  const first = podRequest("web-0", 1);
  const ip = await grant(store, first);
  const second = podRequest("web-0", 1, { owner: { namespace: "shop", name: "db" } });
  const renamed = { ...second, asker: { ...second.asker, containerId: "second" } };
  // The same pod keeps its address: it is the new owner's now, and the former one's key is gone.
  assertEquals(await grant(store, renamed), ip);
  const wished = { ...renamed, wishes: [wishFor("10.0.0.200")] };
  const third = { ...wished, asker: { ...wished.asker, containerId: "third" } };
  assertEquals(await grant(store, third), "10.0.0.200");
  assertEquals((await addressStates(store))["10.0.0.200"], "held");
});

Deno.test("addresses of an owner stay together, as long as the longest rule says", async () => {
  const six = { subnet: "fd00::/64", random: "fd00::10-fd00::ff" };
  for (const [retain, until] of [["forever", undefined], [90_000, 1_090_000]] as const) {
    await using store = new MemoryDatastore();
    const sets = [
      setOf({ subnet: "10.0.0.0/24", retain: 60_000 }),
      setOf({ ...six, retain }),
      setOf({ subnet: "10.9.0.0/24" }),
    ];
    const ips = await grant(store, podRequest("web-0", 1, { sets }));
    await drop(store, podRequest("web-0", 1, { sets }));
    assertEquals(Object.values(await addressStates(store)).sort(), [
      "cooling",
      "retained",
      "retained",
    ]);
    const ends = (await allEntries(store)).filter(({ key }) => key.includes("/addresses/"))
      .map((entry) => parseAddress(entry)).filter(({ state }) => state === "retained");
    assertEquals(ends.map((record) => record.until), [until, until]);
    const again = await grant(store, podRequest("web-0", 2, { sets, now: 1_080_000 }));
    assertEquals(again.split(",").slice(0, 2), ips.split(",").slice(0, 2));
  }
});

Deno.test("of an owner's addresses that have expired, each can be claimed by itself", async () => {
  for (const index of [0, 1]) {
    await using store = new MemoryDatastore();
    const sets = [
      setOf({ subnet: "10.0.0.0/24", retain: 60_000 }),
      setOf({ subnet: "10.9.0.0/24", retain: 60_000 }),
    ];
    const ips = (await grant(store, podRequest("web-0", 1, { sets }))).split(",");
    await drop(store, podRequest("web-0", 1, { sets }));
    const wishes = [wishFor(ips[index] ?? "", index)];
    const late = { sets, now: 1_060_000 };
    const other = podRequest("x", 1, { ...late, wishes, owner: undefined });
    assertEquals((await grant(store, other)).split(",")[index], ips[index]);
    // The owner comes back to what is left.
    const again = (await grant(store, podRequest("web-0", 2, late))).split(",");
    assertNotEquals(again[index], ips[index]);
    await drop(store, podRequest("web-0", 2, late));
    assertEquals((await grant(store, podRequest("web-0", 3, late))).split(","), again);
  }
});

Deno.test("an owner that moves on frees nothing that somebody else has by now", async () => {
  await using store = new MemoryDatastore();
  const four = setOf({ subnet: "10.0.0.0/24", random: "10.0.0.10-10.0.0.99", retain: 60_000 });
  const six = setOf({ subnet: "fd00::/64", random: "fd00::10-fd00::ff", retain: 60_000 });
  const sets = [four, six];
  const [ip = ""] = (await grant(store, podRequest("web-0", 1, { sets }))).split(",");
  await drop(store, podRequest("web-0", 1, { sets }));
  const now = 1_060_000;
  // Of one family only: the owner's other address, and with it the owner's key, stay.
  const other = { sets: [four], now, wishes: [wishFor(ip)], owner: undefined };
  await grant(store, podRequest("x", 1, other));
  const wishes = [wishFor("10.0.0.200"), wishFor("fd00::200", 1)];
  await grant(store, podRequest("web-0", 2, { sets, now, wishes }));
  assertEquals((await addressStates(store))[ip], "held");
});

Deno.test("of two attachments of one owner that are released at once, the newer one is retained", async () => {
  for (const order of [[1, 2], [2, 1]]) {
    await using store = new MemoryDatastore();
    const ip = await grant(store, podRequest("web-0", 1));
    const wishes = [wishFor("10.0.0.200")];
    await grant(store, podRequest("web-0", 2, { wishes }));
    const names = order.map((n) => podRequest("web-0", n).asker);
    const { space, asker: node, cooldownMs, now } = podRequest("web-0", 1);
    const released = await runPlan(
      store,
      planRelease({ space, node, names, cooldownMs, now }),
    );
    assertEquals(released.map(({ kind }) => kind), ["released", "released"]);
    await checkInvariants(store);
    assertEquals(await addressStates(store), { [ip]: "cooling", "10.0.0.200": "retained" });
  }
});

Deno.test("an owner of the same name in another cluster of the same name is a stranger", async () => {
  await using store = new MemoryDatastore();
  await grant(store, podRequest("web-0", 1));
  await drop(store, podRequest("web-0", 1));
  const request = podRequest("web-0", 2);
  const other = { ...request, asker: { ...request.asker, authorities: ["api-2"] } };
  assertEquals((await add(store, other)).kind, "stranger");
  assertEquals(Object.values(await addressStates(store)), ["retained"]);
});
