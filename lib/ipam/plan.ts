/**
 * Plans: decisions that know neither clock nor chance nor any datastore.
 *
 * A plan is a generator. It yields what it wants to read or commit, is given the answer, and returns
 * its outcome. Whether the pod of a holder lives it asks too. `lib/datastore/transact.ts` drives one against a real datastore; a test drives many
 * against the memory datastore, in whatever order it likes.
 *
 * @module
 */
import type { AddressRecord } from "../state/records.ts";
import type { Committed, Conflict, Entry, Read, Seen, Txn } from "../state/txn.ts";

/** What a plan asks for next. */
export type Step =
  | { readonly kind: "read"; readonly reads: readonly Read[] }
  | { readonly kind: "commit"; readonly txn: Txn }
  | { readonly kind: "judge"; readonly holder: AddressRecord };

/** Whether the pod that holds an address still lives. */
export type Verdict =
  /** It was proved that it does not: its addresses may be taken over. */
  | { readonly kind: "gone"; readonly reason: string }
  /** It does. `advice` is what an operator can do so that it makes room. */
  | { readonly kind: "present"; readonly advice: string }
  /** Nobody could tell. */
  | {
    readonly kind: "unknown";
    readonly reason: string;
    /** The API did not answer: it would not for another holder either. */
    readonly isOutage?: boolean;
  };

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
  | Unknown
  | { readonly kind: "judged"; readonly verdict: Verdict };

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
  if (answer.kind !== "seen") throw misunderstood("read", answer);
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
  if (answer.kind === "seen" || answer.kind === "judged") throw misunderstood("commit", answer);
  return answer;
}

/**
 * Asks from within a plan whether a holder's pod still lives.
 *
 * @param holder What stands at the address.
 * @returns The verdict of whoever drives the plan.
 */
export function* judge(holder: AddressRecord): Plan<Verdict> {
  const answer = yield { kind: "judge", holder };
  if (answer.kind !== "judged") throw misunderstood("question", answer);
  return answer.verdict;
}

function misunderstood(step: string, { kind }: Answer): TypeError {
  return new TypeError(`Cannot go on as a ${step} was answered as "${kind}"`);
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
