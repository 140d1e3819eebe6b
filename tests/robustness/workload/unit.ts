/**
 * What a lane looks after: a pod, or a container without one, and the sandboxes that it had.
 *
 * @module
 */
import type { Asks } from "../cluster.ts";
import type { AttachmentRef, CallRecord, PodNote } from "../history.ts";
import type { Node } from "../node.ts";
import type { KillPlan } from "../plan/kill.ts";
import type { Dice } from "../plan/dice.ts";
import { nameOf, type World } from "../world.ts";
import { type Killing, perform, type Purpose } from "./perform.ts";

/** One pod, or one container without a pod. */
export interface Unit {
  node: Node;
  /** Undefined for a container that no Kubernetes knows. */
  pod: PodNote | undefined;
  /** What its pod asks for. */
  readonly asks: Asks;
  attachment: AttachmentRef;
  /** The last good answer of this attachment; undefined where none is known. */
  result: unknown;
  /** Former sandboxes whose DEL is still to come. */
  readonly former: { readonly node: Node; readonly attachment: AttachmentRef }[];
}

/** Removals are tried so often at once; what is left is removed at the end of the run. */
const REMOVALS = 3;

/** An attachment that nobody had before. */
export function newAttachment(dice: Dice): AttachmentRef {
  const part = (): string => dice.below(2 ** 32).toString(16).padStart(8, "0");
  return { containerId: part() + part() + part(), ifName: "eth0" };
}

/** ADDs the attachment of a unit. */
export async function addUnit(
  world: World,
  unit: Unit,
  options: { readonly plan?: KillPlan | undefined; readonly purpose?: Purpose } = {},
): Promise<CallRecord> {
  const { plan, purpose = "claim" } = options;
  const record = await perform(world, addOptions(unit), { plan, purpose });
  unit.result = record.exit === 0 ? parsed(record.stdout) : undefined;
  return record;
}

/** The ADD of a unit. */
export function addOptions(
  { node, attachment, pod, asks: { wish } }: Unit,
): Parameters<typeof perform>[1] {
  return {
    verb: "ADD",
    node,
    attachment,
    ...(pod === undefined ? {} : { pod }),
    ...(wish === undefined ? {} : { wish }),
    ...(node.cluster.kube === undefined || pod === undefined
      ? { more: withoutAnnotations(node) }
      : {}),
  };
}

/** Containers without a pod have no annotations; the datastore is the same. */
function withoutAnnotations({ netconf }: Node): Readonly<Record<string, unknown>> {
  const ipam = Object(netconf["ipam"]);
  return { ipam: { ...ipam, annotations: "off" } };
}

/** DELs an attachment, the first time with a kill, until it is removed or some tries have failed. */
export async function remove(
  world: World,
  options: {
    readonly node: Node;
    readonly attachment: AttachmentRef;
    readonly pod: PodNote | undefined;
    readonly plan: KillPlan | undefined;
  },
): Promise<boolean> {
  const { node, attachment, pod, plan } = options;
  const call = { verb: "DEL", node, attachment, ...(pod === undefined ? {} : { pod }) } as const;
  for (let attempt = 1; attempt <= REMOVALS; attempt++) {
    const killing: Killing = { plan: attempt === 1 ? plan : undefined, purpose: "release" };
    const { exit } = await perform(world, call, killing);
    if (exit !== 0) continue;
    world.known.delete(nameOf(attachment));
    return true;
  }
  return false;
}

/** Removes a unit and its former sandboxes. */
export async function removeUnit(
  world: World,
  unit: Unit,
  plan?: KillPlan,
): Promise<void> {
  const { node, attachment, pod, former } = unit;
  await remove(world, { node, attachment, pod, plan });
  for (const one of former.splice(0)) await remove(world, { ...one, pod, plan: undefined });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a check tells it
  }
}
