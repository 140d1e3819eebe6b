/**
 * What an ADD asks for, and who asks.
 *
 * @module
 */
import type { Allocation, PoolWish, RangeSet, Wish } from "../config/config.ts";
import type { Retain } from "../config/retain.ts";
import type { Addr } from "../net/addr.ts";
import type { Owner, PodRef } from "../state/records.ts";
import type { Random } from "./plan.ts";

export type { Owner } from "../state/records.ts";

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
  /** Fingerprints of the Kubernetes API that knows the pod, the present one first; none where no API was asked. */
  readonly authorities?: readonly string[];
}

/** An ADD, ready to be planned. */
export interface AddRequest {
  /** `ipam.addressSpace`. */
  readonly space: string;
  /** Who asks. */
  readonly asker: Asker;
  /** One address is taken of each. */
  readonly sets: readonly RangeSet[];
  /** Of several for one set the first counts, past those that this pod itself holds elsewhere. */
  readonly wishes: readonly Wish[];
  /** At most one per set, for sets without a wish. */
  readonly pools?: readonly PoolWish[];
  /** Whose the addresses stay when they are retained; without an owner none is. */
  readonly owner?: Owner | undefined;
  /** The pod's own rule, which wins over that of the range. */
  readonly retain?: Retain | undefined;
  /** Whether the pod may have this fixed address; without it, it may have any. */
  readonly permits?: (addr: Addr) => boolean;
  /** How an address is chosen that nobody asked for. */
  readonly allocation: Allocation;
  /** What `owner-hash` begins at: names the workload, the same in each of its pods. */
  readonly workload?: string | undefined;
  /** How long an address of the random set is not given again. */
  readonly cooldownMs: number;
  /** When a DEL of this container was deferred, in milliseconds since the epoch: what it held until then is rewritten. */
  readonly deferredMs?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Chance. */
  readonly random: Random;
}
