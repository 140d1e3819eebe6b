/**
 * One run: a workload and faults side by side, then the end, then the checks.
 *
 * @module
 */
import { pause } from "./admin.ts";
import { openArena } from "./arena.ts";
import { checkHistory } from "./check/history.ts";
import { runCollectors } from "./collect.ts";
import { runFaults } from "./faults/run.ts";
import { dumpHistory } from "./dump.ts";
import { happenedIn } from "./happened.ts";
import { planFaults } from "./plan/faults.ts";
import { type Counts, goalsOf, missing } from "./plan/goals.ts";
import type { StepKind } from "./plan/steps.ts";
import type { Program } from "./program.ts";
import type { Outcome } from "./report.ts";
import { settle } from "./settle.ts";
import { countsOf } from "./tally.ts";
import { makeLane, runLane } from "./workload/lane.ts";
import type { World } from "./world.ts";

/** What a run is made of. */
export interface RunOptions {
  readonly program: Program;
  readonly seed: string;
  readonly minutes: number;
  readonly keep: boolean;
  /** The kinds of steps that are done, without any fault. Default all, with faults. */
  readonly only?: readonly StepKind[];
  /** Ends the run before its time; then nothing is checked. */
  readonly interrupted: AbortSignal;
  readonly say: (text: string) => void;
}

/** Together they keep two processors busy. */
const LANES = 6;
/** A slow machine may take so much longer to reach the goals, as a part of the time. */
const EXTRA = 0.5;
const TELL_MS = 15_000;

/**
 * Runs once.
 *
 * @param options What the run is made of.
 * @returns What it was like; undefined where it was interrupted.
 */
export async function runOnce(options: RunOptions): Promise<Outcome | undefined> {
  const { seed, minutes, interrupted, say } = options;
  const ending = new AbortController();
  const end = (): void => ending.abort();
  interrupted.addEventListener("abort", end, { once: true });
  await using world = await openArena({ ...options, ending: ending.signal });
  say(`Seed ${seed}: ${minutes} minutes`);
  const isQuiet = options.only !== undefined;
  const plan = isQuiet ? { etcd: [], network: [] } : planFaults(seed, minutes);
  const goals = isQuiet ? goalsOf(0) : goalsOf(minutes);
  const lanes = Array.from(
    { length: LANES },
    (_, number) => makeLane(world, { number, lanes: LANES }),
  );
  await together(end, [
    watchClock(world, { minutes, goals, end }),
    runFaults(world, plan.etcd),
    runFaults(world, plan.network),
    isQuiet ? Promise.resolve() : runCollectors(world),
    ...lanes.map((lane) => runLane(world, lane)),
  ]);
  if (interrupted.aborted) return undefined;
  say("Removing everything");
  const left = await settle(world);
  say("Checking");
  const { calls, pods, authors, faults, watch: { changes } } = world;
  const history = { calls, pods, authors, changes };
  if (options.keep) await dumpHistory(history, world.folder);
  const violations = [...checkHistory(history), ...left];
  return {
    seed,
    minutes,
    calls,
    faults,
    happened: happenedIn({ changes, calls }),
    violations,
    missing: missing(countsOf({ calls, faults }), goals),
    skipped: world.hasKube ? [] : ["reconcile and take-over from gone pods (no kube-apiserver)"],
  };
}

/** Waits for all; where one fails the others are ended first. */
async function together(end: () => void, all: readonly Promise<void>[]): Promise<void> {
  for (const one of all) one.catch(end);
  const settled = await Promise.allSettled(all);
  const failed = settled.find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

/** Ends the run when its time is over and its goals are reached. */
async function watchClock(
  world: World,
  { minutes, goals, end }: {
    readonly minutes: number;
    readonly goals: Counts;
    readonly end: () => void;
  },
): Promise<void> {
  const begun = performance.now();
  const allMs = minutes * 60_000;
  while (!world.ending.aborted) {
    await pause(Math.min(TELL_MS, allMs / 4), world.ending);
    const elapsedMs = performance.now() - begun;
    const { calls, faults, ending } = world;
    const counts = countsOf({ calls, faults });
    if (ending.aborted) return;
    world.say(
      `${
        Math.round(elapsedMs / 1000)
      } s: ${calls.length} calls, ${counts.kills} kills, ${counts.faults} faults of etcd`,
    );
    const isDone = missing(counts, goals).length === 0;
    if (elapsedMs >= allMs * (isDone ? 1 : 1 + EXTRA)) end();
  }
}
