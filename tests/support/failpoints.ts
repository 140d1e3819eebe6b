/**
 * Failpoints: at every await of a call, whether it reads, commits or asks the Kubernetes API, the process may end, or the answer may be
 * lost.
 *
 * A process that ends never goes on: its promise stays pending for good, so no `catch` and no `finally` of it runs.
 *
 * @module
 */
import { type Datastore, DatastoreError } from "../../lib/datastore/datastore.ts";
import { KubeError } from "../../lib/kube/api.ts";

/** What a call waits for. */
export type StepKind = "read" | "commit" | "ask";

/** What may happen at a step. */
export type Fault =
  /** The process is killed before it sends anything. */
  | "killed before"
  /** It is killed after the step was carried out, before the answer arrives. */
  | "killed after"
  /** It is killed, and what it sent is carried out later, whatever happened meanwhile. Commits only. */
  | "late"
  /** The commit is applied, and nobody knows. */
  | "lost"
  /** The commit is not applied, and nobody knows. */
  | "unsent"
  /** Nothing was sent, and that is known. */
  | "unreachable"
  /** The datastore is out of space: it takes deletions only. Commits that put something only. */
  | "full";

/** The faults of each kind of step. */
export const FAULTS: Readonly<Record<StepKind, readonly Fault[]>> = {
  read: ["killed before", "killed after", "unreachable"],
  commit: ["killed before", "killed after", "late", "lost", "unsent", "unreachable", "full"],
  ask: ["killed before", "killed after", "unreachable"],
};

/** A fault that is to happen. */
export interface Planned {
  readonly kind: StepKind;
  /** Which of the call's steps of this kind: 0 is the first. */
  readonly nth: number;
  readonly fault: Fault;
}

/** Lets a step begin: resolved at once, or whenever a scheduler wants. */
export type Gate = (label: string) => Promise<void>;

/** Counts the failpoints that were reached, by `<verb> <kind> <fault>`. */
export type Reached = Map<string, number>;

/** How one call fails. */
export interface FaultyOptions {
  /** Names the call in {@linkcode Reached}. */
  readonly verb: string;
  readonly planned: readonly Planned[];
  readonly gate: Gate;
  readonly reached: Reached;
}

/** One call whose steps may fail. */
export class FaultyCall {
  readonly #options: FaultyOptions;
  readonly #ended = Promise.withResolvers<"killed">();
  readonly #sent = Promise.withResolvers<void>();
  #isKilled = false;
  #isLate = false;
  readonly #steps = { read: 0, commit: 0, ask: 0 };

  /** Makes one. */
  constructor(options: FaultyOptions) {
    this.#options = options;
  }

  /** How many steps of each kind it made so far. */
  get steps(): Readonly<Record<StepKind, number>> {
    return this.#steps;
  }

  /**
   * Runs the call to its end, or to that of its process.
   *
   * @param call The call; the promise of a killed one is left alone.
   * @returns What it returned; `killed` when its process ended.
   */
  run<T>(call: () => Promise<T>): Promise<T | "killed"> {
    const running = call();
    running.finally(() => this.#sent.resolve()).catch(() => {});
    return Promise.race([running, this.#ended.promise]);
  }

  /** Whether something that it sent is, or was, carried out after its end. */
  get isLate(): boolean {
    return this.#isLate;
  }

  /** Resolved when everything is carried out that it sent, late as it may be. */
  get late(): Promise<void> {
    return this.#sent.promise;
  }

  /** The same datastore, with a failpoint at each call. Disposing of it does nothing. */
  store(store: Datastore): Datastore {
    return {
      read: (reads, options) => this.#step("read", () => store.read(reads, options)),
      commit: (txn, options) =>
        this.#step("commit", () => store.commit(txn, options), {
          puts: txn.writes.some(({ kind }) => kind === "put"),
        }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  /** A question to the Kubernetes API, with a failpoint. */
  ask<T>(question: () => Promise<T>): Promise<T> {
    return this.#step("ask", question);
  }

  async #step<T>(
    kind: StepKind,
    carryOut: () => Promise<T>,
    { puts = false }: { readonly puts?: boolean } = {},
  ): Promise<T> {
    const { verb, planned, gate } = this.#options;
    const index = this.#steps[kind]++;
    await gate(`${verb} ${kind}`);
    if (this.#isKilled) return await this.#end();
    const fault = planned.find((one) => one.kind === kind && one.nth === index)?.fault;
    if (fault === undefined || (fault === "full" && !puts)) return await carryOut();
    this.#count(`${verb} ${kind} ${fault}`);
    switch (fault) {
      case "killed before":
        return await this.#end();
      case "killed after":
        await carryOut();
        return await this.#end();
      case "late":
        gate(`${verb} late`).then(carryOut).then(() => this.#sent.resolve(), this.#sent.reject);
        return await this.#end({ isLate: true });
      case "lost":
        await carryOut();
        throw failed("ambiguous");
      case "unsent":
        throw failed("ambiguous");
      case "unreachable":
        throw kind === "ask"
          ? new KubeError("unavailable", "Cannot reach the API", { repair: "wait" })
          : failed("unreachable");
      case "full":
        throw failed("full");
    }
  }

  #count(name: string): void {
    const { reached } = this.#options;
    reached.set(name, (reached.get(name) ?? 0) + 1);
  }

  #end({ isLate = false } = {}): Promise<never> {
    this.#ended.resolve("killed");
    this.#isKilled = true;
    this.#isLate ||= isLate;
    if (!this.#isLate) this.#sent.resolve();
    return new Promise<never>(() => {});
  }
}

function failed(kind: DatastoreError["kind"]): DatastoreError {
  return new DatastoreError(kind, `Cannot go on: ${kind}, by a failpoint`, { repair: "wait" });
}
