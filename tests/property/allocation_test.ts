import fc from "fast-check";
import { MemoryDatastore } from "../../lib/datastore/memory.ts";
import { openSqlite } from "../../lib/datastore/sqlite.ts";
import { runs } from "../support/runs.ts";
import { commandLists, settings } from "./allocation_commands.ts";
import { play } from "./allocation_play.ts";

/** Random commands against the naive model; `tests/integration/allocation_etcd_test.ts` plays them against a real etcd. */

Deno.test("all verbs agree with the naive model on memory", async () => {
  await fc.assert(
    fc.asyncProperty(commandLists(40), settings, async (commands, setting) => {
      await using store = new MemoryDatastore();
      await play(store, { commands, setting });
    }),
    { numRuns: runs(60) },
  );
});

Deno.test("all verbs agree with the naive model on SQLite", async () => {
  await fc.assert(
    fc.asyncProperty(commandLists(25), settings, async (commands, setting) => {
      const dir = await Deno.makeTempDir({ prefix: "kube-ipam-property-" });
      try {
        await using store = openSqlite(dir);
        await play(store, { commands, setting });
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    }),
    { numRuns: runs(8) },
  );
});
