/**
 * What is owed for the attachment of a call itself: settled by what the call commits.
 *
 * @module
 */
import type { Config } from "../../config/config.ts";
import { readPending } from "./entry.ts";
import { type PendingFile, removePending } from "./files.ts";
import { isSameDatastore } from "./same_datastore.ts";

/**
 * Removes what a commit, or a look at the datastore, has settled.
 *
 * @param files What is owed for the attachment.
 * @param config The configuration of the call.
 */
export function settle(files: readonly PendingFile[], config: Pick<Config, "datastore">): void {
  removePending(ofSameDatastore(files, config));
}

/** Those that speak of the call's own datastore. One that cannot be read stays: `kube-ipam replay` tells of it. */
export function ofSameDatastore(
  files: readonly PendingFile[],
  { datastore }: Pick<Config, "datastore">,
): readonly PendingFile[] {
  return files.filter((file) => {
    try {
      const pending = readPending(file);
      return pending !== undefined && isSameDatastore(pending.datastore, datastore);
    } catch {
      return false;
    }
  });
}
