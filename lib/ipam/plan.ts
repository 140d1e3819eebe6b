/**
 * Plans: decisions that know neither clock nor chance nor any datastore.
 *
 * A plan is a generator. It yields what it wants to read or commit, is given the answer, and returns
 * its outcome. `lib/datastore/transact.ts` drives one against a real datastore; a test drives many
 * against the memory datastore, in whatever order it likes.
 *
 * @module
 */
import type { Committed, Conflict, Entry, Read, Seen, Txn } from "../state/txn.ts";

/** What a plan asks for next. */
export type Step =
  | { readonly kind: "read"; readonly reads: readonly Read[] }
  | { readonly kind: "commit"; readonly txn: Txn };

/** A transaction was sent, and nobody knows whether it was applied. */
export interface Unknown {
  /** Tells it from the other answers. */
  readonly kind: "unknown";
}

/** What a plan is given for its step. */
export type Answer =
  | { readonly kind: "seen"; readonly seen: readonly Seen[] }
  | Committed
  | Conflict
  | Unknown;

/** A decision in steps that ends with a `T`. */
export type Plan<T> = Generator<Step, T, Answer>;

/** An integer of `[0, below)`, each with the same chance. */
export type Random = (below: bigint) => bigint;

/**
 * Reads a snapshot from within a plan.
 *
 * @param reads What to read.
 * @returns The answers, in order.
 */
export function* read(reads: readonly Read[]): Plan<readonly Seen[]> {
  const answer = yield { kind: "read", reads };
  if (answer.kind !== "seen") throw new TypeError("Cannot go on: a read was answered as a commit");
  return answer.seen;
}

/**
 * Commits a transaction from within a plan.
 *
 * @param txn The transaction.
 * @returns Whether it was applied, if anybody knows.
 */
export function* commit(txn: Txn): Plan<Committed | Conflict | Unknown> {
  const answer = yield { kind: "commit", txn };
  if (answer.kind === "seen") throw new TypeError("Cannot go on: a commit was answered as a read");
  return answer;
}

/** The entry that a `get` answered. */
export function entryOf(seen: Seen | undefined): Entry | undefined {
  return seen?.kind === "get" ? seen.entry : undefined;
}

/** The entries that a `list` answered. */
export function entriesOf(seen: Seen | undefined): readonly Entry[] {
  return seen?.kind === "list" ? seen.entries : [];
}

/** The number that a `count` answered. */
export function countOf(seen: Seen | undefined): bigint {
  return seen?.kind === "count" ? BigInt(seen.count) : 0n;
}
