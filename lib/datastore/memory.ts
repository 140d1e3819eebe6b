/**
 * The memory datastore: the plain reading of the interface, which all others are compared with.
 *
 * @module
 */
import {
  checkTxn,
  type Committed,
  type Conflict,
  type Entry,
  type Guard,
  type Read,
  type Seen,
  type Txn,
} from "../state/txn.ts";
import type { CallOptions, Datastore } from "./datastore.ts";

/** Keeps everything in a map: for tests, and for programs that embed the allocator. */
export class MemoryDatastore implements Datastore {
  readonly #entries = new Map<string, { readonly value: string; readonly revision: number }>();
  #revision = 0;

  /** Answers all reads from one snapshot, in order. */
  // deno-lint-ignore require-await
  async read(reads: readonly Read[], { signal }: CallOptions): Promise<readonly Seen[]> {
    signal.throwIfAborted();
    return reads.map((read) => this.#answer(read));
  }

  /** Applies the transaction if its guards hold. */
  // deno-lint-ignore require-await
  async commit(txn: Txn, { signal }: CallOptions): Promise<Committed | Conflict> {
    checkTxn(txn);
    signal.throwIfAborted();
    const { guards, writes, otherwise = [] } = txn;
    if (!guards.every((guard) => this.#holds(guard))) {
      return {
        kind: "conflict",
        guarded: guards.map(({ key }) => this.#get(key)),
        otherwise: otherwise.map((read) => this.#answer(read)),
      };
    }
    this.#revision++;
    for (const write of writes) {
      if (write.kind === "delete") this.#entries.delete(write.key);
      else this.#entries.set(write.key, { value: write.value, revision: this.#revision });
    }
    return { kind: "committed" };
  }

  /** Every entry, in byte order of the keys: what a test of invariants looks at. */
  entries(): readonly Entry[] {
    return [...this.#entries.keys()].sort(byBytes).flatMap((key) => this.#get(key) ?? []);
  }

  /** Forgets nothing: there is nothing to close. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #get(key: string): Entry | undefined {
    const found = this.#entries.get(key);
    return found && { key, value: found.value, revision: String(found.revision) };
  }

  #holds(guard: Guard): boolean {
    const entry = this.#get(guard.key);
    return guard.kind === "absent" ? entry === undefined : entry?.revision === guard.revision;
  }

  #answer(read: Read): Seen {
    if (read.kind === "get") return { kind: "get", entry: this.#get(read.key) };
    const keys = [...this.#entries.keys()]
      .filter((key) => byBytes(read.from, key) <= 0 && byBytes(key, read.to) < 0)
      .sort(byBytes);
    if (read.kind === "count") return { kind: "count", count: keys.length };
    const entries = keys.slice(0, read.limit).flatMap((key) => this.#get(key) ?? []);
    return {
      kind: "list",
      entries: read.values === true ? entries : entries.map((entry) => ({ ...entry, value: "" })),
      more: keys.length > read.limit,
    };
  }
}

const encoder = new TextEncoder();

/** Text compares by UTF-16 units, datastores compare bytes: they differ beyond the basic plane. */
function byBytes(a: string, b: string): number {
  if (a === b) return 0;
  const left = encoder.encode(a);
  const right = encoder.encode(b);
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
