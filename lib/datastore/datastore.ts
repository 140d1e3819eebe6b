/**
 * The interface every datastore serves, and the ways in which one can fail.
 *
 * @module
 */
import type { Committed, Conflict, Read, Seen, Txn } from "../state/txn.ts";

/** Options of one datastore call. */
export interface CallOptions {
  /** Ends the call: the deadline of the whole plugin call. */
  readonly signal: AbortSignal;
  /** The longest try at one endpoint, in milliseconds, where there are several; by default 1500. */
  readonly tryMs?: number | undefined;
}

/**
 * A store of keys with guarded transactions. All reads are linearizable.
 *
 * Every method throws {@linkcode DatastoreError} when the store could not serve the call, and
 * `TypeError` when {@linkcode checkTxn} refuses the transaction.
 */
export interface Datastore extends AsyncDisposable {
  /** Answers all reads from one snapshot, in order. */
  read(reads: readonly Read[], options: CallOptions): Promise<readonly Seen[]>;
  /** Applies the transaction if its guards hold. */
  commit(txn: Txn, options: CallOptions): Promise<Committed | Conflict>;
}

/**
 * Why a datastore could not serve a call.
 *
 * - `unreachable`: no answer, no leader, a time-out, an overload: waiting heals it.
 * - `ambiguous`: as `unreachable`, but a transaction was sent and may have been applied.
 * - `refused`: the credentials are wrong, or not enough.
 * - `misconfigured`: a certificate file, a URL or a path is wrong: only a human heals it.
 * - `storage`: the local file cannot be read or written (corrupt, read-only, disk full).
 * - `full`: the store is out of its quota (etcd's NOSPACE alarm).
 */
export type DatastoreFailure =
  | "unreachable"
  | "ambiguous"
  | "refused"
  | "misconfigured"
  | "storage"
  | "full";

/** Thrown when a datastore could not serve a call. */
export class DatastoreError extends Error {
  /** Always `DatastoreError`. */
  override readonly name = "DatastoreError";
  /** Why; decides the CNI error code. */
  readonly kind: DatastoreFailure;
  /** What an operator can do about it. Never holds a secret. */
  readonly repair: string;

  /**
   * Makes the error.
   *
   * @param kind Why the call failed.
   * @param message What happened, with the endpoint or path, without secrets.
   * @param options `repair` for the operator; `cause` for the log.
   */
  constructor(
    kind: DatastoreFailure,
    message: string,
    options: { readonly repair: string; readonly cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.repair = options.repair;
  }
}

/**
 * Refuses a call whose time is over.
 *
 * @param signal The call's deadline.
 * @throws {DatastoreError} With kind `unreachable`, if it has passed.
 */
export function checkDeadline(signal: AbortSignal): void {
  if (signal.aborted) throw outOfTime();
}

/** The error of a call whose time is over. */
export function outOfTime(): DatastoreError {
  return new DatastoreError("unreachable", "Cannot call the datastore after the deadline", {
    repair:
      "The runtime tries again by itself; if this stays, look at the latency of the datastore",
  });
}
