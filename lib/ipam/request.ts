/**
 * What an ADD asks for, and who asks.
 *
 * @module
 */
import type { RangeSet, Wish } from "../config/config.ts";
import type { PodRef } from "../state/records.ts";
import type { Random } from "./plan.ts";

/** The node that a call runs on. */
export interface NodeIdentity {
  /** Which cluster's records are ours. */
  readonly cluster: string;
  /** The node's name. */
  readonly node: string;
  /** Random, written once per data directory: tells a node from another of the same name. */
  readonly nodeId: string;
  /** Random, new with each boot. */
  readonly boot: string;
}

/** The attachment that asks, and its pod as far as it is known. */
export interface Asker extends NodeIdentity {
  readonly network: string;
  readonly containerId: string;
  readonly ifName: string;
  readonly pod?: PodRef;
}

/** An ADD, ready to be planned. */
export interface AddRequest {
  readonly space: string;
  readonly asker: Asker;
  readonly sets: readonly RangeSet[];
  /** At most one per set. */
  readonly wishes: readonly Wish[];
  readonly allocation: "random" | "sequential" | "lowest";
  readonly cooldownMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly random: Random;
}
