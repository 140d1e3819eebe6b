/**
 * One call and nothing beside it: what the start of the program costs, and what each part of an ADD adds.
 *
 * @module
 */
import { type Caller, writeNetconfs } from "../caller.ts";
import { addAndDel, oneByOne, residentSets, type Turn } from "../measure/one_by_one.ts";
import { newTally } from "../measure/tally.ts";
import { divided, figureOf, ratioOf, withMore, withRatios } from "../report/compare.ts";
import type { Findings, Goal, Row, Table } from "../report/row.ts";
import { type Bench, partOf, type Scenario } from "../scenario.ts";
import { etcdConfigOf, startCalmEtcd, startPod } from "../servers.ts";

const EMPTY = "empty program";
const LOADED = "code loaded";
const VERSION = "VERSION";
const SQLITE = "SQLite";
const ETCD = "etcd";
const POD = "etcd and a pod with a fixed address";

/** A part of an ADD, and which other one it stands upon. */
interface Part {
  readonly row: string;
  readonly label: string;
  readonly on?: string;
}

const PARTS: readonly Part[] = [
  { row: EMPTY, label: "empty program" },
  { row: LOADED, label: "+ code loaded", on: EMPTY },
  { row: VERSION, label: "+ environment, stdin: VERSION", on: LOADED },
  { row: `ADD, ${SQLITE}`, label: "+ netconf, plan, file: ADD on SQLite", on: VERSION },
  { row: `ADD, ${ETCD}`, label: "+ netconf, plan, http: ADD on etcd", on: VERSION },
  { row: `ADD, ${POD}`, label: "+ TLS, GET pod: ADD of a fixed pod", on: `ADD, ${ETCD}` },
];

/** The scenario. */
export const startUp: Scenario = {
  name: "start-up",
  title: "One call",
  seconds: { full: 60, quick: 15 },
  run,
};

async function run(bench: Bench): Promise<Findings> {
  const { quick, root, programs, advance } = bench;
  const runs = quick ? 10 : 100;
  await using etcd = bench.hasEtcd ? await startCalmEtcd() : undefined;
  await using pod = etcd !== undefined && bench.hasKube ? await startPod(etcd, root) : undefined;
  const ours = async (
    name: string,
    ipam: Readonly<Record<string, unknown>>,
    args?: string,
  ): Promise<Caller> => ({
    name,
    of: "ours",
    path: programs.plugin,
    netconfs: await writeNetconfs({ root, name: name.replaceAll(/\W/g, "-"), ipam }),
    ...(args === undefined ? {} : { args }),
  });
  const sqlite = await ours(SQLITE, { datastore: "sqlite" });
  const etcdConfig = etcd === undefined ? undefined : await etcdConfigOf(etcd);
  const peers = await Promise.all(
    bench.peers.map((peer) => peer.caller({ ...(etcd && { etcd: etcd.endpoints }) })),
  );
  const callers: Caller[] = [sqlite];
  if (etcdConfig !== undefined) callers.push(await ours(ETCD, { etcdConfig }));
  if (etcdConfig !== undefined && pod !== undefined) {
    const ipam = {
      etcdConfig,
      rangeEnd: "10.188.254.255",
      annotations: "on",
      kubeConfig: pod.byToken,
    };
    callers.push(await ours(POD, ipam, pod.args));
  }
  const turns: readonly Turn[] = [
    once(EMPTY, "ADD", { ...sqlite, of: "minimum", path: programs.empty }),
    once(LOADED, "ADD", { ...sqlite, path: programs.loaded }),
    once(VERSION, "VERSION", sqlite),
    ...[...callers, ...peers.filter((peer) => peer !== undefined)].flatMap((one) => addAndDel(one)),
  ];
  const measured = await oneByOne(bench, turns, {
    runs,
    advance: partOf(advance, { from: 0.1, to: 0.8 }),
  });
  const sets = await residentSets(bench, turns, quick ? 3 : 10);
  const sized = measured.map((row, index) => {
    const rssMb = sets[index];
    return rssMb === undefined ? row : { ...row, rssMb };
  });
  const empty = sized[0];
  const rows = withRatios(sized, () => empty);
  return { tables: tablesOf(rows), goals: goalsOf(rows) };
}

function once(name: string, verb: string, caller: Caller): Turn {
  return { name, verb, caller, tally: newTally() };
}

function tablesOf(rows: readonly Row[]): readonly Table[] {
  const find = (name: string | undefined): Row | undefined => rows.find((row) => row.name === name);
  const parts = PARTS.flatMap(({ row: name, label, on }) => {
    const found = find(name);
    if (found === undefined) return [];
    const { ratio: _, ...row } = found;
    return withMore([{ ...row, name: label }], () => find(on));
  });
  return [
    {
      id: "start-up",
      title: "One call, one after the other",
      ratioTo: EMPTY,
      rows,
      notes: ["RSS is the kernel's peak (VmHWM), of calls apart."],
    },
    {
      id: "start-up-by-part",
      title: "One ADD by part",
      moreThan: "what it stands upon",
      rows: parts,
      notes: ["SQLite and etcd are two ways to go on from VERSION."],
    },
  ];
}

function goalsOf(rows: readonly Row[]): readonly Goal[] {
  const find = (name: string): Row | undefined => rows.find((row) => row.name === name);
  const empty = find(EMPTY);
  const toEmpty = (name: string, limit: number): Goal => ({
    text: `${name}, to an ${EMPTY}`,
    must: "at most",
    limit,
    ...figureOf(ratioOf(find(name), empty)),
  });
  return [
    toEmpty(`ADD, ${ETCD}`, 1.35),
    toEmpty(`DEL, ${ETCD}`, 1.35),
    toEmpty(`ADD, ${POD}`, 1.7),
    toEmpty(`DEL, ${POD}`, 1.7),
    {
      text: `Resident set of ADD, ${ETCD}, to an ${EMPTY}`,
      must: "at most",
      limit: 1.3,
      ...figureOf(divided(find(`ADD, ${ETCD}`)?.rssMb, empty?.rssMb)),
    },
  ];
}
