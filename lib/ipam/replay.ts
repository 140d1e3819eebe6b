/**
 * Releases that are owed: a DEL was answered while the datastore was out of reach.
 *
 * What was written since then belongs to the next life of the same container, and stays.
 *
 * @module
 */
import { attachmentKey, type AttachmentName } from "../state/keys.ts";
import type { Plan } from "./plan.ts";
import { planRelease, type Released, type ReleaseRequest } from "./release.ts";

/** A release that is owed. */
export interface Owed {
  /** The attachment. */
  readonly name: AttachmentName;
  /** When its DEL was called, in milliseconds since the epoch. */
  readonly since: number;
}

/** What a replay is told. */
export interface ReplayRequest extends Omit<ReleaseRequest, "names" | "keep"> {
  /** At most `RELEASE_BATCH`, one for each attachment. */
  readonly owed: readonly Owed[];
}

/**
 * Plans the release of what is owed.
 *
 * @param request What, and how.
 * @returns What became of each, in order; `kept`: its record is newer.
 */
export function planReplay({ owed, ...request }: ReplayRequest): Plan<readonly Released[]> {
  const { space } = request;
  const since = new Map(owed.map((one) => [attachmentKey(space, one.name), one.since]));
  return planRelease({
    ...request,
    names: owed.map(({ name }) => name),
    keep: (record, { key }) => record.since >= (since.get(key) ?? 0),
  });
}
