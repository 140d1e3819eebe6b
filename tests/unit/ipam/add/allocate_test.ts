/** Each rule of allocation on the memory datastore: long because the rules are many. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { MemoryDatastore } from "../../../../lib/datastore/memory.ts";
import { parseAddr } from "../../../../lib/net/addr.ts";
import { addressKey, cursorKey, expiringKey } from "../../../../lib/state/keys.ts";
import { type AddressRecord, SCHEMA } from "../../../../lib/state/records.ts";
import { formatRecord } from "../../../../lib/state/record_text.ts";
import { add, addRequest, ASKER, ipsOf, release, seeded } from "../../../support/allocator.ts";
import { allEntries, checkInvariants } from "../../../support/invariants.ts";
import { setOf, wishFor } from "../../../support/sets.ts";

const POD = { namespace: "ns", name: "web-0", uid: "00000000-0000-4000-8000-000000000001" };
const SMALL = setOf({ subnet: "10.0.0.0/30" }); // .1 and .2

Deno.test("planAdd() answers a repeated call with the same addresses", async () => {
  await using store = new MemoryDatastore();
  const sets = [SMALL, setOf({ subnet: "fd00::/64" })];
  const first = await add(store, addRequest({ sets }));
  const second = await add(store, addRequest({ sets, random: seeded(99), now: 2_000_000 }));
  assertEquals([first.kind, second.kind], ["granted", "held"]);
  assertEquals(ipsOf(second), ipsOf(first));
  assertEquals(ipsOf(first).length, 2);
  await checkInvariants(store);
});

Deno.test("planAdd() refuses a container ID that another node holds", async () => {
  await using store = new MemoryDatastore();
  await add(store, addRequest());
  const asker = { node: "node-b", nodeId: "id-b" };
  assertEquals((await add(store, addRequest({ asker }))).kind, "foreign");
  assertEquals((await add(store, addRequest({ asker: { cluster: "blue" } }))).kind, "foreign");
  const renamed = await add(store, addRequest({ asker: { node: "node-a-renamed" } }));
  assertEquals(renamed.kind, "held", "the node id tells that it is the same node");
});

Deno.test("planAdd() refuses a wish that the held attachment does not fulfil", async () => {
  await using store = new MemoryDatastore();
  await add(store, addRequest({ sets: [SMALL], wishes: [wishFor("10.0.0.1")] }));
  const other = await add(store, addRequest({ sets: [SMALL], wishes: [wishFor("10.0.0.2")] }));
  assertEquals(other.kind, "differs");
});

Deno.test("planAdd() tells who holds a wished address", async () => {
  await using store = new MemoryDatastore();
  const wishes = [wishFor("10.0.0.1")];
  await add(store, addRequest({ sets: [SMALL], wishes, asker: { pod: POD } }));
  const outcome = await add(
    store,
    addRequest({ sets: [SMALL], wishes, asker: { containerId: "c2" } }),
  );
  assert(outcome.kind === "taken");
  assertEquals([outcome.holder.pod?.name, outcome.samePod], ["web-0", false]);
});

Deno.test("planAdd() tells a pod that it holds the wished address on another interface", async () => {
  await using store = new MemoryDatastore();
  const wishes = [wishFor("10.0.0.1")];
  await add(store, addRequest({ sets: [SMALL], wishes, asker: { pod: POD } }));
  const outcome = await add(
    store,
    addRequest({ sets: [SMALL], wishes, asker: { ifName: "net1", pod: POD } }),
  );
  assert(outcome.kind === "taken");
  assertEquals(outcome.samePod, true);
});

Deno.test("planAdd() moves a pod's addresses to its new container", async () => {
  await using store = new MemoryDatastore();
  const sets = [setOf({ subnet: "10.0.0.0/24" }), setOf({ subnet: "fd00::/64" })];
  const old = await add(store, addRequest({ sets, asker: { pod: POD } }));
  const next = addRequest({ sets, random: seeded(5), asker: { containerId: "c2", pod: POD } });
  const moved = await add(store, next);
  assert(moved.kind === "granted");
  assertEquals(ipsOf(moved), ipsOf(old));
  assertEquals(moved.former?.record.containerID, "c1");
  assertEquals((await checkInvariants(store)).size, 2);
  assertEquals((await release(store, addRequest({ sets })))?.kind, "absent", "the late DEL");
  assertEquals((await checkInvariants(store)).size, 2);
});

Deno.test("planAdd() releases what does not fit when it takes over", async () => {
  await using store = new MemoryDatastore();
  const before = setOf({ subnet: "10.0.0.0/30" });
  const after = setOf({ subnet: "10.7.0.0/30" });
  const [gone = ""] = ipsOf(await add(store, addRequest({ sets: [before], asker: { pod: POD } })));
  const next = addRequest({ sets: [after], asker: { containerId: "c2", pod: POD } });
  const [ip = ""] = ipsOf(await add(store, next));
  assert(ip.startsWith("10.7.0."));
  const held = await checkInvariants(store);
  assertEquals([...held.keys()], [ip]);
  const entries = await allEntries(store);
  const cooling = entries.find(({ key }) => key === addressKey("default", parseAddr(gone)));
  assertEquals(JSON.parse(cooling?.value ?? "{}").state, "cooling");
});

Deno.test("planAdd() does not take over for another interface, network or pod", async () => {
  await using store = new MemoryDatastore();
  const sets = [setOf({ subnet: "10.0.0.0/24" })];
  const [first = ""] = ipsOf(await add(store, addRequest({ sets, asker: { pod: POD } })));
  const others = [
    { ifName: "net1", pod: POD },
    { network: "other", pod: POD },
    { pod: { ...POD, uid: "uid-2" } },
    { pod: { name: "web-0" } },
  ];
  for (const [index, asker] of others.entries()) {
    const outcome = await add(
      store,
      addRequest({ sets, random: seeded(index), asker: { containerId: `x${index}`, ...asker } }),
    );
    assertNotEquals(ipsOf(outcome)[0], first);
  }
  assertEquals((await checkInvariants(store)).size, 5);
});

Deno.test("planAdd() lets a released address rest while another is free", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    await using store = new MemoryDatastore();
    const request = addRequest({ sets: [SMALL], random: seeded(seed) });
    const [first] = ipsOf(await add(store, request));
    await release(store, request);
    const again = addRequest({ sets: [SMALL], random: seeded(seed), now: 1_000_001 });
    assertNotEquals(ipsOf(await add(store, again))[0], first);
  }
});

Deno.test("planAdd() gives a cooling address again rather than none, the oldest first", async () => {
  await using store = new MemoryDatastore();
  for (const [index, containerId] of ["a", "b"].entries()) {
    const request = addRequest({
      sets: [SMALL],
      now: 1_000_000 + index,
      wishes: [wishFor(`10.0.0.${index + 1}`)],
      asker: { containerId },
    });
    await add(store, request);
    await release(store, request);
  }
  const got = await add(store, addRequest({ sets: [SMALL], now: 1_000_002 }));
  assertEquals(ipsOf(got), ["10.0.0.1"]);
  await checkInvariants(store);
});

Deno.test("planAdd() gives an expired address and clears the other expired ones away", async () => {
  await using store = new MemoryDatastore();
  for (const containerId of ["a", "b"]) {
    await add(store, addRequest({ sets: [SMALL], asker: { containerId } }));
  }
  for (const containerId of ["a", "b"]) {
    await release(store, addRequest({ sets: [SMALL], asker: { containerId } }));
  }
  const got = await add(store, addRequest({ sets: [SMALL], now: 1_040_000 }));
  assertEquals(got.kind, "granted");
  await checkInvariants(store);
  const left = (await allEntries(store)).filter(({ key }) => key.includes("/expiring/"));
  assertEquals(left, []);
});

Deno.test("planAdd() claims a wished address although it cools down", async () => {
  await using store = new MemoryDatastore();
  const request = addRequest({ sets: [SMALL], wishes: [wishFor("10.0.0.1")] });
  await add(store, request);
  await release(store, request);
  assertEquals(ipsOf(await add(store, request)), ["10.0.0.1"]);
  await checkInvariants(store);
});

Deno.test("planAdd() never gives a retained address before its time, and does after it", async () => {
  await using store = new MemoryDatastore();
  for (const ip of ["10.0.0.1", "10.0.0.2"]) await retain(store, { ip, until: 2_000_000 });
  const request = addRequest({ sets: [SMALL] });
  assertEquals((await add(store, request)).kind, "exhausted");
  const wished = addRequest({ sets: [SMALL], wishes: [wishFor("10.0.0.2")] });
  assertEquals((await add(store, wished)).kind, "taken");
  assertEquals((await add(store, { ...request, now: 2_000_001 })).kind, "granted");
});

Deno.test("planAdd() looks past expiring addresses of other networks for one of its own", async () => {
  await using store = new MemoryDatastore();
  for (let index = 0; index < 100; index++) {
    await retain(store, { ip: `10.9.0.${index + 1}`, until: 5_000_000 + index });
  }
  const request = addRequest({ sets: [SMALL], now: 8_000_000, cooldownMs: 60_000 });
  for (const containerId of ["a", "b"]) {
    await add(store, { ...request, asker: { ...ASKER, containerId } });
  }
  await release(store, { ...request, asker: { ...ASKER, containerId: "b" } });
  const got = await add(store, { ...request, now: 1_000 });
  assertEquals(got.kind, "granted", "the cooling one of this pool, found on the second page");
});

Deno.test("planAdd() grants all range sets or none", async () => {
  await using store = new MemoryDatastore();
  const tiny = setOf({ subnet: "10.5.0.0/30", exclude: ["10.5.0.2"] });
  const sets = [SMALL, tiny];
  await add(store, addRequest({ sets, asker: { containerId: "a" } }));
  const second = await add(store, addRequest({ sets, asker: { containerId: "b" } }));
  assert(second.kind === "exhausted");
  assertEquals([second.set, second.size], [1, 1n]);
  assertEquals((await checkInvariants(store)).size, 2);
});

Deno.test("planAdd() is exhausted at once where a set has nothing to choose from", async () => {
  await using store = new MemoryDatastore();
  const sets = [setOf({ subnet: "10.5.0.0/30", exclude: ["10.5.0.1", "10.5.0.2"] })];
  assertEquals((await add(store, addRequest({ sets }))).kind, "exhausted");
});

Deno.test("planAdd() in sequence goes on after the last address and once round", async () => {
  await using store = new MemoryDatastore();
  const sets = [setOf({ subnet: "10.0.0.0/29" })]; // .1 to .6
  const request = (containerId: string): ReturnType<typeof addRequest> =>
    addRequest({ sets, allocation: "sequential", cooldownMs: 0, asker: { containerId } });
  const got: string[] = [];
  for (const containerId of ["a", "b", "c"]) {
    got.push(...ipsOf(await add(store, request(containerId))));
  }
  await release(store, request("a"));
  for (const containerId of ["d", "e", "f", "g"]) {
    got.push(...ipsOf(await add(store, request(containerId))));
  }
  assertEquals(got.map((ip) => ip.split(".")[3]), ["1", "2", "3", "4", "5", "6", "1"]);
});

Deno.test("planAdd() in sequence begins anew where the cursor is not of its pool", async () => {
  for (const cursor of ["not an address", "fd00::1", "10.99.0.1"]) {
    await using store = new MemoryDatastore();
    const key = cursorKey("default", "net", 0);
    await store.commit({ guards: [], writes: [{ kind: "put", key, value: cursor }] }, {
      signal: AbortSignal.timeout(1000),
    });
    const got = await add(store, addRequest({ sets: [SMALL], allocation: "sequential" }));
    assertEquals(ipsOf(got), ["10.0.0.1"], cursor);
  }
});

async function retain(
  store: MemoryDatastore,
  { ip, until }: { readonly ip: string; readonly until: number },
): Promise<void> {
  const addr = parseAddr(ip);
  const { containerId: containerID, ifName: ifname, ...holder } = ASKER;
  const record: AddressRecord = {
    schema: SCHEMA,
    ...holder,
    containerID,
    ifname,
    since: 1,
    ip,
    prefixLength: 24,
    source: "range",
    cools: true,
    state: "retained",
    owner: { namespace: "ns", name: "db-0" },
    until,
  };
  const value = formatRecord({ schema: SCHEMA, state: "retained", network: "net" });
  await store.commit({
    guards: [],
    writes: [
      { kind: "put", key: addressKey("default", addr), value: formatRecord(record) },
      { kind: "put", key: expiringKey("default", { untilMs: until, addr }), value },
    ],
  }, { signal: AbortSignal.timeout(1000) });
}

Deno.test("planAdd() that comes too late takes nothing over from a newer container of its pod", async () => {
  await using store = new MemoryDatastore();
  const newer = addRequest({ now: 2_000_000, asker: { containerId: "c2", pod: POD } });
  const [ip] = ipsOf(await add(store, newer));
  const late = await add(store, addRequest({ now: 1_999_999, asker: { pod: POD } }));
  assertEquals(late.kind, "superseded");
  assertEquals(
    (await checkInvariants(store)).get(ip ?? ""),
    "/kube-ipam/v1/default/attachments/net/c2/eth0",
  );
  const elsewhere = { nodeId: "id-b", node: "node-b", pod: POD };
  const other = await add(store, addRequest({ now: 1_999_999, asker: elsewhere }));
  assertEquals(other.kind, "granted", "the clocks of two nodes are not compared");
  const rebooted = { boot: "boot-b", containerId: "c3", nodeId: "id-b", node: "node-b", pod: POD };
  const third = await add(store, addRequest({ now: 1_999_000, asker: rebooted }));
  assertEquals(third.kind, "granted", "nor those of two boots");
});

Deno.test("planAdd() of many at once is never exhausted while addresses are free", async () => {
  for (const allocation of ["lowest", "sequential", "random"] as const) {
    await using store = new MemoryDatastore();
    const sets = [setOf({ subnet: "10.0.0.0/20" })];
    for (let index = 0; index < 600; index++) {
      const wishes = [wishFor(`10.0.${index >> 8}.${(index & 255) || 3}`)];
      await add(store, addRequest({ sets, wishes, asker: { containerId: `old${index}` } }));
    }
    for (let round = 0; round < 6; round++) {
      const outcomes = await Promise.all(
        Array.from({ length: 16 }, (_, index) =>
          add(
            store,
            addRequest({
              sets,
              allocation,
              random: seeded(round * 16 + index),
              asker: { containerId: `c${round}-${index}` },
            }),
          )),
      );
      assertEquals(outcomes.map(({ kind }) => kind), outcomes.map(() => "granted"), allocation);
    }
    await checkInvariants(store);
  }
});

Deno.test("planAdd() of the lowest takes an expired address before a higher one", async () => {
  await using store = new MemoryDatastore();
  const sets = [setOf({ subnet: "10.0.0.0/24" })];
  const request = addRequest({ sets, allocation: "lowest" });
  assertEquals(ipsOf(await add(store, request)), ["10.0.0.1"]);
  await release(store, request);
  const soon = addRequest({ sets, allocation: "lowest", asker: { containerId: "b" } });
  assertEquals(ipsOf(await add(store, soon)), ["10.0.0.2"], "it cools down");
  const later = { ...soon, now: 9_000_000, asker: { ...ASKER, containerId: "c" } };
  assertEquals(ipsOf(await add(store, later)), ["10.0.0.1"]);
  await checkInvariants(store);
});

Deno.test("planAdd() and planRelease() leave an address alone whose expiring key outlived it", async () => {
  await using store = new MemoryDatastore();
  const request = addRequest({ sets: [SMALL], wishes: [wishFor("10.0.0.1")] });
  await add(store, request);
  await release(store, request);
  const key = addressKey("default", parseAddr("10.0.0.1"));
  const signal = AbortSignal.timeout(1000);
  await store.commit({ guards: [], writes: [{ kind: "delete", key }] }, { signal });
  const holder = { ...request, now: 9_000_000, asker: { ...ASKER, containerId: "b" } };
  assertEquals(ipsOf(await add(store, holder)), ["10.0.0.1"]);
  for (const containerId of ["c", "d"]) {
    const other = addRequest({ sets: [SMALL], now: 9_000_001, asker: { containerId } });
    assertNotEquals(ipsOf(await add(store, other))[0], "10.0.0.1");
    await release(store, other);
  }
  const [seen] = await store.read([{ kind: "get", key }], { signal });
  assertEquals(seen?.kind === "get" && seen.entry !== undefined, true, "still held");
});
