/**
 * Starts everything that a run needs, and ends it.
 *
 * @module
 */
import { findKubeApiserver } from "../support/assets.ts";
import { startEtcd } from "../support/etcd.ts";
import { askAny } from "./admin.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { QUOTA_BYTES } from "./faults/space.ts";
import { makeGate } from "./gate.ts";
import type { Author, CallRecord, PodNote } from "./history.ts";
import { makeNode, type Node } from "./node.ts";
import type { StepKind } from "./plan/steps.ts";
import type { Program } from "./program.ts";
import { startWatch } from "./watch/watch.ts";
import type { World } from "./world.ts";

/** What a run is made of. */
export interface ArenaOptions {
  readonly seed: string;
  readonly program: Program;
  /** The kinds of steps that the lanes do. Default all. */
  readonly only?: readonly StepKind[] | undefined;
  /** Ends the workload and the faults. */
  readonly ending: AbortSignal;
  /** Whether the folder of the nodes stays. */
  readonly keep: boolean;
  readonly say: (text: string) => void;
}

const NODES: Readonly<Record<string, readonly string[]>> = {
  a: ["a-1", "a-2", "a-3"],
  b: ["b-1", "b-2"],
};
/** As slow as a machine that is busy with all the rest needs it. */
const RAFT = { "heartbeat-interval": "50", "election-timeout": "500" };

/**
 * Starts etcd, the clusters, the nodes and the watch.
 *
 * @param options What the run is made of.
 * @returns The run's world; dispose of it.
 */
export async function openArena(options: ArenaOptions): Promise<World & AsyncDisposable> {
  const { seed, program, only, ending, keep, say } = options;
  await using undo = new globalThis.AsyncDisposableStack();
  const folder = await makeFolder(program);
  undo.defer(() => keep ? say(`Kept ${folder}`) : Deno.remove(folder, { recursive: true }));
  const hasKube = await findKubeApiserver() !== undefined;
  const [etcd, kubeEtcd] = await Promise.all([
    startEtcd({ members: 3, quotaBytes: QUOTA_BYTES, flags: RAFT }).then((one) => undo.use(one)),
    hasKube ? startEtcd().then((one) => undo.use(one)) : undefined,
  ]);
  const calls: CallRecord[] = [];
  const pods = new Map<string, PodNote>();
  const authors: Author[] = [];
  const onPod = (pod: PodNote): void => void pods.set(pod.uid, pod);
  const clusters: Cluster[] = [];
  const nodes: Node[] = [];
  const { endpoints } = etcd;
  for (const [name, names] of Object.entries(NODES)) {
    const cluster = undo.use(await startCluster({ name, folder, etcd: kubeEtcd, onPod }));
    clusters.push(cluster);
    for (const name of names) {
      const onCommit = (revision: number): void => {
        authors.push({ revision, node: name, cluster: cluster.name });
      };
      nodes.push(undo.use(await makeNode({ name, cluster, folder, program, endpoints, onCommit })));
    }
  }
  const { header } = await askAny(endpoints, { path: "kv/range", body: { key: btoa("/") } });
  const watch = undo.use(startWatch(endpoints, Number(Object(header)["revision"]) + 1));
  const stack = undo.move();
  return {
    seed,
    folder,
    etcd,
    watch,
    clusters,
    nodes,
    only,
    hasKube,
    calls,
    pods,
    authors,
    faults: new Map(),
    known: new Map(),
    gate: makeGate(),
    ending,
    say,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function makeFolder({ parent }: Program): Promise<string> {
  if (parent !== undefined) await Deno.mkdir(parent, { recursive: true });
  return await Deno.makeTempDir({
    prefix: "kube-ipam-robustness-",
    ...(parent === undefined ? {} : { dir: parent }),
  });
}
