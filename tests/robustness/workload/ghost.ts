/**
 * A claim that reaches etcd when nobody waits for it any more.
 *
 * @module
 */
import { claimOf } from "../proxy/trap.ts";
import type { Turn } from "./lane.ts";
import { begin, caughtBefore } from "./perform.ts";
import { addOptions, addUnit, newAttachment, remove, type Unit } from "./unit.ts";

/** Of these containers, how many are no pods. */
const BARE = 0.3;

/**
 * The process is killed while its claim is on its way, the runtime removes the container, and then the claim arrives: before or after
 * that of the pod's next sandbox.
 */
export async function ghost({ world, lane, step: { dice } }: Turn): Promise<void> {
  const node = dice.pick(lane.nodes);
  if (node === undefined) return;
  const attachment = newAttachment(dice);
  const pod = dice.chance(BARE) ? undefined : await lane.cluster.createPod({ node: node.name });
  const unit: Unit = { node, pod, asks: {}, attachment, result: undefined, former: [] };
  using trap = node.link.set({ what: claimOf(attachment.containerId), side: "request" });
  const call = begin(world, addOptions(unit));
  const caught = await caughtBefore(call.done, trap);
  if (caught !== undefined) call.kill("claim unsent");
  await call.done;
  await remove(world, { node, attachment, pod, plan: undefined });
  const isFirst = dice.chance(0.5);
  if (isFirst) caught?.letGo();
  if (pod !== undefined) {
    unit.attachment = newAttachment(dice);
    lane.units.push(unit);
    await addUnit(world, unit);
  }
  if (!isFirst) caught?.letGo();
}
