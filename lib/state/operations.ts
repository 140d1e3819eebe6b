/**
 * The operations that transactions are made of.
 *
 * @module
 */
import { formatRecord } from "./record_text.ts";
import type { Entry, Guard, Write } from "./txn.ts";

/** That an entry is as it was read. */
export function guardOf({ key, revision }: Pick<Entry, "key" | "revision">): Guard {
  return { kind: "revision", key, revision };
}

/** Deletes a key. */
export function deletion(key: string): Write {
  return { kind: "delete", key };
}

/** Writes a record. */
export function put(key: string, record: Parameters<typeof formatRecord>[0]): Write {
  return { kind: "put", key, value: formatRecord(record) };
}
