/**
 * Lets the planned faults happen, each in its time, and heals them.
 *
 * @module
 */
import { pause } from "../admin.ts";
import type { PlannedFault } from "../plan/faults.ts";
import { countFault, type World } from "../world.ts";
import {
  type FaultTurn,
  killLeader,
  killMember,
  pauseLeader,
  pauseMember,
  restartAll,
} from "./members.ts";
import { partition } from "./network.ts";
import { compact, noSpace } from "./space.ts";

const FAULTS: Readonly<Record<PlannedFault["kind"], (turn: FaultTurn) => Promise<void>>> = {
  "kill leader": killLeader,
  "kill member": killMember,
  "pause leader": pauseLeader,
  "pause member": pauseMember,
  "restart all": restartAll,
  "compact": compact,
  "no space": noSpace,
  "partition": partition,
};

/**
 * Does one fault after the other, each not before its time.
 *
 * @param world The run; its end heals the fault of the moment.
 * @param faults The plan.
 */
export async function runFaults(world: World, faults: readonly PlannedFault[]): Promise<void> {
  const begun = performance.now();
  for (const fault of faults) {
    await pause(Math.max(0, fault.atMs - (performance.now() - begun)), world.ending);
    if (world.ending.aborted) return;
    await FAULTS[fault.kind]({ world, fault });
    countFault(world, fault.kind);
  }
}
