/**
 * The one retry loop: drives a plan against a datastore.
 *
 * @module
 */
import type { Answer, Plan, Random, Step, Verdict } from "../ipam/plan.ts";
import type { AddressRecord } from "../state/records.ts";
import { checkTxn } from "../state/txn.ts";
import { type CallOptions, checkDeadline, type Datastore, DatastoreError } from "./datastore.ts";

/** Options of {@linkcode transact}. */
export interface TransactOptions {
  /** Ends the loop: the deadline of the whole plugin call. */
  readonly signal: AbortSignal;
  /** Decides how long to wait after a conflict. */
  readonly random: Random;
  /** The longest try at one endpoint, in milliseconds. */
  readonly tryMs?: number | undefined;
  /** Tells whether the pod of a holder lives; without it nobody can tell. */
  readonly judge?: Judge | undefined;
}

/** Tells whether the pod that holds an address still lives. Never throws. */
export type Judge = (holder: AddressRecord) => Promise<Verdict>;

/** Commits with an unknown end after which the loop gives up. */
const UNKNOWN_LIMIT = 3;
/** Conflicts in a row after which the loop begins to wait: the first ones are what the plan learns from. */
const PATIENT_FROM = 3;
/** Longest wait between two tries, in milliseconds. */
const LONGEST_WAIT_MS = 100;

/**
 * Runs a plan to its end.
 *
 * Conflicts are answers, not failures: the plan is told and goes on. A commit of which nobody knows whether it was applied is
 * answered as `unknown`; the plan finds out by its next step.
 *
 * @param store The datastore.
 * @param plan The plan.
 * @param options The deadline, and chance.
 * @returns What the plan returned.
 * @throws {DatastoreError} If the datastore fails or the deadline passes.
 */
export async function transact<T>(
  store: Datastore,
  plan: Plan<T>,
  options: TransactOptions,
): Promise<T> {
  const { signal, random, tryMs } = options;
  let conflicts = 0;
  let unknown = 0;
  let state = plan.next();
  while (state.done !== true) {
    checkDeadline(signal);
    const answer = await perform(store, {
      step: state.value,
      call: { signal, tryMs },
      last: unknown === UNKNOWN_LIMIT,
      judge: options.judge ?? nobody,
    });
    if (answer.kind === "unknown") unknown++;
    if (answer.kind === "conflict" && ++conflicts >= PATIENT_FROM) {
      await pause(conflicts - PATIENT_FROM, options);
    }
    state = plan.next(answer);
  }
  return state.value;

  async function pause(round: number, { signal }: TransactOptions): Promise<void> {
    const most = Math.min(LONGEST_WAIT_MS, 2 ** Math.min(round + 2, 10));
    await sleep(Number(random(BigInt(most))), signal);
  }
}

async function perform(
  store: Datastore,
  options: {
    readonly step: Step;
    readonly call: CallOptions;
    readonly last: boolean;
    readonly judge: Judge;
  },
): Promise<Answer> {
  const { step, call, last, judge } = options;
  if (step.kind === "judge") return { kind: "judged", verdict: await judge(step.holder) };
  if (step.kind === "read") return { kind: "seen", seen: await store.read(step.reads, call) };
  checkTxn(step.txn);
  try {
    return await store.commit(step.txn, call);
  } catch (error) {
    const ambiguous = error instanceof DatastoreError && error.kind === "ambiguous";
    if (!ambiguous || last || call.signal.aborted) throw error;
    return { kind: "unknown" };
  }
}

function nobody(): Promise<Verdict> {
  return Promise.resolve({ kind: "unknown", reason: "no Kubernetes API is asked" });
}

/** Waits, but not beyond the end of a signal. Never fails. */
export function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, delayMs);
    signal?.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    }
  });
}
