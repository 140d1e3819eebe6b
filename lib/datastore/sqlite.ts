/**
 * The SQLite datastore: one file in the data directory of one node, shared by all plugin processes on it.
 *
 * `BEGIN IMMEDIATE` makes a transaction the only writer, the write-ahead log lets others read meanwhile, and full synchronisation
 * means that what was committed survives a power cut.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
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
import { type CallOptions, checkDeadline, type Datastore, outOfTime } from "./datastore.ts";
import { toDatastoreError } from "./sqlite_errors.ts";
import { openFile } from "./sqlite_file.ts";

/** The database's file name in the data directory. */
export const SQLITE_FILE = "allocations.db";

/** Longest wait for another process that writes, in milliseconds: half of the plugin's deadline. */
const BUSY_MS = 5_000;

/** Options of {@linkcode openSqlite}. */
export interface SqliteOptions {
  /**
   * How long the datastore may be used, in milliseconds from now; by default without end. SQLite waits without letting timers run, so a signal alone
   * would never end a call.
   */
  readonly timeoutMs?: number;
}

/**
 * Opens the database in a data directory; makes both where they are missing.
 *
 * @param dataDir The data directory.
 * @param options How long it may be used.
 * @returns The datastore.
 * @throws {DatastoreError} If the file cannot be opened, is damaged or not ours, or is of a newer layout.
 */
export function openSqlite(dataDir: string, options: SqliteOptions = {}): Datastore {
  const { timeoutMs = Infinity } = options;
  const until = performance.now() + timeoutMs;
  const path = `${dataDir}/${SQLITE_FILE}`;
  try {
    const db = openFile(path, { busyMs: Math.min(BUSY_MS, Math.max(0, Math.floor(timeoutMs))) });
    try {
      return new SqliteDatastore(db, { path, until });
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    throw toDatastoreError(error, path);
  }
}

class SqliteDatastore implements Datastore {
  readonly #db: DatabaseSync;
  readonly #path: string;
  /** The moment of `performance.now()` at which its time is over. */
  readonly #until: number;
  readonly #getEntry: StatementSync;

  constructor(db: DatabaseSync, options: { readonly path: string; readonly until: number }) {
    this.#db = db;
    this.#path = options.path;
    this.#until = options.until;
    this.#getEntry = db.prepare("SELECT value, revision FROM entries WHERE key = ?");
  }

  // deno-lint-ignore require-await
  async read(reads: readonly Read[], { signal }: CallOptions): Promise<readonly Seen[]> {
    checkReads(reads);
    checkDeadline(signal);
    return this.#within("BEGIN", () => reads.map((read) => this.#answer(read)));
  }

  // deno-lint-ignore require-await
  async commit(txn: Txn, { signal }: CallOptions): Promise<Committed | Conflict> {
    checkTxn(txn);
    checkDeadline(signal);
    return this.#within("BEGIN IMMEDIATE", () => this.#apply(txn));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#db.close();
    return Promise.resolve();
  }

  #within<T>(begin: "BEGIN" | "BEGIN IMMEDIATE", work: () => T): T {
    const leftMs = Math.floor(this.#until - performance.now());
    if (leftMs <= 0) throw outOfTime();
    try {
      this.#db.exec(`PRAGMA busy_timeout = ${Math.min(BUSY_MS, leftMs)}; ${begin}`);
      try {
        const result = work();
        this.#db.exec("COMMIT");
        return result;
      } catch (error) {
        this.#rollback();
        throw error;
      }
    } catch (error) {
      throw toDatastoreError(error, this.#path);
    }
  }

  /** SQLite has rolled back by itself after some errors (disk full): a second time is no harm. */
  #rollback(): void {
    try {
      this.#db.exec("ROLLBACK");
    } catch {
      // the first error is the one that counts
    }
  }

  #apply({ guards, writes, otherwise = [] }: Txn): Committed | Conflict {
    if (!guards.every((guard) => this.#holds(guard))) {
      return {
        kind: "conflict",
        guarded: guards.map(({ key }) => this.#get(key)),
        otherwise: otherwise.map((read) => this.#answer(read)),
      };
    }
    const next = this.#db.prepare("UPDATE latest SET revision = revision + 1 RETURNING revision")
      .get();
    const put = this.#db.prepare("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)");
    const remove = this.#db.prepare("DELETE FROM entries WHERE key = ?");
    for (const write of writes) {
      if (write.kind === "put") put.run(write.key, write.value, Number(next?.revision));
      else remove.run(write.key);
    }
    return { kind: "committed" };
  }

  #get(key: string): Entry | undefined {
    const row = this.#getEntry.get(key);
    return row && { key, value: String(row.value), revision: String(row.revision) };
  }

  #holds(guard: Guard): boolean {
    const entry = this.#get(guard.key);
    return guard.kind === "absent" ? entry === undefined : entry?.revision === guard.revision;
  }

  #answer(read: Read): Seen {
    if (read.kind === "get") return { kind: "get", entry: this.#get(read.key) };
    const { from, to } = read;
    if (read.kind === "count") {
      const row = this.#db.prepare("SELECT count(*) AS n FROM entries WHERE key >= ? AND key < ?")
        .get(from, to);
      return { kind: "count", count: Number(row?.n) };
    }
    const { limit, values = false } = read;
    const rows = this.#db.prepare(
      `SELECT key, ${values ? "value" : "'' AS value"}, revision FROM entries
       WHERE key >= ? AND key < ? ORDER BY key LIMIT ?`,
    ).all(from, to, limit + 1);
    const entries = rows.slice(0, limit).map((row) => ({
      key: String(row.key),
      value: String(row.value),
      revision: String(row.revision),
    }));
    return { kind: "list", entries, more: rows.length > limit };
  }
}
