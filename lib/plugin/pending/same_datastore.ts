/**
 * Whether two configurations surely speak of one datastore: only there absence proves anything.
 *
 * @module
 */
import type { Config } from "../../config/config.ts";

/**
 * Tells whether two configurations of one node surely name the same datastore.
 *
 * @param one A datastore.
 * @param other Another; SQLite of the same data directory.
 * @returns Whether they are one. Etcd's members come and go: one endpoint in common suffices.
 */
export function isSameDatastore(one: Config["datastore"], other: Config["datastore"]): boolean {
  if (one.kind !== "etcd" || other.kind !== "etcd") return one.kind === other.kind;
  const known = new Set(one.endpoints);
  return other.endpoints.some((endpoint) => known.has(endpoint));
}
