/**
 * The state of the datastore, revision by revision, as the watch told it.
 *
 * @module
 */
import { parseAddress, parseAttachment } from "../../../lib/state/record_text.ts";
import type { AddressRecord, AttachmentRecord } from "../../../lib/state/records.ts";
import type { Change } from "../history.ts";

/** One revision: what it changed, and the state before and after it. */
export interface Moment {
  readonly change: Change;
  readonly before: State;
  readonly after: State;
}

/** A state: the value of each key. */
export type State = Pick<ReadonlyMap<string, string>, "get">;

/**
 * Plays the changes.
 *
 * @param changes The changes, by revision, from an empty datastore on.
 * @returns Each revision. Its states are good until the next one is asked for.
 */
export function* timelineOf(changes: readonly Change[]): Generator<Moment> {
  const state = new Map<string, string>();
  for (const change of changes) {
    const former = new Map(change.keys.map(({ key }) => [key, state.get(key)]));
    for (const { key, value } of change.keys) {
      if (value === undefined) state.delete(key);
      else state.set(key, value);
    }
    const before = { get: (key: string) => former.has(key) ? former.get(key) : state.get(key) };
    yield { change, before, after: state };
  }
}

/** The folder of a key below its space, as `addresses`. */
export function folderOf(key: string): string {
  return key.split("/")[4] ?? "";
}

/** Reads the record of an address. */
export function addressAt(state: State, key: string): AddressRecord | undefined {
  const value = state.get(key);
  return value === undefined ? undefined : parseAddress({ key, value, revision: "0" });
}

/** Reads the record of an attachment. */
export function attachmentAt(state: State, key: string): AttachmentRecord | undefined {
  const value = state.get(key);
  return value === undefined ? undefined : parseAttachment({ key, value, revision: "0" });
}

/** Names the attachment that a record speaks of. */
export function holderOf(
  { cluster, containerID, ifname }: Pick<AttachmentRecord, "cluster" | "containerID" | "ifname">,
): string {
  return `${cluster}/${containerID}/${ifname}`;
}
