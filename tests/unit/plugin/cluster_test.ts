import { assertEquals, assertMatch } from "@std/assert";
import { MemoryDatastore } from "../../../lib/datastore/memory.ts";
import { rememberCluster } from "../../../lib/plugin/cluster.ts";
import { clusterKey } from "../../../lib/state/keys.ts";
import { parseCluster } from "../../../lib/state/record_text.ts";
import { allEntries } from "../../support/invariants.ts";

async function remember(
  store: MemoryDatastore,
  authorities: readonly string[],
): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(1_000);
  const options = { space: "default", cluster: "c", node: "node-a", now: 1, signal };
  return await rememberCluster(store, { ...options, authorities });
}

async function known(store: MemoryDatastore): Promise<readonly string[]> {
  const [entry] = await allEntries(store);
  assertEquals(entry?.key, clusterKey("default", "c"));
  return entry === undefined ? [] : parseCluster(entry).authorities;
}

Deno.test("rememberCluster() follows an API whose authority is replaced step by step", async () => {
  await using store = new MemoryDatastore();
  for (
    const [authorities, expected] of [
      [["old"], ["old"]],
      [["old"], ["old"]],
      [["new", "old"], ["new", "old"]],
      [["new"], ["new", "old"]],
      [["newer", "new"], ["newer", "new", "old"]],
    ] as const
  ) {
    assertEquals(await remember(store, authorities), []);
    assertEquals(await known(store), expected);
  }
});

Deno.test("rememberCluster() leaves the record of another API alone, and warns", async () => {
  await using store = new MemoryDatastore();
  await remember(store, ["one"]);
  const [warning = ""] = await remember(store, ["two"]);
  assertMatch(warning, /cluster name "c" is that of another Kubernetes API .* set ipam\.cluster/);
  assertEquals(await known(store), ["one"]);
});
