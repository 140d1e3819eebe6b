/**
 * At which moment of its life a plugin process is killed.
 *
 * @module
 */
import { type Dice, drawWeighted } from "./dice.ts";

/**
 * When a process is killed:
 *
 * - `random`: after some time, wherever it is then
 * - `unsent`: its transaction has left it and has not reached etcd
 * - `committed`: etcd has applied its transaction, and the answer has not reached it
 */
export type KillWhen = "random" | "unsent" | "committed";

/** A kill to come. */
export interface KillPlan {
  readonly when: KillWhen;
  /** For `random`: how long after the start, in ms. */
  readonly afterMs: number;
}

/** How likely each kind of call is killed. */
const SHARES = { add: 0.4, del: 0.4 } as const;
const WEIGHTS = { add: [60, 15, 25], del: [50, 20, 30] } as const;
/** Later than a plugin ends on an idle machine. */
const LONGEST_MS = 120;

/**
 * Draws whether and when a call is killed.
 *
 * @param dice Where the draws come from.
 * @param verb What is called.
 * @returns The kill; undefined for most calls.
 */
export function drawKill(dice: Dice, verb: "add" | "del"): KillPlan | undefined {
  const isKilled = dice.chance(SHARES[verb]);
  const [committed, unsent, random] = WEIGHTS[verb];
  const when = drawWeighted<KillWhen>(dice, { committed, unsent, random });
  const afterMs = dice.below(LONGEST_MS);
  return isKilled ? { when, afterMs } : undefined;
}
