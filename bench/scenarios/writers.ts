/**
 * Many ADDs at the same time: from processes on four nodes, and from callers of the library.
 *
 * @module
 */
import { type Caller, writeNetconfs } from "../caller.ts";
import { type Burster, bursts } from "../measure/bursts.ts";
import { divided, figureOf } from "../report/compare.ts";
import type { Findings, Goal, Row } from "../report/row.ts";
import { type Bench, partOf, type Scenario } from "../scenario.ts";
import { startCalmEtcd } from "../servers.ts";
import { ORIGINAL, WHEREABOUTS } from "../stand_ins.ts";
import { measureLibrary } from "./library.ts";

const OURS = "kube-ipam on etcd";
const EMPTY = "empty program";
const NODES = 4;
/** How many at once, and how often: fewer bursts of the large ones. */
const SIZES = [[1, 48], [8, 12], [32, 8], [64, 4], [128, 2], [256, 2]] as const;
const QUICK_SIZES = [[1, 6], [8, 2], [32, 1]] as const;
/** The size that the goal speaks of. */
const GOAL_SIZE = 32;
/** More at once than this, and the one that sleeps 2 s for each lost try takes most of the run. */
const SLEEPERS = 32;
const LIMIT_MS = 60_000;

/** The scenario. */
export const writers: Scenario = {
  name: "writers",
  title: "Many at once",
  seconds: { full: 230, quick: 20 },
  run,
};

async function run(bench: Bench): Promise<Findings> {
  const { quick, root, programs, advance } = bench;
  await using etcd = bench.hasEtcd ? await startCalmEtcd() : undefined;
  const sqlite: Caller = {
    name: "kube-ipam on SQLite, 1 node",
    of: "ours",
    path: programs.plugin,
    netconfs: await writeNetconfs({ root, name: "writers-sqlite", ipam: { datastore: "sqlite" } }),
  };
  const bursters: Burster[] = [
    { caller: { ...sqlite, name: EMPTY, of: "minimum", path: programs.empty }, releases: false },
    { caller: sqlite, releases: false },
  ];
  let original: Caller | undefined;
  if (etcd !== undefined) {
    const netconfs = await writeNetconfs({
      root,
      name: "writers",
      ipam: { etcdConfig: { etcdURL: etcd.endpoints.join(",") } },
      nodes: NODES,
    });
    const standIn = { of: "stand-in", netconfs } as const;
    const whereabouts = { ...standIn, name: WHEREABOUTS, path: programs.whereabouts };
    original = { ...standIn, name: ORIGINAL, path: programs.original };
    bursters.push(
      { caller: { name: OURS, of: "ours", path: programs.plugin, netconfs }, releases: false },
      { caller: whereabouts, releases: false, limitMs: LIMIT_MS },
    );
  }
  for (const peer of bench.peers) {
    const caller = await peer.caller({ ...(etcd && { etcd: etcd.endpoints }) });
    if (caller !== undefined) bursters.push({ caller, releases: true, limitMs: LIMIT_MS });
  }
  const sizes = quick ? QUICK_SIZES : SIZES;
  const rows: Row[] = [];
  for (const [index, [atOnce, runs]] of sizes.entries()) {
    const part = (step: number): number => 0.85 * (index + step) / sizes.length;
    rows.push(
      ...await bursts(bench, bursters, {
        atOnce,
        runs,
        advance: partOf(advance, { from: part(0), to: part(0.7) }),
      }),
    );
    // Apart: the others would wait for it. In a quick run one at a time only.
    if (original !== undefined && atOnce <= (quick ? 1 : SLEEPERS)) {
      rows.push(
        ...await bursts(bench, [{
          caller: original,
          releases: false,
          limitMs: LIMIT_MS,
          ...(atOnce === 1 ? {} : { note: "one burst only, as it waits 2 s for each lost try" }),
        }], {
          atOnce,
          runs: atOnce === 1 ? runs : 1,
          advance: partOf(advance, { from: part(0.7), to: part(1) }),
        }),
      );
    }
  }
  const library = etcd === undefined
    ? { tables: [], goals: [] }
    : await measureLibrary(bench, { etcd, advance: partOf(advance, { from: 0.85, to: 1 }) });
  return {
    tables: [
      {
        id: "writers",
        title: "ADDs at once",
        axis: "at once",
        rows: rows.toSorted((a, b) => names(rows).indexOf(a.name) - names(rows).indexOf(b.name)),
        notes: [
          `On etcd from ${NODES} nodes, each with directories and a name of its own.`,
          ...(etcd === undefined ? [] : [
            quick
              ? `The ${ORIGINAL} is called one at a time only: many at once take longer than a quick run.`
              : `The ${ORIGINAL} is called up to ${SLEEPERS} at once only, and what is not done after ${
                LIMIT_MS / 1000
              } s is ended and counted as failed.`,
          ]),
        ],
      },
      ...library.tables,
    ],
    goals: [...goalsOf(rows), ...library.goals],
  };
}

function names(rows: readonly Row[]): readonly string[] {
  return [...new Set(rows.map(({ name }) => name))];
}

function goalsOf(rows: readonly Row[]): readonly Goal[] {
  const at = (name: string): Row | undefined =>
    rows.find((row) => row.name === name && row.at === GOAL_SIZE);
  const ours = rows.filter(({ name, of, at = 0 }) => of === "ours" && name === OURS && at > 0);
  const sum = (count: (row: Row) => number): number | undefined =>
    ours.length === 0 ? undefined : ours.reduce((total, row) => total + count(row), 0);
  return [
    {
      text: `p99 of ${GOAL_SIZE} ADDs at once, to ${GOAL_SIZE} of the ${EMPTY}`,
      must: "at most",
      limit: 3,
      ...figureOf(divided(at(OURS)?.wallMs?.p99, at(EMPTY)?.wallMs?.p99)),
    },
    {
      text: "Failed ADDs on etcd, over all sizes",
      must: "at most",
      limit: 0,
      unit: "",
      ...figureOf(sum(({ failures }) => failures)),
    },
    {
      text: "Addresses given twice on etcd, over all sizes",
      must: "at most",
      limit: 0,
      unit: "",
      ...figureOf(sum(({ duplicates }) => duplicates)),
    },
  ];
}
