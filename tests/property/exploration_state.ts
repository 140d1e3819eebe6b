/**
 * The states of `exploration.ts`, and the calls that are under way in them.
 *
 * A plan cannot be copied, so a process is what it was answered so far: to go on from there in two ways, the plan is begun anew and given the
 * same answers. Two states are one if their datastores, their processes and what the runtimes know are equal, whatever the
 * revisions are called.
 *
 * @module
 */
import { assert } from "@std/assert";
import { createHash } from "node:crypto";
import type { MemoryDatastore } from "../../lib/datastore/memory.ts";
import type { Answer, Plan, Step } from "../../lib/ipam/plan.ts";
import type { Txn } from "../../lib/state/txn.ts";

/** One call, as far as it got. */
export interface Process {
  readonly verb: "ADD" | "DEL" | "GC" | "replay" | "reconcile";
  /** What it is about: containers, with the owed releases that it knows of. */
  readonly about: readonly Owed[];
  readonly node: "a" | "b";
  readonly begunMs: number;
  /** Begins the plan anew. */
  readonly start: () => Plan<unknown>;
  readonly answers: readonly Answer[];
}

/** A container, and when its DEL was called; a moment in the future where there is none. */
export interface Owed {
  readonly container: number;
  readonly since: number | undefined;
}

/** What a runtime knows of a container. */
export interface Known {
  /** Whether it was made and not deleted. */
  readonly isMade: boolean;
  /** What it was answered and nobody took back. */
  readonly granted: readonly string[] | undefined;
  /** When its ADD was called; 0 when it was deleted. */
  readonly calledMs: number;
  /** The pod that it is a sandbox of. */
  readonly pod: number | undefined;
}

/** Everything at one moment. */
export interface State {
  readonly store: MemoryDatastore;
  readonly nowMs: number;
  readonly running: readonly Process[];
  readonly known: readonly Known[];
  readonly owed: readonly Owed[];
  readonly ended: readonly boolean[];
  /** Commits of processes that were killed, under way still. */
  readonly late: readonly Txn[];
  /** Whether there was one on this path. */
  readonly wasLate: boolean;
  readonly faults: number;
  readonly calls: number;
  /** What happened last, and before. */
  readonly path: Path | undefined;
}

/** How a state was reached. */
export interface Path {
  readonly label: string;
  readonly before: Path | undefined;
}

/** One more step of a path. */
export function labelled({ path: before }: State, label: string): Path {
  return { label, before };
}

/** The steps of a path, in order. */
export function labelsOf({ path }: State): readonly string[] {
  const labels: string[] = [];
  for (let at = path; at !== undefined; at = at.before) labels.unshift(at.label);
  return labels;
}

/** Names a process. */
export function titleOf({ verb, about, node }: Process): string {
  return about.length === 0
    ? `${verb} on ${node}`
    : `${verb} of ${about.map((one) => one.container)}`;
}

/** What plans came to: processes are never changed, and stand in many states. */
const resumed = new WeakMap<Process, IteratorResult<Step, unknown>>();

/** Begins a plan anew and gives it what it was answered. */
export function resume(process: Process): IteratorResult<Step, unknown> {
  const known = resumed.get(process);
  if (known !== undefined) return known;
  const plan = process.start();
  let state = plan.next();
  for (const answer of process.answers) state = plan.next(answer);
  resumed.set(process, state);
  return state;
}

/** What a process waits for. */
export function stepOf(process: Process): Step {
  const { done, value } = resume(process);
  assert(done !== true, "a plan makes a step, and what has ended does not run");
  return value;
}

/** Texts of what stands in many states: a process is never changed, and a datastore is forked before it is. */
const texts = new WeakMap<Process | MemoryDatastore, string>();

function textOf<T extends Process | MemoryDatastore>(one: T, make: (one: T) => unknown): string {
  const known = texts.get(one);
  if (known !== undefined) return known;
  const text = JSON.stringify(make(one));
  texts.set(one, text);
  return text;
}

/** The same for states that differ in nothing but the names of their revisions. */
export function keyOf(state: State): string {
  const { store, nowMs, running, known, owed, ended, late, wasLate, faults } = state;
  const processes = running.map((process) =>
    textOf(process, ({ verb, about, begunMs, answers }) => [verb, about, begunMs, answers])
  );
  const text = JSON.stringify([nowMs, known, owed, ended, late, wasLate, faults]) +
    textOf(store, (one) => one.entries()) + processes.sort().join();
  const names = new Map<string, number>();
  const named = text.replaceAll(/"revision":"(\d+)"/g, (_, revision: string) => {
    const name = names.get(revision) ?? names.size;
    names.set(revision, name);
    return `@${name}`;
  });
  return createHash("sha1").update(named).digest("base64");
}
