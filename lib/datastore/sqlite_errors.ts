/**
 * What SQLite's failures mean, and what heals them.
 *
 * @module
 */
import { DatastoreError, type DatastoreFailure } from "./datastore.ts";

/** What to do about a file that cannot be used as it is: nothing here ever mends or replaces it. */
export const DAMAGED =
  "Restore the file from a backup. Without one, stop all containers of the node, move the file away together with " +
  "those beside it that end in -wal and -shm, and start the containers again";

const BUSY: Meaning = {
  kind: "unreachable",
  problem: "another process kept it locked for too long",
  repair:
    "The runtime tries again by itself; if this stays, look for a process that hangs with the file open",
};
const STRANGE: Meaning = {
  kind: "storage",
  problem: "it is not a database of kube-ipam",
  repair: DAMAGED,
};

interface Meaning {
  readonly kind: DatastoreFailure;
  readonly problem: string;
  readonly repair: string;
}

/** By primary result code: https://www.sqlite.org/rescode.html */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  5: BUSY,
  8: {
    kind: "storage",
    problem: "it is read-only",
    repair: "Make the file and its directory writable, or set ipam.dataDir to a directory that is",
  },
  10: {
    kind: "storage",
    problem: "reading or writing it failed",
    repair:
      "Free space on the file system of ipam.dataDir if it is full; otherwise look at the disk and the kernel log. " +
      DAMAGED,
  },
  11: {
    kind: "storage",
    problem: "it is damaged",
    repair: DAMAGED,
  },
  13: {
    kind: "storage",
    problem: "the disk is full",
    repair: "Free space on the file system of ipam.dataDir",
  },
  14: {
    kind: "storage",
    problem: "it cannot be opened",
    repair: "Make ipam.dataDir a directory that the plugin may read and write",
  },
  15: BUSY,
  19: STRANGE,
  26: {
    kind: "storage",
    problem: "it is not a database",
    repair: DAMAGED,
  },
};

/**
 * Turns whatever opening or using the database threw into a {@linkcode DatastoreError}.
 *
 * @param error What was thrown.
 * @param path The database file, for the message.
 * @returns The error to throw; programming errors (`TypeError`) and aborts stay as they are.
 */
export function toDatastoreError(error: unknown, path: string): unknown {
  if (error instanceof DatastoreError || error instanceof TypeError) return error;
  if (!(error instanceof Error) || error instanceof DOMException) return error;
  const meaning = meaningOf(error);
  return new DatastoreError(meaning.kind, `Cannot use ${path} as ${meaning.problem}`, {
    repair: meaning.repair,
    cause: error,
  });
}

function meaningOf(error: Error): Meaning {
  const code = "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : 0;
  const known = MEANINGS[code] ?? byMessage(error.message);
  if (known !== undefined) return known;
  return {
    kind: "storage",
    problem: `the system answered "${error.message}"`,
    repair: "Make ipam.dataDir a directory that the plugin may read and write",
  };
}

/** Some runtimes leave the code out. */
function byMessage(message: string): Meaning | undefined {
  // Of result code 1, which may also mean that this program is wrong.
  if (/no such (table|column)/.test(message)) return STRANGE;
  const codes: readonly (readonly [string, number])[] = [
    ["locking protocol", 15],
    ["locked", 5],
    ["readonly", 8],
    ["disk I/O", 10],
    ["malformed", 11],
    ["is full", 13],
    ["unable to open", 14],
    ["constraint", 19],
    ["not a database", 26],
  ];
  const found = codes.find(([text]) => message.includes(text));
  return found && MEANINGS[found[1]];
}
