/**
 * Faults of single members of etcd: killed, paused, and begun again.
 *
 * @module
 */
import { askMember, pause } from "../admin.ts";
import type { PlannedFault } from "../plan/faults.ts";
import type { World } from "../world.ts";

/** What a fault is given. */
export interface FaultTurn {
  readonly world: World;
  readonly fault: PlannedFault;
}

/** Kills a member, and starts it again. */
export async function killMember({ world, fault }: FaultTurn): Promise<void> {
  await killAndStart(world, { member: memberAt(world, fault.at), holdMs: fault.holdMs });
}

/** Kills the leader, and starts it again. */
export async function killLeader({ world, fault }: FaultTurn): Promise<void> {
  await killAndStart(world, { member: await leaderOf(world, fault.at), holdMs: fault.holdMs });
}

/** Lets a member stand still for a while. */
export async function pauseMember({ world, fault }: FaultTurn): Promise<void> {
  await pauseAndGoOn(world, { member: memberAt(world, fault.at), holdMs: fault.holdMs });
}

/** Lets the leader stand still for a while. */
export async function pauseLeader({ world, fault }: FaultTurn): Promise<void> {
  await pauseAndGoOn(world, { member: await leaderOf(world, fault.at), holdMs: fault.holdMs });
}

/** Kills all members at once, and starts them again. */
export async function restartAll({ world: { etcd, ending }, fault }: FaultTurn): Promise<void> {
  const members = etcd.endpoints.keys().toArray();
  await Promise.all(members.map((member) => etcd.stop(member)));
  await pause(fault.holdMs / 2, ending);
  await Promise.all(members.map((member) => etcd.start(member)));
}

interface Meeting {
  readonly member: number;
  readonly holdMs: number;
}

async function killAndStart({ etcd, ending }: World, { member, holdMs }: Meeting): Promise<void> {
  await etcd.stop(member);
  await pause(holdMs, ending);
  await etcd.start(member);
}

async function pauseAndGoOn({ etcd, ending }: World, { member, holdMs }: Meeting): Promise<void> {
  etcd.signal("SIGSTOP", member);
  try {
    await pause(holdMs, ending);
  } finally {
    etcd.signal("SIGCONT", member);
  }
}

function memberAt({ etcd: { endpoints } }: World, at: number): number {
  return Math.floor(at * endpoints.length);
}

/** Any member where none leads just now. */
async function leaderOf(world: World, at: number): Promise<number> {
  for (const [index, endpoint] of world.etcd.endpoints.entries()) {
    try {
      const { header, leader } = await askMember(endpoint, { path: "maintenance/status" });
      if (leader !== undefined && Object(header)["member_id"] === leader) return index;
    } catch {
      // It does not answer, so it does not lead.
    }
  }
  return memberAt(world, at);
}
