/**
 * Collects what calls of one program showed, and makes a row of it.
 *
 * @module
 */
import type { Row, RowKind } from "../report/row.ts";
import type { Answer } from "./load.ts";
import { median, summarize } from "./stats.ts";

/** What was seen so far. */
export interface Tally {
  /** Of calls that succeeded: a figure of a failed one means nothing. */
  readonly wallMs: number[];
  readonly cpuMs: number[];
  /** Calls that were to be made. */
  asked: number;
  /** Calls that ended otherwise than well. */
  failures: number;
  /** Those of them that were killed: out of time. */
  late: number;
  /** Addresses that were given while somebody held them. */
  duplicates: number;
  /** What the first failed call printed. */
  firstFailure?: string;
  /** The time of all batches together, and what ended well in it. */
  busyMs: number;
}

/** What a row says beside its figures. */
export interface RowName {
  readonly name: string;
  readonly of: RowKind;
  /** Its place on the axis of a plot. */
  readonly at?: number;
  readonly note?: string | undefined;
}

/** 128 and SIGKILL. */
const KILLED = 137;
const LONGEST_FAILURE = 160;

/** Makes an empty tally. */
export function newTally(): Tally {
  return { wallMs: [], cpuMs: [], asked: 0, failures: 0, late: 0, duplicates: 0, busyMs: 0 };
}

/**
 * Counts a batch of calls.
 *
 * @param tally What was seen so far.
 * @param batch How many calls were asked for, those that were made, and the addresses that are held: theirs are added.
 */
export function count(
  tally: Tally,
  batch: {
    readonly asked: number;
    readonly answers: readonly Answer[];
    readonly held?: Set<string>;
  },
): void {
  const { asked, answers, held } = batch;
  tally.asked += asked;
  tally.busyMs += Math.max(0, ...answers.map(({ endedMs }) => endedMs));
  for (const { code, wallMs, cpuMs, addresses, text } of answers) {
    if (code !== 0) {
      tally.failures++;
      if (code === KILLED) tally.late++;
      else tally.firstFailure ??= text.replaceAll(/\s+/g, " ").slice(0, LONGEST_FAILURE);
      continue;
    }
    tally.wallMs.push(wallMs);
    if (cpuMs !== undefined) tally.cpuMs.push(cpuMs);
    for (const address of held === undefined ? [] : addresses) {
      if (held?.has(address)) tally.duplicates++;
      held?.add(address);
    }
  }
}

/**
 * Makes a row.
 *
 * @param tally What was seen.
 * @param name What the row is called.
 * @returns The row; `perSecond` counts the calls that succeeded.
 */
export function rowOf(tally: Tally, { name, of, at, note }: RowName): Row {
  const { wallMs, cpuMs, asked, duplicates, firstFailure, busyMs } = tally;
  const wall = summarize(wallMs);
  const cpu = median(cpuMs);
  const failures = asked - wallMs.length;
  const late = failures - tally.failures + tally.late;
  const notes = [
    ...(note === undefined ? [] : [note]),
    ...(late > 0 ? [`${late} of ${asked} calls were out of time and ended`] : []),
    ...(firstFailure === undefined ? [] : [`failed: ${firstFailure}`]),
  ];
  return {
    name,
    of,
    ...(at === undefined ? {} : { at }),
    ...(wall === undefined ? {} : { wallMs: wall }),
    ...(cpu === undefined ? {} : { cpuMs: cpu }),
    ...(busyMs === 0 ? {} : { perSecond: wallMs.length / (busyMs / 1000) }),
    failures,
    duplicates,
    ...(notes.length === 0 ? {} : { note: notes.join("; ") }),
  };
}
