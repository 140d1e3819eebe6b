/**
 * The memory datastore: the plain reading of the interface, which all others are compared with.
 *
 * @module
 */
import {
  checkReads,
  checkTxn,
  type Committed,
  type Conflict,
  type Entry,
  type Guard,
  type Read,
  type Seen,
  type Txn,
} from "../state/txn.ts";
import { type CallOptions, checkDeadline, type Datastore } from "./datastore.ts";

/** Keeps everything in a map: for tests, and for programs that embed the allocator. */
export class MemoryDatastore implements Datastore {
  readonly #entries = new Map<string, { readonly value: string; readonly revision: number }>();
  #revision = 0;

  /** Answers all reads from one snapshot, in order. */
  // deno-lint-ignore require-await
  async read(reads: readonly Read[], { signal }: CallOptions): Promise<readonly Seen[]> {
    checkReads(reads);
    checkDeadline(signal);
    return reads.map((read) => this.#answer(read));
  }

  /** Applies the transaction if its guards hold. */
  // deno-lint-ignore require-await
  async commit(txn: Txn, { signal }: CallOptions): Promise<Committed | Conflict> {
    checkTxn(txn);
    checkDeadline(signal);
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

  /** A copy that goes its own way: what is written to either does not show in the other. */
  fork(): MemoryDatastore {
    const copy = new MemoryDatastore();
    for (const [key, entry] of this.#entries) copy.#entries.set(key, entry);
    copy.#revision = this.#revision;
    return copy;
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
      .filter((key) => byBytes(read.from, key) <= 0 && byBytes(key, read.to) < 0);
    if (read.kind === "count") return { kind: "count", count: keys.length };
    const entries = keys.sort(byBytes).slice(0, read.limit).flatMap((key) => this.#get(key) ?? []);
    return {
      kind: "list",
      entries: read.values === true ? entries : entries.map((entry) => ({ ...entry, value: "" })),
      more: keys.length > read.limit,
    };
  }
}

const SURROGATE = /[\ud800-\udfff]/;
const encoder = new TextEncoder();

/** Text compares by UTF-16 units, datastores compare bytes: they differ where a pair of surrogates is in play. */
function byBytes(a: string, b: string): number {
  if (a === b) return 0;
  if (!SURROGATE.test(a) && !SURROGATE.test(b)) return a < b ? -1 : 1;
  const left = encoder.encode(a);
  const right = encoder.encode(b);
  const at = left.findIndex((byte, index) => byte !== right[index]);
  return at < 0 ? -1 : (left[at] ?? 0) - (right[at] ?? -1);
}
