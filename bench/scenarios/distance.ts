/**
 * etcd on three members behind a network that takes its time: one call, and 32 at once.
 *
 * @module
 */
import { type Caller, writeNetconfs } from "../caller.ts";
import { bursts } from "../measure/bursts.ts";
import { addAndDel, oneByOne, type Turn } from "../measure/one_by_one.ts";
import { countTraffic, type Needed } from "../measure/traffic.ts";
import { newTally } from "../measure/tally.ts";
import { type DelayingProxy, startDelayingProxy } from "../network/delaying_proxy.ts";
import { roundTripMs } from "../network/round_trip.ts";
import { divided, figureOf, ratioOf, withRatios } from "../report/compare.ts";
import type { Findings, Goal, Row } from "../report/row.ts";
import { type Bench, partOf, type Scenario } from "../scenario.ts";
import { startCalmEtcd } from "../servers.ts";
import { ORIGINAL, WHEREABOUTS } from "../stand_ins.ts";

const OURS = "kube-ipam";
const AT_ONCE = 32;
/** Each way. */
const DELAYS_MS = [0, 0.5, 1, 5];
const QUICK_DELAYS_MS = [0, 1];
/** The distance that the goals speak of. */
const GOAL_MS = 1;
/** The original's own end: twenty sleeps of 2 s, and a little. */
const LIMIT_MS = 60_000;

/** The scenario. */
export const distance: Scenario = {
  name: "distance",
  title: "A distant etcd",
  seconds: { full: 170, quick: 20 },
  run,
};

async function run(bench: Bench): Promise<Findings> {
  const { quick, advance } = bench;
  if (!bench.hasEtcd) return { tables: [], goals: [] };
  await using etcd = await startCalmEtcd({ members: 3 });
  const delays = quick ? QUICK_DELAYS_MS : DELAYS_MS;
  const one: Row[] = [];
  const many: Row[] = [];
  const notes: string[] = [];
  for (const [index, delayMs] of delays.entries()) {
    await using proxy = await startDelayingProxy(etcd.endpoints, delayMs);
    const trip = await roundTripMs(proxy.urls[0] ?? "");
    notes.push(`${delayMs} ms each way: ${trip.toFixed(2)} ms measured for a round trip`);
    const share = partOf(advance, { from: index / delays.length, to: (index + 1) / delays.length });
    const callers = await callersOf(bench, { urls: proxy.urls, delayMs });
    const measured: Measured = { ...callers, proxy, delayMs, advance: share };
    one.push(...await single(bench, measured));
    many.push(...await together(bench, measured));
  }
  const about = [
    "etcd has three members; what they say to one another is not delayed. That favours the stand-ins, which write more often.",
    "A stand-in starts like an empty program for Deno. The peers themselves are programs in Go of 45 MB; their own start was not measured here.",
    ...notes,
  ];
  return {
    tables: [
      {
        id: "distance-one",
        title: "A distant etcd: one ADD",
        axis: "ms each way",
        ratioTo: ORIGINAL,
        rows: withRatios(
          one,
          ({ at, name }) =>
            name.startsWith("DEL")
              ? undefined
              : one.find((row) => row.at === at && row.name.includes(ORIGINAL)),
        ),
        notes: about,
      },
      {
        id: "distance-many",
        title: `A distant etcd: ${AT_ONCE} ADDs at once, from 4 nodes`,
        axis: "ms each way",
        rows: many,
        notes: about.slice(0, 2),
      },
    ],
    goals: goalsOf(one, many),
  };
}

interface Callers {
  readonly ours: Caller;
  readonly whereabouts: Caller;
  readonly original: Caller;
  readonly peers: readonly Caller[];
}

async function callersOf(
  { root, programs, peers }: Bench,
  { urls, delayMs }: { readonly urls: readonly string[]; readonly delayMs: number },
): Promise<Callers> {
  const name = `distance-${delayMs}`;
  const ipam = { etcdConfig: { etcdURL: urls.join(",") } };
  const netconfs = await writeNetconfs({ root, name, ipam, nodes: 4 });
  // Only those that can be told where etcd is: the others would not feel the distance.
  const others = await Promise.all(
    peers.map(async (peer) =>
      await peer.caller({}) === undefined ? await peer.caller({ etcd: urls }) : undefined
    ),
  );
  return {
    ours: { name: OURS, of: "ours", path: programs.plugin, netconfs },
    original: { name: ORIGINAL, of: "stand-in", path: programs.original, netconfs },
    whereabouts: { name: WHEREABOUTS, of: "stand-in", path: programs.whereabouts, netconfs },
    peers: others.filter((one) => one !== undefined),
  };
}

interface Measured extends Callers {
  readonly proxy: DelayingProxy;
  readonly delayMs: number;
  readonly advance: (part: number) => void;
}

async function single(
  bench: Bench,
  { ours, original, whereabouts, peers, proxy, delayMs, advance }: Measured,
): Promise<readonly Row[]> {
  const add = (caller: Caller): Turn => ({
    name: `ADD, ${caller.name}`,
    caller,
    verb: "ADD",
    at: delayMs,
    tally: newTally(),
  });
  const turns = [
    ...[ours, ...peers].flatMap((caller) => addAndDel(caller, { at: delayMs })),
    add(original),
    add(whereabouts),
  ];
  const runs = bench.quick ? 6 : 40;
  const rows = await oneByOne(bench, turns, {
    runs,
    advance: partOf(advance, { from: 0, to: 0.3 }),
  });
  const counted: Needed[] = [];
  for (const caller of [ours, ...peers]) {
    counted.push(...await countTraffic(bench, caller, { proxy, verbs: ["ADD", "DEL"], calls: 3 }));
  }
  for (const caller of [original, whereabouts]) {
    counted.push(...await countTraffic(bench, caller, { proxy, verbs: ["ADD"], calls: 3 }));
  }
  return rows.map((row, index) => ({ ...row, ...counted[index] }));
}

async function together(
  bench: Bench,
  { ours, original, whereabouts, peers, delayMs, advance }: Measured,
): Promise<readonly Row[]> {
  const rows = await bursts(bench, [
    { caller: ours, releases: false },
    ...peers.map((caller) => ({ caller, releases: true })),
    { caller: whereabouts, releases: false, limitMs: LIMIT_MS },
  ], {
    atOnce: AT_ONCE,
    runs: bench.quick ? 1 : 5,
    advance: partOf(advance, { from: 0.3, to: 0.6 }),
  });
  // Once is enough for what takes 2 s for each lost try.
  const slow = bench.quick || delayMs !== GOAL_MS ? [] : await bursts(bench, [{
    caller: original,
    releases: false,
    limitMs: LIMIT_MS,
    note: "one burst only, as it waits 2 s for each lost try",
  }], { atOnce: AT_ONCE, runs: 1, advance: partOf(advance, { from: 0.6, to: 1 }) });
  return [...rows, ...slow].map((row) => ({ ...row, at: delayMs }));
}

function goalsOf(one: readonly Row[], many: readonly Row[]): readonly Goal[] {
  const single = (name: string): Row | undefined =>
    one.find((row) => row.at === GOAL_MS && row.name === `ADD, ${name}`);
  const together = (name: string): Row | undefined =>
    many.find((row) => row.at === GOAL_MS && row.name === name);
  return [
    {
      text: `One ADD at ${GOAL_MS} ms each way, to the ${ORIGINAL}`,
      must: "at most",
      limit: 0.6,
      ...figureOf(ratioOf(single(OURS), single(ORIGINAL))),
    },
    {
      text: `${AT_ONCE} ADDs at once at ${GOAL_MS} ms each way, throughput to the ${WHEREABOUTS}`,
      must: "at least",
      limit: 5,
      ...figureOf(divided(together(OURS)?.perSecond, together(WHEREABOUTS)?.perSecond)),
    },
  ];
}
