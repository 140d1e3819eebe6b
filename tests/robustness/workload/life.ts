/**
 * Steps that begin, repeat, look at and end an attachment.
 *
 * @module
 */
import type { Asks } from "../cluster.ts";
import type { Node } from "../node.ts";
import type { KillPlan } from "../plan/kill.ts";
import { type Dice, drawWeighted } from "../plan/dice.ts";
import { nameOf, type World } from "../world.ts";
import type { Lane, Turn } from "./lane.ts";
import { begin, perform } from "./perform.ts";
import { addOptions, addUnit, newAttachment, remove, removeUnit, type Unit } from "./unit.ts";

/** Of the units, how many ask for a fixed address, have an owner that keeps it, and are no pods. */
const KINDS = { fixed: 35, owned: 15, bare: 15, plain: 35 } as const;

/** A new pod, or a container without one, gets its address. */
export async function start(turn: Turn): Promise<void> {
  const { world, lane, step: { dice, kills } } = turn;
  const kind = drawWeighted(dice, KINDS);
  const asks = world.hasKube ? asksFor(lane, { kind, dice }) : {};
  await launch(turn, { asks, isBare: kind === "bare", dice, plan: kills.add });
}

function asksFor(
  lane: Lane,
  { kind, dice }: { readonly kind: keyof typeof KINDS; readonly dice: Dice },
): Asks {
  if (kind === "fixed") return { wish: dice.pick(freeSlots(lane)) };
  if (kind !== "owned") return {};
  const free = lane.owners.filter((name) => !lane.units.some(({ asks }) => asks.owner === name));
  return { owner: dice.pick(free) };
}

/** The lane's fixed addresses that none of its units asks for. */
export function freeSlots({ slots, units }: Lane): readonly string[] {
  return slots.filter((ip) => !units.some(({ asks }) => asks.wish === ip));
}

/** Makes a unit and ADDs it. */
export async function launch(
  { world, lane }: Pick<Turn, "world" | "lane">,
  options: {
    readonly asks: Asks;
    readonly isBare: boolean;
    readonly dice: Dice;
    readonly plan: KillPlan | undefined;
    /** Default any node of the lane's cluster. */
    readonly node?: Node;
  },
): Promise<Unit | undefined> {
  const { asks, isBare, dice, plan, node = dice.pick(lane.nodes) } = options;
  if (node === undefined) return undefined;
  const attachment = newAttachment(dice);
  const pod = isBare ? undefined : await lane.cluster.createPod({ ...asks, node: node.name });
  const unit: Unit = { node, pod, asks, attachment, result: undefined, former: [] };
  lane.units.push(unit);
  const record = await addUnit(world, unit, { plan });
  // A runtime removes what it could not set up; what was killed it may meet again.
  if (record.exit === 1 && dice.chance(0.5)) await discard(world, { lane, unit });
  return unit;
}

/** Removes a unit for good: its pod first, or its attachment. */
export async function discard(
  world: World,
  options: {
    readonly lane: Lane;
    readonly unit: Unit;
    readonly plan?: KillPlan | undefined;
    readonly podFirst?: boolean;
  },
): Promise<void> {
  const { lane, unit, plan, podFirst = true } = options;
  lane.units.splice(lane.units.indexOf(unit), 1);
  if (podFirst && unit.pod !== undefined) await lane.cluster.deletePod(unit.pod);
  await removeUnit(world, unit, plan);
  if (!podFirst && unit.pod !== undefined) await lane.cluster.deletePod(unit.pod);
}

/** A container is removed. */
export async function stop({ world, lane, step: { dice, kills } }: Turn): Promise<void> {
  const unit = dice.pick(lane.units);
  if (unit === undefined) return;
  await discard(world, { lane, unit, plan: kills.del, podFirst: dice.chance(0.5) });
}

/** ADD again, as after a lost answer. */
export async function again({ world, lane, step: { dice, kills } }: Turn): Promise<void> {
  const unit = bareOrAny(lane, dice);
  if (unit !== undefined) await addUnit(world, unit, { plan: kills.add });
}

/** A container without a pod has no key of a pod that would guard it too. */
function bareOrAny({ units }: Lane, dice: Dice): Unit | undefined {
  const bare = dice.pick(units.filter(({ pod }) => pod === undefined));
  return dice.chance(0.5) ? bare ?? dice.pick(units) : dice.pick(units);
}

/** The same ADD twice at once. */
export async function twice({ world, lane, step: { dice } }: Turn): Promise<void> {
  const unit = bareOrAny(lane, dice);
  if (unit === undefined) return;
  const copy = { ...unit, former: [] };
  const [record] = await Promise.all([addUnit(world, unit), addUnit(world, copy)]);
  if (record.exit !== 0) unit.result = copy.result;
}

/** DEL, and ADD of the same container ID. */
export async function reuse({ world, lane, step: { dice, kills } }: Turn): Promise<void> {
  const unit = dice.pick(lane.units);
  if (unit === undefined) return;
  await remove(world, { ...unit, plan: kills.del });
  await addUnit(world, unit, { plan: kills.add });
}

/** CHECK of what was granted. */
export async function check({ world, lane, step: { dice } }: Turn): Promise<void> {
  const unit = dice.pick(lane.units.filter(({ result }) => result !== undefined));
  if (unit === undefined) return;
  const { result } = unit;
  const options = addOptions(unit);
  const more = { ...options.more, prevResult: result };
  await perform(world, { ...options, verb: "CHECK", more });
}

/** DEL of a container that is another node's: it must stay. */
export async function twin({ world, lane, step: { dice } }: Turn): Promise<void> {
  const unit = dice.pick(lane.units);
  const node = dice.pick(world.nodes.filter((one) => one !== unit?.node));
  if (unit === undefined || node === undefined) return;
  await perform(world, { verb: "DEL", node, attachment: unit.attachment });
}

/** The pod goes, and nobody calls DEL: only reconcile or GC give its address back. */
export async function lose({ world, lane, step: { dice } }: Turn): Promise<void> {
  const unit = dice.pick(lane.units.filter(({ pod }) => pod !== undefined));
  if (unit?.pod === undefined) return;
  lane.units.splice(lane.units.indexOf(unit), 1);
  await lane.cluster.deletePod(unit.pod);
  for (const { attachment } of [unit, ...unit.former]) world.known.delete(nameOf(attachment));
}

/** STATUS. */
export async function status({ world, lane, step: { dice } }: Turn): Promise<void> {
  const node = dice.pick(lane.nodes);
  if (node !== undefined) await begin(world, { verb: "STATUS", node }).done;
}
