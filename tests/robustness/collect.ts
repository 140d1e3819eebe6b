/**
 * What runs beside the lanes: reconcile in each cluster, and GC on single nodes.
 *
 * @module
 */
import { pause } from "./admin.ts";
import type { Call } from "./call.ts";
import type { Cluster } from "./cluster.ts";
import type { CallRecord } from "./history.ts";
import type { Node } from "./node.ts";
import { makeDice } from "./plan/dice.ts";
import { begin } from "./workload/perform.ts";
import type { World } from "./world.ts";

const PAUSE_MS = 6_000;
/** Of the turns, how many are GC, and how many reconciles are killed. */
const GC = 0.25;
const KILLED = 0.3;
const LATEST_KILL_MS = 400;
/** Longer than a claim takes, shorter than a pod lives. */
const GRACE = "2s";

/**
 * Collects what was lost, now and then, until the run ends.
 *
 * @param world The run.
 */
export async function runCollectors(world: World): Promise<void> {
  for (let turn = 0;; turn++) {
    const dice = makeDice(`${world.seed}/collect/${turn}`);
    await pause(PAUSE_MS * (0.5 + dice.next()), world.ending);
    if (world.ending.aborted) return;
    const cluster = world.clusters[turn % world.clusters.length];
    const node = dice.pick(world.nodes.filter((one) => one.cluster === cluster));
    if (cluster === undefined || node === undefined) continue;
    if (dice.chance(GC)) {
      await collect(world, node);
      continue;
    }
    if (!world.hasKube) continue;
    const killMs = dice.chance(KILLED) ? dice.below(LATEST_KILL_MS) : undefined;
    await reconcile(world, { cluster, grace: GRACE, killMs });
  }
}

/** GC on a node: it is told what the runtimes have there. */
export async function collect(world: World, node: Node): Promise<CallRecord> {
  using _ = await world.gate.enterAlone();
  const valid = world.known.values().toArray()
    .filter((one) => one.node === node).map(({ attachment }) => attachment);
  const list = valid.map(({ containerId, ifName }) => ({
    containerID: containerId,
    ifname: ifName,
  }));
  const more = { "cni.dev/valid-attachments": list };
  return await begin(world, { verb: "GC", node, valid, more }).done;
}

/** The node of a cluster on which reconcile runs. */
export function reconcilerOf({ nodes }: World, cluster: Cluster): Node {
  const node = nodes.find((one) => one.cluster === cluster);
  if (node === undefined) throw new RangeError(`Cannot reconcile ${cluster.name} without a node`);
  return node;
}

/** Starts `kube-ipam reconcile` for a cluster. */
export function beginReconcile(
  world: World,
  { cluster, grace }: { readonly cluster: Cluster; readonly grace: string },
): Call {
  const node = reconcilerOf(world, cluster);
  const words = ["reconcile", "--conf", node.confs.reconcile, "--grace", grace, "--yes", "--json"];
  return begin(world, { verb: "reconcile", node, words });
}

/** `kube-ipam reconcile` for a cluster, killed after some time or not at all. */
export async function reconcile(
  world: World,
  options: {
    readonly cluster: Cluster;
    readonly grace: string;
    readonly killMs?: number | undefined;
  },
): Promise<CallRecord> {
  const { cluster, grace, killMs } = options;
  const call = beginReconcile(world, { cluster, grace });
  const timer = killMs === undefined
    ? undefined
    : setTimeout(() => call.kill("reconcile random"), killMs);
  return await call.done.finally(() => clearTimeout(timer));
}
