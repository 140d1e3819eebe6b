/**
 * What reconcile tells: what it freed, what it kept although something spoke against it, and why.
 *
 * @module
 */
import type { AddressRecord, HolderRecord, PodRef } from "../../state/records.ts";

/** Why something is free. */
export type FreedKind =
  /** The API proved that its pod does not exist. */
  | "gone"
  /** Its pod has succeeded or failed. */
  | "finished"
  /** Another pod has its pod's name. */
  | "replaced"
  /** This node was booted since, and its container does not run, as `--running` says. */
  | "rebooted"
  /** Nothing refers to it. */
  | "orphan"
  /** Its StatefulSet is gone, or wants this pod no more. */
  | "ended"
  /** Its time is over. */
  | "expired";

/** Why something stays although its pod is not listed, or its container should not be there. */
export type KeptKind =
  /** It was written anew since it was read. */
  | "claimed"
  /** Its pod lives. */
  | "present"
  /** Its pod lives, and the node of the pod is gone. */
  | "stranded"
  /** Only its node knows whether the pod runs. */
  | "static"
  /** Another API knows its pod, or none does. */
  | "stranger"
  /** The container runs, as `--running` says. */
  | "running"
  /** Another boot wrote it, and nobody tells what runs. */
  | "booted"
  /** More than `--max-fraction` of its network would be freed. */
  | "refused"
  /** The datastore takes deletions only, and it stays with its owner, which must be written. */
  | "full"
  /** Something that belongs to it is missing, or something else holds what it names. */
  | "damaged";

/** One address, or one key that stands for none. */
export interface Item {
  /** Why it is free, or stays. */
  readonly kind: FreedKind | KeptKind;
  /** `ipam.addressSpace`. */
  readonly space: string;
  /** The network's name. */
  readonly network?: string | undefined;
  /** The address; absent for a key of an index. */
  readonly ip?: string | undefined;
  /** The key, where it is no address. */
  readonly key?: string | undefined;
  /** The container. */
  readonly containerID?: string | undefined;
  /** Its interface. */
  readonly ifname?: string | undefined;
  /** The node of the record. */
  readonly node?: string | undefined;
  /** `namespace/name`. */
  readonly pod?: string | undefined;
  /** What was seen, in words. */
  readonly reason: string;
}

/** A record that cannot be read: it is told, and never touched. */
export interface Unreadable {
  /** Its key. */
  readonly key: string;
  /** What is wrong with it. */
  readonly reason: string;
}

/** What was not done. */
export interface Refusal {
  /** `ipam.addressSpace`. */
  readonly space: string;
  /** The network; absent where the whole space is left alone. */
  readonly network?: string | undefined;
  /** Why, and what to do about it. */
  readonly reason: string;
}

/** What reconcile did, or would do. */
export interface Report {
  /** Whether nothing was changed. */
  readonly dryRun: boolean;
  /** What is free, or would be. */
  readonly freed: Item[];
  /** What stays although something speaks against it. */
  readonly kept: Item[];
  /** Records that cannot be read. */
  readonly unreadable: Unreadable[];
  /** Spaces and networks that were left alone. */
  readonly refused: Refusal[];
  /** What an operator should know beside it. */
  readonly notes: string[];
}

/** Makes a report that says nothing yet. */
export function newReport(dryRun: boolean): Report {
  return { dryRun, freed: [], kept: [], unreadable: [], refused: [], notes: [] };
}

/** What an {@linkcode Item} tells of a record. */
export function itemOf(
  record: HolderRecord | AddressRecord,
  { space, ip, kind, reason }: Pick<Item, "space" | "ip" | "kind" | "reason">,
): Item {
  const { network, containerID, ifname, node, pod } = record;
  return { kind, space, network, ip, containerID, ifname, node, pod: podText(pod), reason };
}

function podText(pod: PodRef | undefined): string | undefined {
  return pod && [pod.namespace, pod.name].filter((part) => part !== undefined).join("/");
}
