/**
 * What a run found: rows in tables, and goals. All of it is plain JSON, from which tables and plots can be drawn again.
 *
 * @module
 */
import type { Summary } from "../measure/stats.ts";

/**
 * What a row is of:
 *
 * - `ours`: this plugin
 * - `peer`: another plugin
 * - `stand-in`: a program that asks etcd what another plugin asks, and does nothing else
 * - `minimum`: what nothing of its kind can be faster than
 */
export type RowKind = "ours" | "peer" | "stand-in" | "minimum";

/** One line of a table. */
export interface Row {
  readonly name: string;
  readonly of: RowKind;
  /** Its place on the table's axis: callers, allocations, milliseconds. */
  readonly at?: number;
  /** Of calls that succeeded. */
  readonly wallMs?: Summary;
  /** User and system time of one call, the median. */
  readonly cpuMs?: number;
  /** The largest resident set, the median. */
  readonly rssMb?: number;
  /** Calls that succeeded in a second. */
  readonly perSecond?: number;
  readonly failures: number;
  readonly duplicates: number;
  /** Of its median to that of the row that the table names. */
  readonly ratio?: number;
  /** How much more its median is than that of the row it is compared with. */
  readonly moreMs?: number;
  /** Round trips of one call. */
  readonly trips?: number;
  /** Bytes of one call, both ways. */
  readonly bytes?: number;
  readonly note?: string;
}

/** Some rows, and what they have in common. */
export interface Table {
  readonly id: TableId;
  readonly title: string;
  /** What `at` means. */
  readonly axis?: string;
  /** What `ratio` is to. */
  readonly ratioTo?: string;
  /** What `moreMs` is more than. */
  readonly moreThan?: string;
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

/** The tables there are. Plots find theirs by it. */
export type TableId =
  | "start-up"
  | "start-up-by-part"
  | "mutual-tls"
  | "distance-one"
  | "distance-many"
  | "fill"
  | "fill-writers"
  | "writers"
  | "library";

/** Something that a figure must be. */
export interface Goal {
  readonly text: string;
  readonly must: "at most" | "at least";
  readonly limit: number;
  /** `x`, for times, unless it says otherwise. */
  readonly unit?: string;
  /** Undefined where it was not measured. */
  readonly figure?: number;
}

/** What a scenario found. */
export interface Findings {
  readonly tables: readonly Table[];
  readonly goals: readonly Goal[];
}
