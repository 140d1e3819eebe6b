/**
 * Many callers of the library in one process, beside nothing but their transactions.
 *
 * @module
 */
import {
  type AddRequest,
  formatAddr,
  loadConfig,
  openDatastore,
  parseAddr,
  planAdd,
  transact,
} from "../../mod.ts";
import { BASE64, txnToWire } from "../../lib/datastore/etcd/wire.ts";
import { randomBelow } from "../../lib/plugin/random.ts";
import type { TestEtcd } from "../../tests/support/etcd.ts";
import { interleave } from "../measure/interleave.ts";
import { newTally, rowOf, type Tally } from "../measure/tally.ts";
import { divided, figureOf } from "../report/compare.ts";
import type { Findings } from "../report/row.ts";
import type { Bench } from "../scenario.ts";

const CALLERS = 32;
const ADDS = 1_000;
const DEADLINE_MS = 30_000;
const URL_PATH = "/v3/kv/txn";

/**
 * Measures ADDs of the library, and the same transactions sent by hand.
 *
 * @param bench How often.
 * @param options The etcd, and the progress.
 * @returns One table and one goal.
 */
export async function measureLibrary(
  bench: Bench,
  { etcd, advance }: { readonly etcd: TestEtcd; readonly advance: (part: number) => void },
): Promise<Findings> {
  const library = newTally();
  const bare = newTally();
  const runs = bench.quick ? 2 : 6;
  await interleave(["library", "bare"] as const, {
    runs,
    warmUps: 1,
    advance,
    once: async (which, run) => {
      bench.signal.throwIfAborted();
      const tally = run < 0 ? newTally() : which === "library" ? library : bare;
      await (which === "library" ? addAll(etcd, { tally, run }) : sendAll(etcd, { tally, run }));
    },
  });
  const rows = [
    rowOf(library, { name: "ADDs by the library", of: "ours", at: CALLERS }),
    rowOf(bare, { name: "the same transactions and nothing else", of: "minimum", at: CALLERS }),
  ];
  return {
    tables: [{
      id: "library",
      title: `${ADDS} ADDs by callers in one process`,
      axis: "callers",
      rows,
      notes: [
        "The minimum sends put-if-absent transactions of the same number and size of keys, made before, through the same gateway.",
      ],
    }],
    goals: [{
      text: `${ADDS} ADDs by ${CALLERS} callers of the library, to the bare rate of transactions`,
      must: "at least",
      limit: 0.6,
      ...figureOf(divided(rows[0]?.perSecond, rows[1]?.perSecond)),
    }],
  };
}

interface Round {
  readonly tally: Tally;
  readonly run: number;
}

async function addAll(etcd: TestEtcd, { tally, run }: Round): Promise<void> {
  await using store = await openDatastore({
    datastore: etcd.config(),
    dataDir: etcd.dir,
    runDir: etcd.dir,
  }, { random: Math.random });
  const requests = requestsOf(`library-${run}`);
  const held = new Set<string>();
  await timed(tally, async (index) => {
    const request = requests[index];
    if (request === undefined) return;
    const outcome = await transact(store, planAdd(request), {
      signal: AbortSignal.timeout(DEADLINE_MS),
      random: randomBelow,
    });
    if (outcome.kind !== "granted") throw new Error(`Cannot add: current end is ${outcome.kind}`);
    for (const { ip } of outcome.record.addresses) {
      const address = formatAddr(parseAddr(ip));
      if (held.has(address)) tally.duplicates++;
      held.add(address);
    }
  });
}

/** What a library caller would send if nothing ever stood in its way. */
async function sendAll(etcd: TestEtcd, { tally, run }: Round): Promise<void> {
  const bodies = requestsOf(`bare-${run}`).map((request) => {
    const step = planAdd(request).next().value;
    if (step.kind !== "commit") throw new Error(`Cannot send a plan that begins with ${step.kind}`);
    return JSON.stringify(txnToWire(step.txn, BASE64));
  });
  const url = `${etcd.endpoints[0]}${URL_PATH}`;
  await timed(tally, async (index) => {
    const response = await fetch(url, { method: "POST", body: bodies[index] ?? "" });
    const answer = await response.text();
    if (!response.ok) throw new Error(`Cannot send a transaction: ${answer}`);
  });
}

/** All callers draw from one list of things to do. */
async function timed(tally: Tally, work: (index: number) => Promise<void>): Promise<void> {
  const startedMs = performance.now();
  let next = 0;
  const caller = async (): Promise<void> => {
    for (let index = next++; index < ADDS; index = next++) {
      const begunMs = performance.now();
      try {
        await work(index);
        tally.wallMs.push(performance.now() - begunMs);
      } catch (error) {
        tally.failures++;
        tally.firstFailure ??= String(error);
      }
    }
  };
  tally.asked += ADDS;
  await Promise.all(Array.from({ length: CALLERS }, caller));
  tally.busyMs += performance.now() - startedMs;
}

function requestsOf(space: string): readonly AddRequest[] {
  const { sets, network, allocation, cooldownMs } = loadConfig({
    cniVersion: "1.0.0",
    name: "library",
    ipam: { type: "kube-ipam", subnet: "10.188.0.0/16", datastore: "sqlite" },
  }, { command: "ADD", args: { ips: [], gateways: [] }, kubernetes: false });
  return Array.from({ length: ADDS }, (_, index) => ({
    space,
    asker: {
      cluster: "default",
      node: `bench-${index % CALLERS}`,
      nodeId: `id-${index % CALLERS}`,
      boot: "boot",
      network,
      containerId: `bench-${index}`,
      ifName: "eth0",
    },
    sets,
    wishes: [],
    allocation,
    cooldownMs,
    now: Date.now(),
    random: randomBelow,
  }));
}
