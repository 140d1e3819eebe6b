/**
 * A node that reaches no member of etcd.
 *
 * @module
 */
import { pause } from "../admin.ts";
import type { FaultTurn } from "./members.ts";

/** From this part on of what is drawn, packets get lost instead of being refused. */
const HANGS = 0.7;

/** Cuts one node off, and connects it again. */
export async function partition({ world, fault: { at, holdMs } }: FaultTurn): Promise<void> {
  const { nodes, ending } = world;
  const place = at * nodes.length;
  const node = nodes[Math.floor(place)];
  node?.link.become(place % 1 < HANGS ? "cut" : "hang");
  await pause(holdMs, ending);
  node?.link.become("pass");
}
