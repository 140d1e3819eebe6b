/**
 * Releasing attachments, also in a datastore that is out of space.
 *
 * @module
 */
import { DatastoreError } from "../datastore/datastore.ts";
import type { Plan } from "../ipam/plan.ts";
import type { Released } from "../ipam/release.ts";

/** Runs a plan against the datastore of a call. */
export type Run = <T>(plan: Plan<T>) => Promise<T>;

/**
 * Releases attachments. A datastore out of space takes no records any more, but deletions: there nothing cools down, and only what is
 * to be kept for an owner must wait.
 *
 * @param run Runs a plan.
 * @param plan Makes the plan of the release.
 * @returns What became of each.
 * @throws {DatastoreError} If the datastore fails otherwise.
 */
export async function releaseInAnyCase(
  run: Run,
  plan: (options: { readonly deletesOnly: boolean }) => Plan<readonly Released[]>,
): Promise<readonly Released[]> {
  try {
    return await run(plan({ deletesOnly: false }));
  } catch (error) {
    if (!(error instanceof DatastoreError) || error.kind !== "full") throw error;
    return await run(plan({ deletesOnly: true }));
  }
}
