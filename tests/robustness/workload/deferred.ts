/**
 * A removal while the node is cut off, and what gives the address back afterwards.
 *
 * @module
 */
import { begin, caughtBefore } from "./perform.ts";
import { processOf } from "../proxy/process_of.ts";
import type { CallRecord } from "../history.ts";
import { type Caught, lookAt, releaseOf } from "../proxy/trap.ts";
import type { Node } from "../node.ts";
import { drawWeighted } from "../plan/dice.ts";
import type { World } from "../world.ts";
import type { Turn } from "./lane.ts";
import { launch } from "./life.ts";
import { successor } from "./moves.ts";
import { addUnit, newAttachment, remove, type Unit } from "./unit.ts";

/**
 * What comes after the removal: the command, another call, an ADD of the same container ID, one of the next sandbox or pod, or nothing.
 */
const NEXT = { command: 35, call: 30, reuse: 10, next: 15, nothing: 10 } as const;
/** How often the process that replays is killed. */
const KILLED = 0.8;

/** The DEL goes to the journal; whoever replays it may be killed, and somebody else does it again. */
export async function defer(turn: Turn): Promise<void> {
  const { world, lane, step: { dice } } = turn;
  const unit = dice.pick(lane.units);
  if (unit === undefined) return;
  const { node, attachment, pod } = unit;
  node.link.become(dice.chance(0.8) ? "cut" : "hang");
  const isRemoved = await remove(world, { node, attachment, pod, plan: undefined });
  using trap = node.link.set({ what: releaseOf(attachment.containerId), side: "answer" });
  node.link.become("pass");
  if (!isRemoved) return; // another time
  const next = drawWeighted(dice, NEXT);
  const isKilled = dice.chance(KILLED);
  if (next === "reuse") return void await addUnit(world, unit);
  if (next === "next" && pod !== undefined) {
    trap[Symbol.dispose]();
    return await moveOn(turn, unit);
  }
  lane.units.splice(lane.units.indexOf(unit), 1);
  if (pod !== undefined && dice.chance(0.5)) await lane.cluster.deletePod(pod);
  const done = next === "command"
    ? replayBy(world, { node, count: dice.chance(0.3) ? 2 : 1 })
    : next === "call"
    ? launch(turn, { asks: {}, isBare: true, dice, plan: undefined, node })
    : Promise.resolve();
  const caught = await caughtBefore(done, trap);
  if (caught !== undefined) await meet(node, { caught, isKilled });
  await done;
  if (pod !== undefined && pod.endedMs === undefined) await lane.cluster.deletePod(pod);
  for (const former of unit.former.splice(0)) {
    await remove(world, { ...former, pod, plan: undefined });
  }
}

/** The address has gone to the next sandbox, or to the next pod on another node, when the former release is made up for. */
async function moveOn({ world, lane, step: { dice, kills } }: Turn, unit: Unit): Promise<void> {
  const { node: former, pod, asks } = unit;
  const node = dice.pick(lane.nodes) ?? former;
  unit.attachment = newAttachment(dice);
  if (pod !== undefined && asks.wish !== undefined && dice.chance(0.5)) {
    const options = { last: pod, asks, node, isEnded: false, isNamesake: dice.chance(0.5) };
    Object.assign(unit, { node, pod: await successor(lane, options) });
  }
  await addUnit(world, unit, { plan: kills.add, purpose: "take-over" });
  await replay(world, former);
}

/** The container ID is used again while a replay that knows of its former life is on its way. */
export async function outrun({ world, lane, step: { dice } }: Turn): Promise<void> {
  const unit = dice.pick(lane.units.filter(({ result }) => result !== undefined));
  if (unit === undefined) return;
  const { node, attachment, pod } = unit;
  node.link.become("cut");
  const isRemoved = await remove(world, { node, attachment, pod, plan: undefined });
  using trap = node.link.set({ what: lookAt(attachment.containerId), side: "request" });
  node.link.become("pass");
  if (!isRemoved) return; // another time
  const done = replay(world, node);
  const caught = await caughtBefore(done, trap);
  if (caught === undefined) trap[Symbol.dispose](); // else it would hold somebody else
  await addUnit(world, unit);
  caught?.letGo();
  await done;
}

/** Whoever of the node replays it. */
async function meet(
  node: Node,
  { caught, isKilled }: { readonly caught: Caught; readonly isKilled: boolean },
): Promise<void> {
  const pid = isKilled ? await processOf(caught.port, node.running.keys()) : undefined;
  if (pid === undefined) caught.letGo();
  else node.running.get(pid)?.kill("replay committed");
}

/** By one process, or by two at once. */
async function replayBy(
  world: World,
  { node, count }: { readonly node: Node; readonly count: number },
): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => replay(world, node)));
}

/** `kube-ipam replay` on a node. */
export async function replay(world: World, node: Node): Promise<CallRecord> {
  const words = ["replay", "--conf", node.confs.plugin, "--data-dir", node.dataDir, "--json"];
  return await begin(world, { verb: "replay", node, words }).done;
}
