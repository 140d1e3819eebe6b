import { assertEquals } from "@std/assert";
import { MemoryDatastore } from "../../../lib/datastore/memory.ts";
import { planCheck } from "../../../lib/ipam/check.ts";
import { planStale } from "../../../lib/ipam/gc.ts";
import { planRelease, RELEASE_BATCH } from "../../../lib/ipam/release.ts";
import { planStatus } from "../../../lib/ipam/status.ts";
import { parseAddr } from "../../../lib/net/addr.ts";
import { attachmentKey } from "../../../lib/state/keys.ts";
import { checkTxn } from "../../../lib/state/txn.ts";
import {
  add,
  addRequest,
  ASKER,
  ipsOf,
  release,
  runPlan,
  seeded,
} from "../../support/allocator.ts";
import { allEntries, checkInvariants } from "../../support/invariants.ts";
import { setOf } from "../../support/sets.ts";

const SET = setOf({ subnet: "10.0.0.0/24" });
const SIX = setOf({ subnet: "fd00::/64" });

Deno.test("planRelease() leaves nothing but what cools down", async () => {
  await using store = new MemoryDatastore();
  const pod = { namespace: "ns", name: "web-0", uid: "uid-1" };
  const request = addRequest({ sets: [SET, SIX], asker: { pod } });
  await add(store, request);
  assertEquals((await release(store, request))?.kind, "released");
  await checkInvariants(store);
  const folders = (await allEntries(store)).map(({ key }) => key.split("/")[4]);
  assertEquals(folders, ["addresses", "addresses", "expiring", "expiring"]);
});

Deno.test("planRelease() leaves nothing at all without a cool-down", async () => {
  await using store = new MemoryDatastore();
  const request = addRequest({ sets: [SET], cooldownMs: 0 });
  await add(store, request);
  await release(store, request);
  assertEquals(await allEntries(store), []);
});

Deno.test("planRelease() leaves the attachment of another node or cluster", async () => {
  await using store = new MemoryDatastore();
  await add(store, addRequest());
  for (const asker of [{ node: "node-b", nodeId: "id-b" }, { cluster: "blue" }]) {
    assertEquals((await release(store, addRequest({ asker })))?.kind, "foreign");
  }
  assertEquals((await checkInvariants(store)).size, 1);
});

Deno.test("planRelease() clears at most eight expired addresses of each family away", async () => {
  await using store = new MemoryDatastore();
  const random = seeded(2);
  const request = (containerId: string, now = 1_000_000): ReturnType<typeof addRequest> =>
    addRequest({ sets: [SET], now, random, asker: { containerId } });
  for (let index = 0; index < 20; index++) await add(store, request(`c${index}`));
  for (let index = 0; index < 19; index++) await release(store, request(`c${index}`));
  const count = async (): Promise<number> =>
    (await allEntries(store)).filter(({ key }) => key.includes("/expiring/")).length;
  const before = await count();
  await release(store, request("c19", 1_100_000));
  assertEquals(await count(), before - 8 + 1);
  await checkInvariants(store);
});

Deno.test("planRelease() of a full batch with dual stack and clearing fits one transaction", async () => {
  await using store = new MemoryDatastore();
  const random = seeded(3);
  const names = Array.from({ length: 8 }, (_, index) => `c${index}`);
  const request = (containerId: string): ReturnType<typeof addRequest> =>
    addRequest({
      sets: [SET, SIX],
      random,
      asker: { containerId, pod: { name: "p", uid: containerId } },
    });
  for (let index = 0; index < 10; index++) {
    await add(store, request(`old${index}`));
    await release(store, request(`old${index}`));
  }
  for (const name of names) await add(store, request(name));
  const sent: number[] = [];
  const counted = {
    read: store.read.bind(store),
    commit: (...args: Parameters<typeof store.commit>): ReturnType<typeof store.commit> => {
      checkTxn(args[0]);
      sent.push(args[0].writes.length);
      return store.commit(...args);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const plan = planRelease({
    space: "default",
    node: ASKER,
    names: names.map((containerId) => ({ network: "net", containerId, ifName: "eth0" })),
    cooldownMs: 30_000,
    now: 9_000_000,
  });
  const released = await runPlan(counted, plan);
  assertEquals(released.map(({ kind }) => kind), names.map(() => "released"));
  assertEquals(sent.length, 1);
});

Deno.test("planRelease() of more than one transaction takes goes on until all are released", async () => {
  await using store = new MemoryDatastore();
  const sets = Array.from({ length: 16 }, (_, index) => setOf({ subnet: `10.${index}.0.0/24` }));
  const random = seeded(4);
  const names = Array.from({ length: RELEASE_BATCH }, (_, index) => `c${index}`);
  for (const containerId of names) {
    const pod = { name: "p", uid: containerId };
    await add(store, addRequest({ sets, random, asker: { containerId, pod } }));
  }
  assertEquals((await checkInvariants(store)).size, 16 * RELEASE_BATCH);
  const plan = planRelease({
    space: "default",
    node: ASKER,
    names: names.map((containerId) => ({ network: "net", containerId, ifName: "eth0" })),
    cooldownMs: 30_000,
    now: 9_000_000,
  });
  assertEquals((await runPlan(store, plan)).map(({ kind }) => kind), names.map(() => "released"));
  assertEquals((await checkInvariants(store)).size, 0);
});

Deno.test("planRelease() tells of a record that it cannot read, and releases the others", async () => {
  await using store = new MemoryDatastore();
  await add(store, addRequest({ sets: [SET] }));
  const broken = { network: "net", containerId: "bad", ifName: "eth0" };
  await add(store, addRequest({ asker: { containerId: "good" } }));
  const good = (await allEntries(store)).find(({ key }) => key.includes("/attachments/net/good/"));
  const spoilt = [
    good?.value.replace(/"ip":"[^"]*"/, '"ip":"10.0.0.x"'),
    good?.value.replace(/"since":\d+/, '"since":1e18'),
  ];
  for (const value of ["{", "[]", '{"schema":2}', '{"schema":1}', ...spoilt].map(String)) {
    const key = attachmentKey("default", broken);
    await store.commit({ guards: [], writes: [{ kind: "put", key, value }] }, {
      signal: AbortSignal.timeout(1000),
    });
    const names = [broken, { network: "net", containerId: "none", ifName: "eth0" }];
    const plan = planRelease({ space: "default", node: ASKER, names, cooldownMs: 0, now: 1 });
    assertEquals((await runPlan(store, plan)).map(({ kind }) => kind), ["unreadable", "absent"]);
  }
});

Deno.test("planStale() lists what this node holds on the network and the runtime does not know", async () => {
  await using store = new MemoryDatastore();
  const askers = [
    { containerId: "a" },
    { containerId: "b" },
    { containerId: "b", ifName: "net1" },
    { containerId: "c", network: "other" },
    { containerId: "d", node: "node-b" },
  ];
  for (const asker of askers) await add(store, addRequest({ sets: [SET], asker }));
  const asked = { space: "default", cluster: "default", node: "node-a", network: "net" };
  const valid = [{ containerId: "b", ifName: "eth0" }];
  const stale = await runPlan(store, planStale({ ...asked, valid }));
  assertEquals(stale.map(({ containerId, ifName }) => `${containerId}/${ifName}`), [
    "a/eth0",
    "b/net1",
  ]);
  assertEquals((await runPlan(store, planStale({ ...asked, valid: [] }))).length, 3);
});

Deno.test("planStale() reads more than one page", async () => {
  await using store = new MemoryDatastore();
  const sets = [setOf({ subnet: "10.0.0.0/8" })];
  const random = seeded(1);
  for (let index = 0; index < 1203; index++) {
    await add(store, addRequest({ sets, random, asker: { containerId: `c${index}` } }));
  }
  const asked = { space: "default", cluster: "default", node: "node-a", network: "net" };
  assertEquals((await runPlan(store, planStale({ ...asked, valid: [] }))).length, 1203);
});

Deno.test("planCheck() compares the record with prevResult", async () => {
  await using store = new MemoryDatastore();
  const request = addRequest({ sets: [SET, SIX] });
  const [four = "", six = ""] = ipsOf(await add(store, request));
  const previous = [
    { addr: parseAddr(four), prefixLength: 24 },
    { addr: parseAddr(six), prefixLength: 64 },
    { addr: parseAddr("192.0.2.1"), prefixLength: 32 }, // a later plugin's
  ];
  const asked = { space: "default", node: ASKER, name: ASKER };
  const kindOf = async (list: typeof previous): Promise<string> =>
    (await runPlan(store, planCheck({ ...asked, previous: list }))).kind;
  assertEquals(await kindOf(previous), "ok");
  assertEquals(await kindOf(previous.slice(1)), "missing");
  assertEquals(
    await kindOf([{ addr: parseAddr(four), prefixLength: 16 }, ...previous.slice(1)]),
    "missing",
  );
  const foreign = { ...asked, node: { cluster: "blue", node: "x", nodeId: "y" }, previous };
  assertEquals((await runPlan(store, planCheck(foreign))).kind, "foreign");
  await release(store, request);
  assertEquals(await kindOf(previous), "absent");
});

Deno.test("planStatus() counts what is left of each range set", async () => {
  await using store = new MemoryDatastore();
  const sets = [setOf({ subnet: "10.0.0.0/29" }), SIX];
  await add(store, addRequest({ sets }));
  const fills = await runPlan(
    store,
    planStatus({ space: "default", network: "net", sets, now: 1 }),
  );
  assertEquals(fills, [
    { set: 0, size: 6n, free: 5n },
    { set: 1, size: 2n ** 64n - 2n, free: 2n ** 64n - 3n },
  ]);
  assertEquals(
    await runPlan(store, planStatus({ space: "default", network: "net", sets: [], now: 1 })),
    [],
  );
});
