/**
 * What every step of reconcile works with.
 *
 * @module
 */
import { type Datastore, DatastoreError } from "../../datastore/datastore.ts";
import { transact } from "../../datastore/transact.ts";
import type { Evidence } from "../../ipam/reconcile/candidates.ts";
import type { Report } from "../../ipam/reconcile/report.ts";
import type { Scope } from "../../ipam/reconcile/scope.ts";
import type { Plan, Random } from "../../ipam/plan.ts";
import type { KubeApi } from "../../kube/api.ts";
import type { KubeInventory } from "../../kube/inventory.ts";

/** The longest wait for one call of the datastore, in milliseconds: there is none for all of them. */
const CALL_MS = 10_000;

/** The API that judges pods. */
export interface JudgingApi {
  /** Asked for one pod. */
  readonly kube: Pick<KubeApi, "authorities" | "getPod">;
  /** Asked for all. */
  readonly inventory: KubeInventory;
}

/** How far it is. */
export interface ReconcileStep {
  /** Such as `Reading records`. */
  readonly title: string;
  /** How many are done. */
  readonly done: number;
  /** How many there are; undefined while nobody knows. */
  readonly total?: number | undefined;
}

/** What reconcile is told. */
export interface ReconcileOptions extends Pick<Evidence, "thisNode" | "isRunning"> {
  /** What may be touched. */
  readonly scope: Scope;
  /** Undefined: no pod is judged. */
  readonly api: JudgingApi | undefined;
  /** Nothing is written. */
  readonly dryRun: boolean;
  /** What of a network's attachments is freed at most, 0 to 1. */
  readonly maxFraction: number;
  /** Filled as the work goes on, so that it tells what was done where the work ends early. */
  readonly report: Report;
  /** Chance. */
  readonly random: Random;
  /** Milliseconds since the epoch: when something is freed, long after the records were read. Default that time. */
  readonly clock?: (() => number) | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
  /** Keys that are read at once. */
  readonly page?: number | undefined;
  /** Waits before one object is asked for once more, in milliseconds; one for each further try. */
  readonly pausesMs?: readonly number[] | undefined;
  /** Told of each step. */
  readonly onStep?: ((step: ReconcileStep) => void) | undefined;
}

/** Everything that a step needs. */
export interface Work extends ReconcileOptions {
  readonly store: Datastore;
}

/** When something is freed: what it cools down for begins then. A clock that was set back does not count. */
export function freeingTime({ clock, scope: { now } }: Work): number {
  return Math.max(now, clock?.() ?? now);
}

/** Runs a plan, within the deadline of one call. */
export function run<T>({ store, random, signal }: Work, plan: Plan<T>): Promise<T> {
  return transact(store, plan, { signal: callSignal(signal), random });
}

/** The deadline of one call. */
export function callSignal(signal: AbortSignal | undefined): AbortSignal {
  const deadline = AbortSignal.timeout(CALL_MS);
  return signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
}

/** What was done; undefined where it had to be written and the datastore is out of space: then only deletions are taken. */
export async function unlessFull<T>(doing: Promise<T>): Promise<T | undefined> {
  try {
    return await doing;
  } catch (error) {
    if (error instanceof DatastoreError && error.kind === "full") return undefined;
    throw error;
  }
}
