/**
 * One call of a lane, killed where the plan says so.
 *
 * @module
 */
import { type Call, type CallOptions, startCall } from "../call.ts";
import type { CallRecord, Moment } from "../history.ts";
import type { KillPlan } from "../plan/kill.ts";
import { type Caught, claimOf, releaseOf, type Trap } from "../proxy/trap.ts";
import { nameOf, type World } from "../world.ts";

/** What the call is for the one who counts kills. */
export type Purpose = "claim" | "take-over" | "release";

/** A kill to come, and what it falls into. */
export interface Killing {
  readonly plan: KillPlan | undefined;
  readonly purpose: Purpose;
}

/**
 * Runs a call to its end, by itself or by the kill.
 *
 * @param world The run.
 * @param options The call.
 * @param killing The kill.
 * @returns What became of it.
 */
export async function perform(
  world: World,
  options: CallOptions,
  killing?: Killing,
): Promise<CallRecord> {
  const { node, attachment } = options;
  if (options.verb === "ADD" && attachment !== undefined) {
    world.known.set(nameOf(attachment), { node, attachment });
  }
  const plan = killing?.plan;
  if (killing === undefined || plan === undefined || attachment === undefined) {
    return await begin(world, options).done;
  }
  const moment: Moment = `${killing.purpose} ${plan.when}`;
  if (plan.when === "random") {
    const call = begin(world, options);
    const timer = setTimeout(() => call.kill(moment), plan.afterMs);
    return await call.done.finally(() => clearTimeout(timer));
  }
  using trap = node.link.set({
    what: (killing.purpose === "release" ? releaseOf : claimOf)(attachment.containerId),
    side: plan.when === "unsent" ? "request" : "answer",
  });
  const call = begin(world, options);
  if (await caughtBefore(call.done, trap) !== undefined) call.kill(moment);
  return await call.done;
}

/** Starts a call that is recorded when it ends. */
export function begin(world: World, options: CallOptions): Call {
  return startCall(options, (record) => world.calls.push(record));
}

/** Waits for a trap, or for the end of whatever might spring it. */
export async function caughtBefore(
  done: Promise<unknown>,
  trap: Trap,
): Promise<Caught | undefined> {
  return await Promise.race([trap.sprung, done.then(() => undefined)]);
}
