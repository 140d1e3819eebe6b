/**
 * One lane: a part of the runtimes of a cluster, which does one step after the other.
 *
 * @module
 */
import type { Cluster } from "../cluster.ts";
import type { Node } from "../node.ts";
import { fixedAddress } from "../netconf.ts";
import { type Step, type StepKind, stepsOf } from "../plan/steps.ts";
import type { World } from "../world.ts";
import { defer, outrun } from "./deferred.ts";
import { ghost } from "./ghost.ts";
import { again, check, lose, reuse, start, status, stop, twice, twin } from "./life.ts";
import { late, reboot, replace, rival, sandbox, second } from "./moves.ts";
import { arrive, reclaim } from "./overtaken.ts";
import type { Unit } from "./unit.ts";

/** A lane, and what it looks after. */
export interface Lane {
  readonly number: number;
  /** How many lanes there are. */
  readonly lanes: number;
  readonly cluster: Cluster;
  readonly nodes: readonly Node[];
  readonly units: Unit[];
  /** The fixed addresses that its pods ask for. */
  readonly slots: readonly string[];
  /** The owners that its pods have. */
  readonly owners: readonly string[];
}

/** What one step is given. */
export interface Turn {
  readonly world: World;
  readonly lane: Lane;
  readonly step: Step;
}

/** Fixed addresses of one lane. */
export const SLOTS = 3;
/** More would leave too few random addresses. */
const MOST_UNITS = 6;

const STEPS: Readonly<Record<StepKind, (turn: Turn) => Promise<void>>> = {
  start,
  stop,
  sandbox,
  replace,
  defer,
  outrun,
  again,
  twice,
  reuse,
  check,
  late,
  second,
  rival,
  twin,
  lose,
  ghost,
  reboot,
  reclaim,
  arrive,
  status,
};

/** Needs a unit; without one there is nothing to do but to start one. */
const STARTS: readonly StepKind[] = ["start", "rival", "arrive", "ghost", "status"];
/** Needs somebody who can tell whether a pod is gone. */
export const NEEDS_KUBE: readonly StepKind[] = [
  "replace",
  "rival",
  "lose",
  "second",
  "reclaim",
  "arrive",
];

/**
 * Makes a lane.
 *
 * @param world The run.
 * @param options Its number, and how many there are.
 * @returns The lane.
 */
export function makeLane(
  { clusters, nodes }: World,
  { number, lanes }: { readonly number: number; readonly lanes: number },
): Lane {
  const cluster = clusters[number % clusters.length];
  if (cluster === undefined) throw new RangeError("Cannot make a lane without a cluster");
  return {
    number,
    lanes,
    cluster,
    nodes: nodes.filter((node) => node.cluster === cluster),
    units: [],
    owners: [0, 1].map((index) => `owner-${number}-${index}`),
    slots: Array.from({ length: SLOTS }, (_, index) => fixedAddress(number * SLOTS + index)),
  };
}

/**
 * Does the steps of a lane until the run ends.
 *
 * @param world The run.
 * @param lane The lane.
 */
export async function runLane(world: World, lane: Lane): Promise<void> {
  for (const step of stepsOf(world.seed, { lane: lane.number, only: world.only })) {
    if (world.ending.aborted) return;
    using _ = await world.gate.enter();
    await STEPS[kindFor(world, { lane, step })]({ world, lane, step });
  }
}

function kindFor(
  { hasKube }: World,
  { lane: { units }, step: { kind } }: { readonly lane: Lane; readonly step: Step },
): StepKind {
  if (!hasKube && NEEDS_KUBE.includes(kind)) return units.length < MOST_UNITS ? "start" : "stop";
  if (units.length >= MOST_UNITS && STARTS.includes(kind)) return "stop";
  return units.length === 0 && !STARTS.includes(kind) ? "start" : kind;
}
