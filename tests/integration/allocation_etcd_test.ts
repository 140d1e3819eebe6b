import fc from "fast-check";
import type { EtcdConfig } from "../../lib/config/config.ts";
import { openEtcd } from "../../lib/datastore/etcd/open.ts";
import { commandLists, settings } from "../property/allocation_commands.ts";
import { play } from "../property/allocation_play.ts";
import { startEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import { runs } from "../support/runs.ts";

/** The random commands of `tests/property/allocation_test.ts`, against a real etcd by either transport. */

function agrees(transport: EtcdConfig["transport"]): () => Promise<void> {
  return async () => {
    await using etcd = await startEtcd();
    const dirs = { dataDir: `${etcd.dir}/data`, runDir: `${etcd.dir}/run` };
    const config = etcd.config({ transport });
    await using store = openEtcd(config, { ...dirs, random: Math.random });
    await fc.assert(
      fc.asyncProperty(commandLists(25), settings, async (commands, setting) => {
        // Every run begins with an empty etcd.
        await etcd.ask("/v3/kv/deleterange", { key: btoa("/"), range_end: btoa("0") });
        await play(store, { commands, setting });
      }),
      { numRuns: runs(10) },
    );
  };
}

testNeeding(
  ["etcd"],
  "all verbs agree with the naive model on etcd by the gateway",
  agrees("gateway"),
);
testNeeding(["etcd"], "all verbs agree with the naive model on etcd by gRPC", agrees("grpc"));
