/**
 * Pools that are empty, full and large: what an ADD and a DEL cost in each, and in what order addresses are given.
 *
 * @module
 */
import { type Caller, writeNetconfs } from "../caller.ts";
import { bursts } from "../measure/bursts.ts";
import { addAndDel, oneByOne } from "../measure/one_by_one.ts";
import { countTraffic, type Needed } from "../measure/traffic.ts";
import { startDelayingProxy } from "../network/delaying_proxy.ts";
import { figureOf, withRatios, worst } from "../report/compare.ts";
import type { Findings, Goal, Row } from "../report/row.ts";
import { type Bench, partOf, type Scenario } from "../scenario.ts";
import type { TestEtcd } from "../../tests/support/etcd.ts";
import { startCalmEtcd } from "../servers.ts";
import { CAPACITY, fill, type Pool, POOLS, QUICK_POOLS } from "./pools.ts";

const AT_ONCE = [32, 128];
const ORDERS = ["random", "sequential", "lowest"];

/** The scenario. */
export const filling: Scenario = {
  name: "fill",
  title: "Full and large pools",
  seconds: { full: 190, quick: 22 },
  run,
};

async function run(bench: Bench): Promise<Findings> {
  const { quick, advance, signal } = bench;
  if (!bench.hasEtcd) return { tables: [], goals: [] };
  await using etcd = await startCalmEtcd();
  const pools = quick ? QUICK_POOLS : POOLS;
  const toTake = pools.reduce((sum, { taken = 0 }) => sum + taken, 0);
  let taken = 0;
  for (const pool of pools) {
    await fill(pool, { etcd, signal });
    taken += pool.taken ?? 0;
    partOf(advance, { from: 0, to: 0.3 })(taken / toTake);
  }
  const rows = await measurePools(bench, { etcd, pools });
  const writers = await measureOrders(bench, etcd);
  return {
    tables: [
      {
        id: "fill",
        title: "ADD and DEL by what is taken of the pool",
        axis: "taken",
        ratioTo: "an empty /16",
        rows,
        notes: [
          "A /16 has 65 533 addresses to give: with 65 532 taken, one is free.",
          "A released address is free at once here (`cooldown` 0 s), so that every run meets the same pool.",
          "Round trips and bytes were counted by a proxy, in calls apart; bytes go both ways and include HTTP heads.",
        ],
      },
      {
        id: "fill-writers",
        title: "Many ADDs at once, by the order in which addresses are given",
        axis: "at once",
        rows: writers,
        notes: ["From 4 nodes, in a /16."],
      },
    ],
    goals: goalsOf(rows),
  };
}

interface Places {
  readonly etcd: TestEtcd;
  readonly pools: readonly Pool[];
}

async function measurePools(
  bench: Bench,
  { etcd, pools }: Places,
): Promise<readonly Row[]> {
  const { quick, advance } = bench;
  const callers = await Promise.all(pools.map((pool) => callerOf(bench, pool, etcd.endpoints)));
  const turns = pools.flatMap((pool, index) => {
    const caller = callers[index];
    return caller === undefined
      ? []
      : addAndDel(caller, pool.taken === undefined ? {} : { at: pool.taken });
  });
  const rows = await oneByOne(bench, turns, {
    runs: quick ? 6 : 50,
    advance: partOf(advance, { from: 0.3, to: 0.65 }),
  });
  const counted = await countPools(bench, { etcd, pools });
  const seen = rows.map((row, index) => ({ ...row, ...counted[index] }));
  const empty = (verb: string): Row | undefined =>
    seen.find(({ name, at }) => at === 0 && name.startsWith(verb));
  return withRatios(seen, ({ name }) => empty(name.slice(0, 3)));
}

/** In the order of the turns: ADD and DEL of each pool. */
async function countPools(bench: Bench, { etcd, pools }: Places): Promise<readonly Needed[]> {
  const counted: Needed[] = [];
  await using proxy = await startDelayingProxy(etcd.endpoints, 0);
  for (const pool of pools) {
    const caller = await callerOf(bench, pool, proxy.urls);
    const calls = bench.quick ? 3 : 10;
    counted.push(...await countTraffic(bench, caller, { proxy, verbs: ["ADD", "DEL"], calls }));
  }
  return counted;
}

async function callerOf(
  { root, programs }: Bench,
  { id, name, ipam }: Pool,
  urls: readonly string[],
): Promise<Caller> {
  const netconfs = await writeNetconfs({
    root,
    name: id,
    ipam: { ...ipam, cooldown: "0s", etcdConfig: { etcdURL: urls.join(",") } },
  });
  return { name, of: "ours", path: programs.plugin, netconfs };
}

async function measureOrders(bench: Bench, etcd: TestEtcd): Promise<readonly Row[]> {
  const { root, programs, quick, advance } = bench;
  const callers = await Promise.all(ORDERS.map(async (allocation): Promise<Caller> => ({
    name: allocation,
    of: "ours",
    path: programs.plugin,
    netconfs: await writeNetconfs({
      root,
      name: `order-${allocation}`,
      ipam: { allocation, etcdConfig: { etcdURL: etcd.endpoints.join(",") } },
      nodes: 4,
    }),
  })));
  const sizes = quick ? AT_ONCE.slice(0, 1) : AT_ONCE;
  const rows: Row[] = [];
  for (const [index, atOnce] of sizes.entries()) {
    const part = (step: number): number => 0.65 + 0.35 * (index + step) / sizes.length;
    rows.push(
      ...await bursts(bench, callers.map((caller) => ({ caller, releases: false })), {
        atOnce,
        runs: quick ? 1 : 3,
        advance: partOf(advance, { from: part(0), to: part(1) }),
      }),
    );
  }
  return rows;
}

function goalsOf(rows: readonly Row[]): readonly Goal[] {
  const select = (verb: string, where: (row: Row) => boolean): readonly Row[] =>
    rows.filter((row) => row.name.startsWith(verb) && where(row));
  const isFilled = ({ at = 0 }: Row): boolean => at > 0 && at < CAPACITY - 1;
  const isLast = ({ at }: Row): boolean => at === CAPACITY - 1;
  const isLarge = ({ at }: Row): boolean => at === undefined;
  const ratios = (verb: string, where: (row: Row) => boolean): number | undefined =>
    worst(select(verb, where).map(({ ratio }) => ratio));
  const trips = (where: (row: Row) => boolean): number | undefined =>
    worst(select("ADD", where).map((row) => row.trips));
  return [
    ...["ADD", "DEL"].map((verb): Goal => ({
      text: `${verb} in a /16 of which up to 65 000 are taken, the worst to an empty one`,
      must: "at most",
      limit: 1.2,
      ...figureOf(ratios(verb, isFilled)),
    })),
    {
      text: "ADD of the last free address of a /16, to an empty one",
      must: "at most",
      limit: 2.5,
      ...figureOf(ratios("ADD", isLast)),
    },
    {
      text: "ADD in an IPv4 /8, an IPv6 /64 and 40 subnets, the worst to a /16",
      must: "at most",
      limit: 1.2,
      ...figureOf(ratios("ADD", isLarge)),
    },
    {
      text: "Round trips of an ADD in a /16 of which up to 10 000 are taken",
      must: "at most",
      limit: 2,
      unit: "",
      ...figureOf(trips(({ at }) => at !== undefined && at <= 10_000)),
    },
    {
      text: "Round trips of an ADD in a /16 of which more are taken, the last free address too",
      must: "at most",
      limit: 6,
      unit: "",
      ...figureOf(trips(({ at }) => at !== undefined && at > 10_000)),
    },
  ];
}
