/**
 * The tables of a run, and its last line.
 *
 * @module
 */
import type { CallRecord, Violation } from "./history.ts";
import { countsOf, endingsOf, killsOf, sumOf, type Tally } from "./tally.ts";

/** What is told of a run. */
export interface Outcome {
  readonly seed: string;
  readonly minutes: number;
  readonly calls: readonly CallRecord[];
  readonly faults: Tally;
  readonly happened: Tally;
  readonly violations: readonly Violation[];
  /** Goals that were not reached, and parts that this machine cannot run. */
  readonly missing: readonly string[];
  readonly skipped: readonly string[];
}

/** Whether all is well. */
export function isGood({ violations, missing }: Outcome): boolean {
  return violations.length === 0 && missing.length === 0;
}

/** The tables, as Markdown. */
export function formatReport(outcome: Outcome): string {
  const { seed, minutes, calls, faults, skipped } = outcome;
  const part = [
    `${minutes} minutes, seed \`${seed}\`${skipped.map((text) => `, without ${text}`).join("")}`,
    table("fault injected", faults),
    table("kill -9 of a plugin, by moment", killsOf(calls)),
    table("call and its end", endingsOf(calls)),
    table("what became of addresses", outcome.happened),
    table("found", verdictOf(outcome)),
  ];
  return `${part.join("\n\n")}\n`;
}

function verdictOf(outcome: Outcome): Tally {
  const { duplicates, leaks, others } = found(outcome);
  return new Map([["duplicates", duplicates], ["leaks", leaks], ["other violations", others]]);
}

function table(name: string, tally: Tally): string {
  const rows = [...tally, ["all", sumOf(tally)] as const]
    .map(([key, count]) => [key, String(count)] as const);
  const width = Math.max(name.length, ...rows.map(([key]) => key.length));
  const line = (key: string, count: string): string =>
    `| ${key.padEnd(width)} | ${count.padStart(5)} |`;
  const head = [line(name, "count"), `| ${"-".repeat(width)} | ----: |`];
  return [...head, ...rows.map(([key, count]) => line(key, count))].join("\n");
}

/** The last line. */
export function formatLast(outcome: Outcome): string {
  const { calls, faults } = outcome;
  const { kills, faults: ofEtcd } = countsOf({ calls, faults });
  const { duplicates, leaks, others } = found(outcome);
  const missing = outcome.missing.length === 0 ? "" : `, too few: ${outcome.missing.join(", ")}`;
  return `${calls.length} calls, ${kills} kills, ${ofEtcd} faults of etcd, ` +
    `${duplicates} duplicates, ${leaks} leaks, ${others} other violations${missing}`;
}

function found(
  { violations }: Outcome,
): { readonly duplicates: number; readonly leaks: number; readonly others: number } {
  const count = (wanted: Violation["kind"]): number =>
    violations.filter(({ kind }) => kind === wanted).length;
  const [duplicates, leaks] = [count("duplicate"), count("leak")];
  return { duplicates, leaks, others: violations.length - duplicates - leaks };
}
