/**
 * An etcd that is out of space, and how that is healed.
 *
 * @module
 */
import { assertRejects } from "@std/assert";
import { DatastoreError } from "../../lib/datastore/datastore.ts";
import { openEtcd } from "../../lib/datastore/etcd/open.ts";
import type { TestEtcd } from "../support/etcd.ts";

const PREFIX = "/filling/";

/** Writes until etcd raises its alarm: start it with a quota. */
export async function fillUp(etcd: TestEtcd): Promise<void> {
  const dirs = { dataDir: `${etcd.dir}/data`, runDir: `${etcd.dir}/run`, random: () => 0 };
  await using store = openEtcd(etcd.config(), dirs);
  const value = "x".repeat(100_000);
  await assertRejects(async () => {
    for (let index = 0;; index++) {
      const write = { kind: "put", key: `${PREFIX}${index}`, value } as const;
      await store.commit({ guards: [], writes: [write] }, { signal: AbortSignal.timeout(10_000) });
    }
  }, DatastoreError);
}

/** Does what the repair says: makes room, and ends the alarm. */
export async function makeRoom({ ask }: Pick<TestEtcd, "ask">): Promise<void> {
  // deno-lint-ignore camelcase -- the name is of etcd
  const range = { key: btoa(PREFIX), range_end: btoa("/filling0") };
  const { header } = await ask("/v3/kv/deleterange", range);
  const revision = typeof header === "object" && header !== null && "revision" in header
    ? header.revision
    : 0;
  await ask("/v3/kv/compaction", { revision, physical: true });
  await ask("/v3/maintenance/defragment", {});
  const { alarms } = await ask("/v3/maintenance/alarm", { action: "GET" });
  for (const alarm of Array.isArray(alarms) ? alarms : []) {
    await ask("/v3/maintenance/alarm", { action: "DEACTIVATE", ...alarm });
  }
}
