/**
 * Counts what a run had.
 *
 * @module
 */
import { codeOf } from "./check/answers.ts";
import type { CallRecord } from "./history.ts";
import type { Counts } from "./plan/goals.ts";

/** Numbers by name. */
export type Tally = ReadonlyMap<string, number>;

/** Counts names. */
export function tallyOf(names: Iterable<string>): Tally {
  const tally = new Map<string, number>();
  for (const name of names) tally.set(name, (tally.get(name) ?? 0) + 1);
  return new Map([...tally].sort(([a], [b]) => a < b ? -1 : 1));
}

/** The sum of all numbers. */
export function sumOf(tally: Tally): number {
  return tally.values().reduce((sum, count) => sum + count, 0);
}

/** Kills by their moment. */
export function killsOf(calls: readonly CallRecord[]): Tally {
  return tallyOf(calls.flatMap(({ killed }) => killed ?? []));
}

/** Calls by verb and how they ended. */
export function endingsOf(calls: readonly CallRecord[]): Tally {
  return tallyOf(calls.map((call) => `${call.verb} ${endOf(call)}`));
}

function endOf(call: CallRecord): string {
  const { exit, killed } = call;
  if (killed !== undefined) return "killed";
  if (exit === 0) return "succeeded";
  const code = codeOf(call);
  return code === undefined ? "failed" : `code ${code}`;
}

/** What counts for the goals. */
export function countsOf(
  { calls, faults }: { readonly calls: readonly CallRecord[]; readonly faults: Tally },
): Counts {
  const kills = killsOf(calls);
  const sum = (pattern: RegExp): number =>
    sumOf(new Map([...kills].filter(([moment]) => pattern.test(moment))));
  return {
    kills: sum(/./),
    claims: sum(/^(claim|take-over) committed$/),
    dels: sum(/^release /),
    moves: sum(/^(take-over|replay) /),
    faults: sumOf(faults) - (faults.get("partition") ?? 0),
  };
}
