/**
 * Steps in which an address goes from one attachment to the next, or must not.
 *
 * @module
 */
import type { Asks } from "../cluster.ts";
import { reconcilerOf } from "../collect.ts";
import type { PodNote } from "../history.ts";
import type { Node } from "../node.ts";
import { fixedAddress } from "../netconf.ts";
import { releaseOf } from "../proxy/trap.ts";
import { type Lane, SLOTS, type Turn } from "./lane.ts";
import { discard, freeSlots, launch } from "./life.ts";
import { begin, caughtBefore, perform } from "./perform.ts";
import { addOptions, addUnit, newAttachment, remove, type Unit } from "./unit.ts";

/** The pod gets another sandbox: the DEL of the former one came before, comes later, or never does. */
export async function sandbox({ world, lane, step: { dice, kills } }: Turn): Promise<void> {
  const unit = dice.pick(lane.units.filter(({ pod }) => pod !== undefined));
  if (unit === undefined) return;
  const { node, attachment, pod } = unit;
  const isRemoved = dice.chance(0.25) &&
    await remove(world, { node, attachment, pod, plan: undefined });
  unit.attachment = newAttachment(dice);
  if (!isRemoved) unit.former.push({ node, attachment });
  await addUnit(world, unit, { plan: kills.add, purpose: isRemoved ? "claim" : "take-over" });
  if (!isRemoved && dice.chance(0.5)) await removeFormer(world, { unit, plan: kills.del });
}

async function removeFormer(
  world: Turn["world"],
  { unit, plan }: { readonly unit: Unit; readonly plan: Turn["step"]["kills"]["del"] },
): Promise<void> {
  const former = unit.former.pop();
  if (former !== undefined) await remove(world, { ...former, pod: unit.pod, plan });
}

/**
 * The pod of a fixed or kept address is gone or has ended, and the next pod asks for the address: before the container is removed, or
 * after.
 */
export async function replace(turn: Turn): Promise<void> {
  const { world, lane, step: { dice, kills } } = turn;
  const asking = lane.units.filter(({ asks }) => (asks.wish ?? asks.owner) !== undefined);
  const unit = dice.pick(asking);
  const node = dice.pick(lane.nodes);
  if (unit?.pod === undefined || node === undefined) {
    const asks = { wish: dice.pick(freeSlots(lane)) };
    return void await launch(turn, { asks, isBare: false, dice, plan: kills.add });
  }
  const { asks, pod: last } = unit;
  const before = { node: unit.node, attachment: unit.attachment };
  const isEnded = dice.chance(0.3);
  const pod = await successor(lane, { last, asks, node, isEnded, isNamesake: dice.chance(0.5) });
  const isRemoved = dice.chance(0.3) &&
    await remove(world, { ...before, pod: last, plan: kills.del });
  if (!isRemoved) unit.former.push(before);
  Object.assign(unit, { node, pod, attachment: newAttachment(dice) });
  await addUnit(world, unit, { plan: kills.add, purpose: isRemoved ? "claim" : "take-over" });
  if (dice.chance(0.5)) await removeFormer(world, { unit, plan: kills.del });
}

/** The next pod that asks for the same; the last one is gone, or has ended. */
export async function successor(
  { cluster }: Lane,
  options: {
    readonly last: PodNote;
    readonly asks: Asks;
    readonly node: Node;
    readonly isEnded: boolean;
    readonly isNamesake: boolean;
  },
): Promise<PodNote> {
  const { last, asks, node, isEnded, isNamesake } = options;
  // A pod that has ended keeps its name.
  await (isEnded ? cluster.finishPod(last) : cluster.deletePod(last));
  const name = isNamesake && !isEnded ? { name: last.name } : {};
  return await cluster.createPod({ ...asks, node: node.name, ...name });
}

/** A node is booted anew: what it knows of its boot is gone, and a pod of it gets another sandbox. */
export async function reboot({ world, lane, step: { dice, kills } }: Turn): Promise<void> {
  // Of the node that it runs on reconcile frees what has no pod and is of an earlier boot.
  const spared = reconcilerOf(world, lane.cluster);
  const unit = dice.pick(
    lane.units.filter(({ pod, node }) => pod !== undefined && node !== spared),
  );
  if (unit === undefined) return;
  const { node, attachment } = unit;
  // Another call may be writing there.
  await Deno.remove(`${node.root}/run`, { recursive: true }).catch(() => {});
  unit.attachment = newAttachment(dice);
  unit.former.push({ node, attachment });
  await addUnit(world, unit, { plan: kills.add, purpose: "take-over" });
}

/** The DEL of a former sandbox is on its way to etcd while the next sandbox takes over. */
export async function late({ world, lane, step: { dice } }: Turn): Promise<void> {
  const unit = dice.pick(
    lane.units.filter(({ pod, result }) => pod !== undefined && result !== undefined),
  );
  if (unit === undefined) return;
  const { node, attachment, pod } = unit;
  using trap = node.link.set({ what: releaseOf(attachment.containerId), side: "request" });
  const removal = begin(world, { verb: "DEL", node, attachment, ...(pod && { pod }) });
  const caught = await caughtBefore(removal.done, trap);
  unit.attachment = newAttachment(dice);
  unit.former.push({ node, attachment });
  await addUnit(world, unit);
  caught?.letGo();
  await removal.done;
}

/** A second interface of a pod asks for the address that the first one holds. */
export async function second({ world, lane, step: { dice } }: Turn): Promise<void> {
  const unit = dice.pick(
    lane.units.filter(({ asks, result }) => asks.wish !== undefined && result !== undefined),
  );
  if (unit === undefined) return;
  const { node, pod } = unit;
  const attachment = { ...unit.attachment, ifName: "net1" };
  await perform(world, { ...addOptions(unit), attachment });
  await remove(world, { node, attachment, pod, plan: undefined });
}

/** A pod asks for the fixed address of another lane's pod: it waits, or finds it free. */
export async function rival(turn: Turn): Promise<void> {
  const { world, lane, step: { dice, kills } } = turn;
  const others = Array.from({ length: lane.lanes * SLOTS }, (_, index) => fixedAddress(index))
    .filter((ip) => !lane.slots.includes(ip) && !lane.units.some(({ asks }) => asks.wish === ip));
  const asks = { wish: dice.pick(others) };
  const unit = await launch(turn, { asks, isBare: false, dice, plan: kills.add });
  // It would stand in the way of the other lane for long.
  if (unit !== undefined && lane.units.includes(unit) && dice.chance(0.7)) {
    await discard(world, { lane, unit, plan: kills.del });
  }
}
