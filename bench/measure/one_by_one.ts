/**
 * Calls one after the other, several programs in turn.
 *
 * @module
 */
import type { Caller } from "../caller.ts";
import type { Row } from "../report/row.ts";
import type { Bench } from "../scenario.ts";
import { interleave } from "./interleave.ts";
import { load, programOf } from "./load.ts";
import { median } from "./stats.ts";
import { count, newTally, rowOf, type Tally } from "./tally.ts";

/** One call of a turn. */
export interface Turn {
  readonly name: string;
  readonly caller: Caller;
  readonly verb: string;
  readonly at?: number;
  readonly tally: Tally;
}

/** How often, and how far that brings the scenario. */
export interface OneByOneOptions {
  readonly runs: number;
  readonly advance: (part: number) => void;
}

/** Numbers of containers are not negative; those of warm-ups come first. */
const WARM_UPS = 3;

/**
 * An ADD and a DEL of the same container: two turns, one after the other.
 *
 * @param caller What is called.
 * @param options The end of the names, after "ADD" and "DEL".
 * @returns The turns.
 */
export function addAndDel(
  caller: Caller,
  { name = caller.name, at }: { readonly name?: string; readonly at?: number } = {},
): readonly Turn[] {
  return ["ADD", "DEL"].map((verb) => ({
    name: `${verb}, ${name}`,
    caller,
    verb,
    tally: newTally(),
    ...(at === undefined ? {} : { at }),
  }));
}

/**
 * Makes the calls, and warms up before.
 *
 * @param bench Makes the calls.
 * @param turns What takes turns.
 * @param options How often.
 * @returns One row for each turn.
 */
export async function oneByOne(
  bench: Bench,
  turns: readonly Turn[],
  { runs, advance }: OneByOneOptions,
): Promise<readonly Row[]> {
  await interleave(turns, {
    runs,
    warmUps: WARM_UPS,
    advance,
    once: async ({ caller, verb, tally }, run) => {
      const answers = await load(bench, caller, { verb, containers: [run + WARM_UPS] });
      // The same address in each run is no mistake: it was given back.
      if (run >= 0) count(tally, { asked: 1, answers });
    },
  });
  return turns.map(({ name, caller: { of }, at, tally }) => {
    // One after the other there is nothing to count in a second.
    const { perSecond: _, ...row } = rowOf(tally, {
      name,
      of,
      ...(at === undefined ? {} : { at }),
    });
    return row;
  });
}

/**
 * The largest resident set of each turn, in calls apart: to watch it takes processor time.
 *
 * @param bench Makes the calls.
 * @param turns What takes turns.
 * @param runs How often.
 * @returns The median of each in MB; undefined where it cannot be told.
 */
export async function residentSets(
  bench: Bench,
  turns: readonly Turn[],
  runs: number,
): Promise<readonly (number | undefined)[]> {
  const samples = turns.map((): number[] => []);
  await interleave([...turns.entries()], {
    runs,
    warmUps: 0,
    once: async ([index, { caller, verb }], run) => {
      const files = `${bench.folder}/rss`;
      const program = programOf(caller, { verb, container: run, files });
      const kilobytes = await bench.spawner.peakRss(program);
      if (kilobytes !== undefined) samples[index]?.push(kilobytes);
    },
  });
  return samples.map((seen) => {
    const kilobytes = median(seen);
    return kilobytes === undefined ? undefined : kilobytes / 1000;
  });
}
