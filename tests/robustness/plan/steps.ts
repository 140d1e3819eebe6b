/**
 * What the runtimes of the nodes do, in which order: drawn from the seed, so that it can be repeated.
 *
 * Which container a step is about depends on what came of the steps before; the draws do not.
 *
 * @module
 */
import { type Dice, drawWeighted, makeDice } from "./dice.ts";
import { drawKill, type KillPlan } from "./kill.ts";

/** How often each step is drawn. */
export const WEIGHTS = {
  /** A new pod, or a container without one, gets its address. */
  start: 26,
  /** A container is removed: its pod before, or after. */
  stop: 22,
  /** The pod gets another sandbox, of another container ID: it takes over. */
  sandbox: 14,
  /** The pod of a fixed address is gone, and the next one takes over from it. */
  replace: 12,
  /** A removal while the node is cut off, and what gives the address back afterwards. */
  defer: 7,
  /** The same, and the container ID is used again before what was put off is done. */
  outrun: 3,
  /** ADD again, as after a lost answer. */
  again: 5,
  /** The same ADD twice at once. */
  twice: 3,
  /** DEL, and ADD of the same container ID. */
  reuse: 4,
  /** CHECK of what was granted. */
  check: 5,
  /** The DEL of a former sandbox is on its way while the next one takes over. */
  late: 3,
  /** A second interface of a pod asks for the address that the first one holds. */
  second: 3,
  /** A pod asks for the fixed address of another pod that lives. */
  rival: 3,
  /** DEL of another node's container ID. */
  twin: 2,
  /** The pod goes, and nobody calls DEL. */
  lose: 3,
  /** A claim reaches etcd after its process was killed and its container removed. */
  ghost: 3,
  /** A node forgets its boot, and a pod of it gets another sandbox. */
  reboot: 2,
  /** A pod that reconcile proved gone is followed by one that gets the same container ID. */
  reclaim: 2,
  /** A pod gets its address while reconcile reads what there is. */
  arrive: 2,
  /** STATUS. */
  status: 1,
} as const;

const OFTEN = 1;

/** What one lane does next. */
export type StepKind = keyof typeof WEIGHTS;

/** One step of a lane. */
export interface Step {
  readonly kind: StepKind;
  /** The kill that meets its ADD, and the one that meets its DEL. */
  readonly kills: { readonly add: KillPlan | undefined; readonly del: KillPlan | undefined };
  /** Everything else that is drawn for it. */
  readonly dice: Dice;
}

/**
 * The steps of one lane, without end.
 *
 * @param seed The seed of the run.
 * @param lane The lane's number.
 * @param only The kinds that are drawn. Default all.
 * @returns The steps.
 */
export function* stepsOf(
  seed: string,
  { lane, only }: { readonly lane: number; readonly only?: readonly StepKind[] | undefined },
): Generator<Step, never> {
  const weights = weightsOf(only);
  for (let index = 0;; index++) {
    const dice = makeDice(`${seed}/step/${lane}/${index}`);
    const kind = drawWeighted<StepKind>(dice, weights);
    yield { kind, kills: { add: drawKill(dice, "add"), del: drawKill(dice, "del") }, dice };
  }
}

/** Where only some are drawn, all of them are drawn often. */
function weightsOf(only: readonly StepKind[] | undefined): Readonly<Record<StepKind, number>> {
  if (only === undefined) return WEIGHTS;
  const none = Object.fromEntries(Object.keys(WEIGHTS).map((kind) => [kind, 0]));
  return { ...WEIGHTS, ...none, ...Object.fromEntries(only.map((kind) => [kind, OFTEN])) };
}
