/**
 * Cool-down and expiry under load: a small pool never runs out while an address is to be had, nothing piles up, and nothing is given
 * before its time.
 *
 * KUBE_IPAM_CHURN_SECONDS makes all of it take about as long, for minutes; what was counted is printed then.
 *
 * @module
 */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import type { Datastore } from "../../lib/datastore/datastore.ts";
import { openEtcd } from "../../lib/datastore/etcd/open.ts";
import { openSqlite } from "../../lib/datastore/sqlite.ts";
import type { AddRequest } from "../../lib/ipam/request.ts";
import { randomBelow } from "../../lib/plugin/random.ts";
import { add, addRequest, release, type RequestChanges } from "../support/allocator.ts";
import { Counting } from "../support/counting.ts";
import { startEtcd } from "../support/etcd.ts";
import { checkInvariants } from "../support/invariants.ts";
import { testNeeding } from "../support/needs.ts";
import { setOf } from "../support/sets.ts";
import {
  churn,
  type Churned,
  type ChurnOptions,
  countExpiring,
  describe,
  SMALL,
  SMALL_SIZE,
} from "./_churn.ts";

/** Where a churn takes place. */
interface Place extends AsyncDisposable {
  readonly open: () => Promise<Datastore>;
}

const PLACES: Readonly<Record<"etcd" | "sqlite", () => Promise<Place>>> = {
  etcd: async () => {
    const etcd = await startEtcd();
    const dirs = { dataDir: `${etcd.dir}/data`, runDir: `${etcd.dir}/run`, random: Math.random };
    return {
      open: () => Promise.resolve(openEtcd(etcd.config({ transport: "gateway" }), dirs)),
      [Symbol.asyncDispose]: () => etcd[Symbol.asyncDispose](),
    };
  },
  sqlite: async () => {
    const dir = await Deno.makeTempDir({ prefix: "kube-ipam-churn-" });
    return {
      open: () => Promise.resolve(openSqlite(dir)),
      [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
    };
  },
};

const CALLERS = 8;
/** Longest time, on the plans' clock, that an expired record waits for the one DEL that clears it; then any of them does. */
const STAGGER_MS = 5_000;
const LARGE = { subnet: "10.8.0.0/16", gateway: "10.8.0.1" };

/** What one churn must show. */
interface Case extends Omit<ChurnOptions, "open"> {
  readonly name: string;
  /** Only with etcd, unless it may take its time. */
  readonly etcdOnly?: boolean;
  readonly check: (churned: Churned) => void;
}

/** Free addresses are left, so no ADD may answer anything but an address. */
function assertAllGranted({ outcomes }: Churned): void {
  assertEquals([...outcomes.keys()], ["granted"]);
}

/** Whatever is not held may cool down: there is no more of the pool than that. */
function assertBounded({ mostExpiring }: Churned, pods: number): void {
  assertLessOrEqual(mostExpiring, SMALL_SIZE - pods + CALLERS);
}

/** So many trips are enough for so many of a hundred ADDs; who finds every address taken needs three more than who finds one free. */
function assertTrips(
  { adds, dels }: Churned,
  { percent, speed }: { readonly percent: number; readonly speed: number },
): void {
  assertLessOrEqual(adds.quantile(percent / 100), 5, String(adds));
  // Where time runs faster than the calls, DELs at once have nothing to spread over.
  if (speed === 1) assertLessOrEqual(dels.mean, 2.65, String(dels));
}

function crowded(pods: number, cooldownMs: number, speed = 1): Case {
  return {
    name: `${pods} pods, cooldown ${cooldownMs / 1000} s${speed === 1 ? "" : ` at ${speed} times`}`,
    pods,
    cooldownMs,
    speed,
    etcdOnly: speed !== 1 || pods > 200,
    callers: CALLERS,
    seconds: 0.5,
    check: (churned) => {
      assertAllGranted(churned);
      assertBounded(churned, pods);
      assertTrips(churned, { percent: pods > 240 ? 75 : 90, speed });
    },
  };
}

const CASES: readonly Case[] = [
  crowded(200, 30_000),
  crowded(200, 1_000),
  crowded(200, 30_000, 60),
  crowded(250, 30_000),
  {
    name: "200 pods, one caller",
    etcdOnly: true,
    pods: 200,
    cooldownMs: 30_000,
    callers: 1,
    seconds: 0.5,
    check: (churned) => {
      assertAllGranted(churned);
      assertLessOrEqual(churned.adds.most, 4, "the claim, a list, the oldest, the claim");
      assertLessOrEqual(churned.dels.most, 2);
    },
  },
  {
    // Of the 160 one in four keeps its address for its owner, who comes again or not.
    name: "160 pods, some of them with owners",
    pods: 160,
    cooldownMs: 1_000,
    ownerEach: 4,
    retainMs: 3_000,
    callers: CALLERS,
    seconds: 0.5,
    check: ({ outcomes, mostExpiring, dels, adds }) => {
      // An owner that comes again while its former pod still lives is told so.
      for (const kind of outcomes.keys()) assert(["granted", "taken"].includes(kind), kind);
      assertLessOrEqual(mostExpiring, SMALL_SIZE - 160 + CALLERS);
      assertLessOrEqual(dels.mean, 2.65, String(dels));
      assertLessOrEqual(adds.quantile(0.9), 5, String(adds));
    },
  },
  {
    // Hardly an ADD meets anything here: DEL alone clears away, and those at once do not spoil each other's transactions.
    name: "200 pods in a /16",
    pods: 200,
    cooldownMs: 500,
    range: LARGE,
    callers: CALLERS,
    seconds: 1.2,
    check: (churned) => {
      const { adds, dels } = churned;
      assertAllGranted(churned);
      assertLessOrEqual(adds.mean, 1.1, String(adds));
      assertLessOrEqual(dels.mean, 2.5, String(dels));
    },
  },
  {
    // So much of the plans' time passes that many generations cool down.
    name: "200 pods in a /16, at 20 times",
    etcdOnly: true,
    pods: 200,
    cooldownMs: 1_000,
    speed: 20,
    range: LARGE,
    callers: CALLERS,
    seconds: 1,
    check: (churned) => {
      const { mostExpiring, mostDels } = churned;
      assertAllGranted(churned);
      assertLessOrEqual(mostExpiring, 2 * mostDels(1_000 + STAGGER_MS) + 2 * CALLERS);
    },
  },
];

const LONG = Number(Deno.env.get("KUBE_IPAM_CHURN_SECONDS") ?? 0);
const SHORT = CASES.reduce((sum, { seconds }) => sum + seconds, 0) * 2;

for (const kind of ["etcd", "sqlite"] as const) {
  for (const { name, check, etcdOnly = false, ...options } of CASES) {
    if (kind !== "etcd" && etcdOnly && LONG === 0) continue;
    testNeeding(kind === "etcd" ? ["etcd"] : [], `pods come and go: ${kind}, ${name}`, async () => {
      await using place = await PLACES[kind]();
      const share = LONG > 0 ? LONG / SHORT : kind === "sqlite" ? 0.5 : 1;
      const seconds = options.seconds * share;
      const churned = await churn({ range: SMALL, ...options, seconds, open: place.open });
      // deno-lint-ignore no-console -- for whoever asked for the long form
      if (LONG > 0) console.log(describe(`${kind}, ${name}`, churned));
      check(churned);
    });
  }
}

const T0 = 1_000_000;
/** A pool of which every address is looked at. */
const WHOLE = { subnet: "10.0.0.0/26", gateway: "10.0.0.1" };
const WHOLE_SIZE = 61;

/** ADDs as many pods as the pool has addresses, by several callers; returns how they ended. */
async function addAll(
  place: Place,
  { prefix, ...changes }: RequestChanges & { readonly prefix: string },
): Promise<Readonly<Record<string, number>>> {
  const ends: Record<string, number> = {};
  const names = Array.from({ length: WHOLE_SIZE }, (_, index) => `${prefix}${index}`).values();
  await Promise.all(Array.from({ length: CALLERS }, async () => {
    await using store = await place.open();
    for (const name of names) {
      const { kind } = await add(store, requestOf(name, changes));
      ends[kind] = (ends[kind] ?? 0) + 1;
    }
  }));
  return ends;
}

async function releaseAll(place: Place, requests: readonly AddRequest[]): Promise<void> {
  await using store = await place.open();
  for (const request of requests) await release(store, request);
}

function requestOf(name: string, changes: RequestChanges): AddRequest {
  const owned = changes.retain === undefined ? {} : { owner: { namespace: "shop", name } };
  return addRequest({
    sets: [setOf(WHOLE)],
    random: randomBelow,
    ...owned,
    ...changes,
    asker: { containerId: name, pod: { namespace: "shop", name, uid: name } },
  });
}

for (const kind of ["etcd", "sqlite"] as const) {
  const needs = kind === "etcd" ? ["etcd"] as const : [];

  testNeeding(needs, `a pool that cools down as a whole is given again: ${kind}`, async () => {
    await using place = await PLACES[kind]();
    assertEquals(await addAll(place, { prefix: "a", now: T0 }), { granted: WHOLE_SIZE });
    const requests = Array.from(
      { length: WHOLE_SIZE },
      (_, index) => requestOf(`a${index}`, { now: T0 + index }),
    );
    await releaseAll(place, requests);
    await using store = new Counting(await place.open());
    const first = requestOf("b0", { now: T0 + 1000 });
    const outcome = await add(store, first);
    assertEquals([outcome.kind, store.trips <= 4], ["granted", true], `${store.trips} trips`);
    await release(store, first);
    assertEquals(await addAll(place, { prefix: "b", now: T0 + 1000 }), { granted: WHOLE_SIZE });
    assertEquals(await countExpiring(store), 0);
    assertEquals((await checkInvariants(store)).size, WHOLE_SIZE);
  });

  testNeeding(
    needs,
    `a pool that is retained as a whole is given when its time is over: ${kind}`,
    async () => {
      await using place = await PLACES[kind]();
      const retain = 60_000;
      await addAll(place, { prefix: "a", now: T0, retain });
      const requests = Array.from(
        { length: WHOLE_SIZE },
        (_, index) => requestOf(`a${index}`, { now: T0, retain }),
      );
      await releaseAll(place, requests);
      const early = await addAll(place, { prefix: "b", now: T0 + retain - 1 });
      assertEquals(early, { exhausted: WHOLE_SIZE });
      const late = await addAll(place, { prefix: "c", now: T0 + retain });
      assertEquals(late, { granted: WHOLE_SIZE });
      await using store = await place.open();
      assertEquals(await countExpiring(store), 0);
      assertEquals((await checkInvariants(store)).size, WHOLE_SIZE);
    },
  );
}
