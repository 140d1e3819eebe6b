/**
 * The end of a run: faults are healed, everything that lives is removed, and what was lost is collected.
 *
 * @module
 */
import type { Datastore } from "../../lib/datastore/datastore.ts";
import { openDatastore } from "../../lib/datastore/open.ts";
import type { Entry } from "../../lib/state/txn.ts";
import { allEntries, checkInvariants } from "../support/invariants.ts";
import { askAny, pause } from "./admin.ts";
import { remains, remainsOfPods } from "./check/remains.ts";
import { RETAIN_MS } from "./cluster.ts";
import { unreturned } from "./check/unreturned.ts";
import { collect, reconcile } from "./collect.ts";
import type { CallRecord, Violation } from "./history.ts";
import { replay } from "./workload/deferred.ts";
import { remove } from "./workload/unit.ts";
import type { World } from "./world.ts";

const TRIES = 10;
const ROUNDS = 2;
const PAUSE_MS = 500;

/**
 * Ends a run.
 *
 * @param world The run; nothing else may be under way.
 * @returns What leaked, and what does not fit.
 */
export async function settle(world: World): Promise<readonly Violation[]> {
  const { nodes, clusters, known, pods, etcd } = world;
  for (const { link } of nodes) link.become("pass");
  await askAny(etcd.endpoints, { path: "kv/range", body: { key: btoa("/") } });
  for (const { node, attachment } of [...known.values()]) {
    await remove(world, { node, attachment, pod: undefined, plan: undefined });
  }
  const living = pods.values().filter(({ endedMs }) => endedMs === undefined).toArray();
  for (const pod of living) await clusters.find(({ name }) => name === pod.cluster)?.deletePod(pod);
  for (const node of nodes) await until(() => replay(world, node));
  await world.watch.catchUp();
  const { calls, watch: { changes } } = world;
  const owed = unreturned({ calls, changes });
  // What the first one frees may stay with its owner: the end of that is judged by the next.
  for (let round = 0; round < ROUNDS && world.hasKube; round++) {
    await pause(RETAIN_MS); // then nothing is kept for anybody
    for (const cluster of clusters) await until(() => reconcile(world, { cluster, grace: "0s" }));
  }
  const ofPods = world.hasKube ? remainsOfPods(await entriesOf(world)) : [];
  // Of what is no pod nobody but the runtime can tell what is gone.
  for (const node of nodes) await until(() => collect(world, node));
  await world.watch.catchUp();
  return [...owed, ...ofPods, ...await look(world)];
}

/** A command fails as long as etcd has no leader. */
async function until(run: () => Promise<CallRecord>): Promise<void> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const { exit } = await run();
    if (exit === 0) return;
    await pause(PAUSE_MS);
  }
}

function open({ etcd }: World): Promise<Datastore> {
  const config = { datastore: etcd.config(), dataDir: etcd.dir, runDir: etcd.dir };
  return openDatastore(config, { random: Math.random });
}

async function entriesOf(world: World): Promise<readonly Entry[]> {
  await using store = await open(world);
  return await allEntries(store);
}

async function look(world: World): Promise<readonly Violation[]> {
  const { nodes } = world;
  await using store = await open(world);
  const entries: readonly Entry[] = await allEntries(store);
  const pending = await Promise.all(nodes.map(({ dataDir }) => filesBelow(`${dataDir}/pending`)));
  const left = remains(entries, pending.flat());
  try {
    await checkInvariants(store);
    return left;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return [...left, { kind: "invariant", text: `at the end: ${text}` }];
  }
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const files: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      files.push(...(isDirectory ? await filesBelow(path) : [path]));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files;
}
