/**
 * The file of the SQLite datastore: it appears whole or not at all, and only one that is ours is used.
 *
 * A file that is empty, foreign or half there is refused, never filled: a new database in the place of one that was lost would give
 * addresses a second time. So a new one is made under another name and linked into place, and nothing here writes to a file that was
 * found.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { syncFolder } from "../file/sync_folder.ts";
import { DatastoreError } from "./datastore.ts";
import { DAMAGED } from "./sqlite_errors.ts";

/** Written as `user_version`: the layout of the tables below. */
const LAYOUT = 1;

const TABLES = `
  CREATE TABLE entries (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE latest (one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL);
  INSERT INTO latest VALUES (1, 0);
  PRAGMA user_version = ${LAYOUT};
`;

/**
 * Opens the database at a path; makes it, and its directory, where there is none.
 *
 * @param path The file.
 * @param options `busyMs`: the longest wait for another process.
 * @returns The database; close it.
 * @throws {Error} If it cannot be opened, is not ours, is damaged, or is of another layout: SQLite's own error, or a
 * {@linkcode DatastoreError}.
 */
export function openFile(path: string, { busyMs }: { readonly busyMs: number }): DatabaseSync {
  const found = lookAt(path);
  if (found === undefined) makeFile(path);
  else if (!found.isFile) throw notOurs(path, "it is not a file");
  else if (found.size === 0) throw notOurs(path, "it is empty"); // SQLite would remove the log beside it
  const db = new DatabaseSync(path);
  try {
    // Beyond FULL, EXTRA keeps its word also where somebody took the file out of write-ahead mode (VACUUM INTO does). The check of
    // cells finds a third of those damages that SQLite would read as fewer or other entries.
    db.exec(
      `PRAGMA busy_timeout = ${busyMs}; PRAGMA synchronous = EXTRA; PRAGMA cell_size_check = ON`,
    );
    checkLayout(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function checkLayout(db: DatabaseSync, path: string): void {
  const layout = Number(db.prepare("PRAGMA user_version").get()?.user_version ?? 0);
  if (layout === LAYOUT) return;
  if (layout < LAYOUT) throw notOurs(path, "it is not a database of kube-ipam");
  throw new DatastoreError(
    "storage",
    `Cannot read ${path} as this kube-ipam knows layout ${LAYOUT}: current value is ${layout}`,
    { repair: "Install a kube-ipam at least as new as the one that wrote the file" },
  );
}

function notOurs(path: string, problem: string): DatastoreError {
  return new DatastoreError("storage", `Cannot use ${path} as ${problem}`, { repair: DAMAGED });
}

/** Of several processes that make it at once the first one's stays. */
function makeFile(path: string): void {
  const folder = path.slice(0, path.lastIndexOf("/"));
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  checkNoLog(path);
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    const db = new DatabaseSync(temporary);
    try {
      db.exec("PRAGMA synchronous = EXTRA; PRAGMA journal_mode = WAL");
      db.exec(`BEGIN IMMEDIATE; ${TABLES}; COMMIT`);
    } finally {
      db.close(); // all of it is in the file then, and on the disk
    }
    Deno.linkSync(temporary, path);
    syncFolder(folder); // the name too survives a power cut, and comes before the log's
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) removeIfThere(temporary + suffix);
  }
}

/**
 * The log is there and its database is not: somebody moved one of the two. SQLite would put the log's pages into a new file.
 *
 * A process that makes the file at the same moment links it before it has a log, so look in that order.
 */
function checkNoLog(path: string): void {
  const log = `${path}-wal`;
  if ((lookAt(log)?.size ?? 0) === 0 || lookAt(path) !== undefined) return;
  throw new DatastoreError(
    "storage",
    `Cannot make ${path} as ${log} is there, which holds the last changes of a database that is gone`,
    { repair: DAMAGED },
  );
}

function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It was not made, or nothing can be removed from here: a file of another name does no harm.
  }
}
