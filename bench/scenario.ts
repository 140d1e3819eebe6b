/**
 * What a scenario is, and what it is given.
 *
 * @module
 */
import type { Caller } from "./caller.ts";
import type { Loader } from "./measure/load.ts";
import type { Findings } from "./report/row.ts";

/** The compiled programs. */
export interface Programs {
  readonly plugin: string;
  /** The least that a compiled program can be. */
  readonly empty: string;
  /** The plugin's code without a call. */
  readonly loaded: string;
  /** Stand-ins for peers of which no binary can be had. */
  readonly original: string;
  readonly whereabouts: string;
}

/** Another plugin. */
export interface Peer {
  readonly name: string;
  /** The program. */
  readonly path: string;
  /** Makes it ready for a scenario; undefined when it needs an etcd and none is given. */
  caller(options: { readonly etcd?: readonly string[] }): Promise<Caller | undefined>;
}

/** What a scenario is given. */
export interface Bench extends Loader {
  /** Fewer runs and smaller sizes. */
  readonly quick: boolean;
  /** Below the only folder that the binary may write to; gone after the run. */
  readonly root: string;
  readonly programs: Programs;
  readonly peers: readonly Peer[];
  readonly hasEtcd: boolean;
  readonly hasKube: boolean;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Tells which part of the scenario is done, 0 to 1. */
  readonly advance: (part: number) => void;
}

/** Some measurements that belong together. */
export interface Scenario {
  readonly name: string;
  /** As the progress shows it. */
  readonly title: string;
  /** How long it takes on the machine it was made on. */
  readonly seconds: { readonly full: number; readonly quick: number };
  run(bench: Bench): Promise<Findings>;
}

/** A share of the time of a scenario: both are 0 to 1. */
export interface Share {
  readonly from: number;
  readonly to: number;
}

/**
 * The progress of a part of a scenario.
 *
 * @param advance The progress of the whole scenario.
 * @param share Which share of it the part takes.
 * @returns Takes 0 to 1 for the part.
 */
export function partOf(advance: Bench["advance"], { from, to }: Share): Bench["advance"] {
  return (part) => advance(from + (to - from) * part);
}
