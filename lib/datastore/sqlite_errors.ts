/**
 * What SQLite's failures mean, and what heals them.
 *
 * @module
 */
import { DatastoreError, type DatastoreFailure } from "./datastore.ts";

const DAMAGED =
  "Restore the file from a backup. Without one, stop all containers of the node, remove the file, and start them again";

interface Meaning {
  readonly kind: DatastoreFailure;
  readonly problem: string;
  readonly repair: string;
}

/** By primary result code: https://www.sqlite.org/rescode.html */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  5: {
    kind: "unreachable",
    problem: "another process kept it locked for too long",
    repair:
      "The runtime tries again by itself; if this stays, look for a process that hangs with the file open",
  },
  8: {
    kind: "storage",
    problem: "it is read-only",
    repair: "Make the file and its directory writable, or set ipam.dataDir to a directory that is",
  },
  10: {
    kind: "storage",
    problem: "reading or writing it failed",
    repair: "Look at the disk and the kernel log, then restore or remove the file",
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
  const codes: readonly (readonly [string, number])[] = [
    ["locked", 5],
    ["readonly", 8],
    ["disk I/O", 10],
    ["malformed", 11],
    ["is full", 13],
    ["unable to open", 14],
    ["not a database", 26],
  ];
  const found = codes.find(([text]) => message.includes(text));
  return found && MEANINGS[found[1]];
}
