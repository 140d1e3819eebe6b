/**
 * What a plan asks of a datastore: reads of a consistent snapshot, and guarded transactions.
 *
 * Values and keys are text; a datastore never looks into them. A revision is an opaque token that
 * changes with every write of its key: decimal text for etcd and SQLite alike.
 *
 * @module
 */

/** Returns the value and revision of one key. */
export interface GetRead {
  /** Tells it from the other reads. */
  readonly kind: "get";
  /** The key. */
  readonly key: string;
}

/** Lists the keys of `[from, to)` in byte order, at most `limit` of them. */
export interface ListRead {
  /** Tells it from the other reads. */
  readonly kind: "list";
  /** The first key. */
  readonly from: string;
  /** The key to stop before. */
  readonly to: string;
  /** Most entries that are answered. */
  readonly limit: number;
  /** Without it each entry's `value` is empty: keys and revisions only. */
  readonly values?: boolean;
}

/** Counts the keys of `[from, to)`. */
export interface CountRead {
  /** Tells it from the other reads. */
  readonly kind: "count";
  /** The first key. */
  readonly from: string;
  /** The key to stop before. */
  readonly to: string;
}

/** One read of a snapshot. */
export type Read = GetRead | ListRead | CountRead;

/** A key as it stood in the snapshot. */
export interface Entry {
  /** The key. */
  readonly key: string;
  /** Empty when only keys were asked for. */
  readonly value: string;
  /** Changes with every write of the key. */
  readonly revision: string;
}

/** The answer to one {@linkcode Read}, of the same kind. */
export type Seen =
  | { readonly kind: "get"; readonly entry: Entry | undefined }
  | { readonly kind: "list"; readonly entries: readonly Entry[]; readonly more: boolean }
  | { readonly kind: "count"; readonly count: number };

/** A condition on one key: it is absent, or still has the revision that was read. */
export type Guard =
  | { readonly kind: "absent"; readonly key: string }
  | { readonly kind: "revision"; readonly key: string; readonly revision: string };

/** One change of one key. Deleting an absent key changes nothing and is no error. */
export type Write =
  | { readonly kind: "put"; readonly key: string; readonly value: string }
  | { readonly kind: "delete"; readonly key: string };

/** All writes happen, in one step, if all guards hold; otherwise none does. */
export interface Txn {
  /** What must hold. */
  readonly guards: readonly Guard[];
  /** A key stands here at most once: every datastore refuses a second with a `TypeError`. */
  readonly writes: readonly Write[];
  /** Answered, after the guarded keys, when a guard does not hold. */
  readonly otherwise?: readonly Read[];
}

/** The transaction was applied. */
export interface Committed {
  /** Tells it from a conflict. */
  readonly kind: "committed";
}

/** A guard did not hold: nothing was written. */
export interface Conflict {
  /** Tells it from a commit. */
  readonly kind: "conflict";
  /** The guarded keys as they stand, in the order of the guards. */
  readonly guarded: readonly (Entry | undefined)[];
  /** The answers to `otherwise`, in order. */
  readonly otherwise: readonly Seen[];
}

/** Guards, writes and `otherwise` reads (the guarded keys among them) that one transaction may have: etcd's limit per list. */
export const MAX_OPERATIONS = 128;

/**
 * Refuses a transaction that no datastore can serve the same way as all others.
 *
 * @param txn The transaction.
 * @throws {TypeError} If a key is written twice or a list is longer than {@linkcode MAX_OPERATIONS}.
 */
export function checkTxn(txn: Txn): void {
  const { guards, writes, otherwise = [] } = txn;
  const keys = new Set(writes.map((write) => write.key));
  if (keys.size !== writes.length) {
    throw new TypeError("Cannot write a key twice in one transaction");
  }
  const longest = Math.max(writes.length, guards.length + otherwise.length);
  if (longest > MAX_OPERATIONS) {
    throw new TypeError(
      `Cannot commit more than ${MAX_OPERATIONS} operations in one transaction: current number is ${longest}`,
    );
  }
}

/**
 * Refuses more reads than one snapshot may have.
 *
 * @param reads The reads.
 * @throws {TypeError} If there are more than {@linkcode MAX_OPERATIONS}.
 */
export function checkReads(reads: readonly Read[]): void {
  if (reads.length <= MAX_OPERATIONS) return;
  throw new TypeError(
    `Cannot read more than ${MAX_OPERATIONS} things at once: current number is ${reads.length}`,
  );
}
