/**
 * The key of an owner: what it keeps on a network and interface.
 *
 * @module
 */
import { ownerKeyOfRecord } from "../state/keys.ts";
import { parseOwner } from "../state/record_text.ts";
import type { AddressRecord, OwnerRecord } from "../state/records.ts";
import type { Entry } from "../state/txn.ts";
import { entryOf, type Plan, read } from "./plan.ts";

/** An owner's key, and what it says. */
export interface OwnerEntry {
  /** Its entry: the revision guards it. */
  readonly entry: Entry;
  readonly record: OwnerRecord;
}

/** Reads an owner's record. Throws `RecordError`. */
export function parseOwnerEntry(entry: Entry | undefined): OwnerEntry | undefined {
  return entry && { entry, record: parseOwner(entry) };
}

/**
 * Reads the key of the owner that an address is kept for.
 *
 * @param space The space.
 * @param address The address as it was read.
 * @returns The key; undefined when there is none, or the owner has moved on: then the address is nobody's.
 */
export function* readOwnerEntry(
  space: string,
  { entry, record }: { readonly entry: Entry; readonly record: AddressRecord },
): Plan<OwnerEntry | undefined> {
  const key = ownerKeyOfRecord(space, record);
  if (key === undefined) return undefined;
  const found = entryOf((yield* read([{ kind: "get", key }]))[0]);
  return found?.revision === entry.revision ? parseOwnerEntry(found) : undefined;
}
