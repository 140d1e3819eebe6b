/**
 * Opens the datastore that a netconf names. Each is loaded only when it is the one.
 *
 * @module
 */
import type { Config } from "../config/config.ts";
import type { Datastore } from "./datastore.ts";
import type { Ahead } from "./etcd/context.ts";

/**
 * Opens the datastore of a configuration.
 *
 * @param config Which datastore, and where its files are.
 * @param options Chance, for the order of endpoints; how long it may be used, in milliseconds; how to connect before the first call.
 * @returns The datastore; dispose of it.
 * @throws {DatastoreError} If a file it needs cannot be used.
 */
export async function openDatastore(
  config: Pick<Config, "datastore" | "dataDir" | "runDir">,
  options: {
    readonly random: () => number;
    readonly timeoutMs?: number;
    readonly ahead?: Ahead;
  },
): Promise<Datastore> {
  const { datastore, dataDir, runDir } = config;
  switch (datastore.kind) {
    case "etcd": {
      const { openEtcd } = await import("./etcd/open.ts");
      return openEtcd(datastore, { dataDir, runDir, ...options });
    }
    case "sqlite": {
      const { openSqlite } = await import("./sqlite.ts");
      return openSqlite(dataDir, options);
    }
  }
}
