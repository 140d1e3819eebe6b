import { assert, assertEquals } from "@std/assert";
import { MemoryDatastore } from "../../../lib/datastore/memory.ts";
import {
  CLEARED_BY_DEL,
  type Expiring,
  findReusable,
  parseOldest,
  readOldest,
  shareOf,
} from "../../../lib/ipam/expiring.ts";
import { formatAddr, parseAddr } from "../../../lib/net/addr.ts";
import { expiringKey } from "../../../lib/state/keys.ts";
import { put } from "../../../lib/state/operations.ts";
import type { Entry, Write } from "../../../lib/state/txn.ts";
import { add, addRequest, release, runPlan, seeded } from "../../support/allocator.ts";
import { Counting } from "../../support/counting.ts";
import { allEntries } from "../../support/invariants.ts";
import { setOf } from "../../support/sets.ts";

const NOW = 1_000_000;

function expiring(index: number, untilMs: number): Expiring {
  const addr = { family: 4, value: parseAddr("10.0.0.0").value + BigInt(index) } as const;
  return { addr, untilMs, state: "cooling", replacement: { guards: [], deletes: [] } };
}

/** So many, whose time ended one after the other. */
function listOf(
  count: number,
  { agesFrom, step }: { readonly agesFrom: number; readonly step: number },
): readonly Expiring[] {
  return Array.from(
    { length: count },
    (_, index) => expiring(index, NOW - agesFrom + index * step),
  );
}

const NAMES = Array.from({ length: 400 }, (_, index) => `container-${index}`);

Deno.test("shareOf() takes nothing whose time is not over", () => {
  const list = [expiring(1, NOW + 1), expiring(2, NOW + 5000)];
  for (const by of NAMES) assertEquals(shareOf(list, { now: NOW, by }), []);
});

Deno.test("shareOf() takes what is long over at once, eight at most, and several DELs take several blocks", () => {
  const few = listOf(5, { agesFrom: 60_000, step: 1 });
  for (const by of NAMES) assertEquals(shareOf(few, { now: NOW, by }), few);
  const many = listOf(32, { agesFrom: 60_000, step: 1 });
  const starts = new Set<number>();
  for (const by of NAMES) {
    const share = shareOf(many, { now: NOW, by });
    assertEquals(share.length, CLEARED_BY_DEL);
    const start = many.findIndex((one) => one === share[0]);
    assertEquals(share, many.slice(start, start + CLEARED_BY_DEL));
    starts.add(start);
  }
  assertEquals(starts, new Set([0, 8, 16, 24]));
});

Deno.test("shareOf() spreads what has just ended: each DEL takes a few, and all of it is somebody's", () => {
  // As many as end in half a second when 64 DELs are made in one.
  const list = listOf(32, { agesFrom: 500, step: 15 });
  const taken = new Map<string, number>();
  let total = 0;
  for (const by of NAMES) {
    const share = shareOf(list, { now: NOW, by });
    total += share.length;
    for (const { addr } of share) {
      taken.set(formatAddr(addr), (taken.get(formatAddr(addr)) ?? 0) + 1);
    }
  }
  const mean = total / NAMES.length;
  assert(mean > 1 && mean < 2.5, `each takes ${mean}`);
  const most = Math.max(...taken.values());
  assert(most < NAMES.length / 4, `${most} of ${NAMES.length} want the same one`);
  assert(taken.size >= 30, `${taken.size} are taken`);
});

Deno.test("findReusable() gives what cools down and what is over, oldest first, and nothing that is retained still", async () => {
  await using store = new MemoryDatastore();
  const rows = [
    ["10.0.0.1", NOW - 5, "retained"],
    ["10.0.0.2", NOW - 4, "cooling"],
    ["10.0.0.3", NOW + 1, "retained"],
    ["10.0.0.4", NOW + 2, "cooling"],
    ["10.0.0.5", NOW + 3, "cooling"],
  ] as const;
  const writes = rows.map(([ip, untilMs, state]): Write =>
    put(expiringKey("default", { untilMs, addr: parseAddr(ip) }), {
      schema: 1,
      state,
      network: "net",
    })
  );
  await store.commit({ guards: [], writes }, { signal: AbortSignal.timeout(1000) });
  const find = (grantable: (value: bigint) => boolean): Promise<readonly Expiring[]> =>
    runPlan(store, findReusable({ space: "default", family: 4, now: NOW, grantable }));
  const ipsOf = (list: readonly Expiring[]): readonly string[] =>
    list.map(({ addr }) => formatAddr(addr));
  assertEquals(ipsOf(await find(() => true)), ["10.0.0.1", "10.0.0.2", "10.0.0.4", "10.0.0.5"]);
  const third = parseAddr("10.0.0.3").value;
  assertEquals(ipsOf(await find((value) => value === third)), []);
});

Deno.test("parseOldest() leaves out what it cannot read", () => {
  const good = expiringKey("default", { untilMs: NOW, addr: parseAddr("10.0.0.1") });
  const value = '{"schema":1,"state":"cooling","network":"net"}';
  const entries: readonly Entry[] = [
    { key: good.replace(/[^/]*$/, "xyz"), value, revision: "1" },
    { key: good, value: "{", revision: "1" },
    { key: good, value: value.replace("1", "2"), revision: "1" },
    { key: good, value, revision: "1" },
  ];
  assertEquals(parseOldest("default", entries).map(({ addr }) => formatAddr(addr)), ["10.0.0.1"]);
});

Deno.test("findReusable() finds an address behind thousands of other networks', retained ones and what it cannot read", async () => {
  await using store = new MemoryDatastore();
  const signal = AbortSignal.timeout(10_000);
  const base = parseAddr("10.8.0.0").value;
  const own = parseAddr("10.0.0.0").value;
  const rows = [
    ...Array.from(
      { length: 3000 },
      (_, index) => [base + BigInt(index), index, "cooling"] as const,
    ),
    ...Array.from(
      { length: 100 },
      (_, index) => [own + BigInt(index), 5000 + index, "retained"] as const,
    ),
    [own + 200n, 9000, "cooling"] as const,
    ...Array.from(
      { length: 700 },
      (_, index) => [base + 4000n + BigInt(index), 9001 + index, "cooling"] as const,
    ),
  ];
  for (const [value, ms, state] of rows) {
    const key = expiringKey("default", { untilMs: NOW + ms, addr: { family: 4, value } });
    const write = put(key, { schema: 1, state, network: "net" });
    await store.commit({ guards: [], writes: [write] }, { signal });
  }
  const garbage: readonly Write[] = ["xyz", "0a000001x"].map((name) => ({
    kind: "put",
    key: `/kube-ipam/v1/default/expiring/4/0000000000000001/${name}`,
    value: "{",
  }));
  await store.commit({ guards: [], writes: garbage }, { signal });
  const find = (last: bigint): Promise<readonly Expiring[]> =>
    runPlan(
      store,
      findReusable({
        space: "default",
        family: 4,
        now: NOW,
        grantable: (value) => own <= value && value <= last,
      }),
    );
  assertEquals((await find(own + 255n)).map(({ addr }) => formatAddr(addr)), ["10.0.0.200"]);
  assertEquals(await find(own + 199n), []);
});

Deno.test("an expiring/ key that outlived its address stops nobody for long", async () => {
  await using store = new Counting(new MemoryDatastore());
  const signal = AbortSignal.timeout(10_000);
  const orphan = expiringKey("default", { untilMs: 1, addr: parseAddr("10.0.0.9") });
  const value = { schema: 1, state: "cooling", network: "net" } as const;
  await store.commit({ guards: [], writes: [put(orphan, value)] }, { signal });
  const sets = [setOf({ subnet: "10.8.0.0/16" })];
  const random = seeded(1);
  let trips = 0;
  const count = 200;
  for (let index = 0; index < count; index++) {
    const now = 2_000_000 + index * 100;
    const containerId = `c${index}`;
    const request = addRequest({ sets, random, now, cooldownMs: 1_000, asker: { containerId } });
    await add(store, request);
    store.trips = 0;
    await release(store, request);
    trips += store.trips;
  }
  assert(trips < count * 2.5, `${trips} trips of ${count} DELs`);
  const left = (await allEntries(store)).filter(({ key }) => key.includes("/expiring/"));
  assert(left.length < 60, `${left.length} are left`);
});

Deno.test("readOldest() up to a moment reads nothing whose time is not over", async () => {
  const store = new MemoryDatastore();
  const record = { schema: 1, state: "cooling", network: "net" } as const;
  const writes = [NOW - 1, NOW, NOW + 1, NOW + 1_000].map((untilMs, index) =>
    put(expiringKey("default", { untilMs, addr: expiring(index, untilMs).addr }), record)
  );
  const signal = AbortSignal.timeout(1_000);
  await store.commit({ guards: [], writes }, { signal });
  const read = readOldest("default", { family: 4, limit: 10, now: NOW });
  const [seen] = await store.read([read], { signal });
  assert(seen?.kind === "list");
  const found = parseOldest("default", seen.entries).map(({ untilMs }) => untilMs);
  assertEquals(found, [NOW - 1, NOW]);
});
