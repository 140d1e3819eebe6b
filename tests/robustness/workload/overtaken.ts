/**
 * Steps in which reconcile is overtaken: what it has read, or asked for, is not so any more when it acts.
 *
 * @module
 */
import { beginReconcile, reconcilerOf } from "../collect.ts";
import { lookAt, survey } from "../proxy/trap.ts";
import type { Turn } from "./lane.ts";
import { launch } from "./life.ts";
import { caughtBefore } from "./perform.ts";
import { addUnit, remove } from "./unit.ts";

/** Reconcile has proved that a pod is gone; before it acts, the next pod gets the container ID. */
export async function reclaim({ world, lane, step: { dice } }: Turn): Promise<void> {
  const { cluster } = lane;
  const unit = dice.pick(
    lane.units.filter(({ pod, result }) => pod !== undefined && result !== undefined),
  );
  if (unit?.pod === undefined) return;
  const { node, attachment, pod, asks } = unit;
  await cluster.deletePod(pod);
  const { link } = reconcilerOf(world, cluster);
  using trap = link.set({ what: lookAt(attachment.containerId), side: "request" });
  const call = beginReconcile(world, { cluster, grace: "0s" });
  const caught = await caughtBefore(call.done, trap);
  if (caught === undefined) trap[Symbol.dispose](); // else it would hold the DEL
  await remove(world, { node, attachment, pod, plan: undefined });
  unit.pod = await cluster.createPod({ ...asks, node: node.name });
  await addUnit(world, unit);
  caught?.letGo();
  await call.done;
}

/** A pod comes and gets its address before reconcile has read the records. */
export async function arrive(turn: Turn): Promise<void> {
  const { world, lane: { cluster }, step: { dice } } = turn;
  using trap = reconcilerOf(world, cluster).link.set({ what: survey, side: "request" });
  const call = beginReconcile(world, { cluster, grace: "0s" });
  const caught = await caughtBefore(call.done, trap);
  await launch(turn, { asks: {}, isBare: false, dice, plan: undefined });
  caught?.letGo();
  await call.done;
}
