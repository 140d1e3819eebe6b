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
  /** The network's name. */
  readonly network: string;
  /** CNI_CONTAINERID. */
  readonly containerId: string;
  /** CNI_IFNAME. */
  readonly ifName: string;
  /** The pod, if the runtime named one. */
  readonly pod?: PodRef;
}

/** An ADD, ready to be planned. */
export interface AddRequest {
  /** `ipam.addressSpace`. */
  readonly space: string;
  /** Who asks. */
  readonly asker: Asker;
  /** One address is taken of each. */
  readonly sets: readonly RangeSet[];
  /** At most one per set. */
  readonly wishes: readonly Wish[];
  /** How an address is chosen that nobody asked for. */
  readonly allocation: "random" | "sequential" | "lowest";
  /** How long an address of the random set is not given again. */
  readonly cooldownMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Chance. */
  readonly random: Random;
}
