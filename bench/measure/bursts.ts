/**
 * Many calls at once, several programs in turn.
 *
 * @module
 */
import type { Caller } from "../caller.ts";
import type { Row } from "../report/row.ts";
import type { Bench } from "../scenario.ts";
import { interleave } from "./interleave.ts";
import { load } from "./load.ts";
import { count, newTally, rowOf } from "./tally.ts";

/** One program of the bursts. */
export interface Burster {
  readonly caller: Caller;
  /** Whether each burst gives back what it took: so that the next one finds the pool as it was. */
  readonly releases: boolean;
  /** The time for one burst. Default none: every program ends by itself. */
  readonly limitMs?: number;
  /** Shown with its rows. */
  readonly note?: string;
}

/** How large the bursts are. */
export interface BurstOptions {
  readonly atOnce: number;
  readonly runs: number;
  readonly advance: (part: number) => void;
}

/** As many as the machine has room for, when time is not taken. */
const AT_ONCE_UNTIMED = 8;
/** Each burst has containers of its own. */
let containers = 0;

/**
 * Makes bursts: all calls of one start together, and the next burst begins when the last call ended.
 *
 * @param bench Makes the calls.
 * @param bursters What takes turns; one warm-up call for each of its nodes comes before.
 * @param options How many calls, and how often.
 * @returns One row for each.
 */
export async function bursts(
  bench: Bench,
  bursters: readonly Burster[],
  { atOnce, runs, advance }: BurstOptions,
): Promise<readonly Row[]> {
  const items = bursters.map((burster) => ({ ...burster, tally: newTally() }));
  await interleave(items, {
    runs,
    warmUps: 1,
    advance,
    once: async ({ caller, releases, limitMs, tally }, run) => {
      const size = run < 0 ? caller.netconfs.length : atOnce;
      const first = containers;
      containers += size;
      const own = Array.from({ length: size }, (_, index) => first + index);
      const answers = await load(bench, caller, {
        verb: "ADD",
        containers: own,
        // Not at once: some wait for seconds where two meet.
        atOnce: run < 0 ? 1 : size,
        ...(limitMs === undefined ? {} : { limitMs }),
      });
      const held = releases ? new Set<string>() : heldBy(caller);
      count(run < 0 ? newTally() : tally, { asked: size, answers, held });
      if (!releases) return;
      await load(bench, caller, { verb: "DEL", containers: own, atOnce: AT_ONCE_UNTIMED });
    },
  });
  return items.map(({ caller: { name, of }, tally, note }) =>
    rowOf(tally, { name, of, at: atOnce, note })
  );
}

const HELD = new WeakMap<Caller, Set<string>>();

/** What a caller got and never gave back, over all bursts. */
function heldBy(caller: Caller): Set<string> {
  const held = HELD.get(caller) ?? new Set();
  HELD.set(caller, held);
  return held;
}
