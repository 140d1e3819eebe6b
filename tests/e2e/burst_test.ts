/** Sixteen processes at once: no address twice, no failure, and nothing held in the end. */
import { assertEquals } from "@std/assert";
import type { EtcdConfig, SqliteConfig } from "../../lib/config/config.ts";
import { openDatastore } from "../../lib/datastore/open.ts";
import { startEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import { makeSandbox, type PluginAnswer, type Sandbox } from "../support/plugin.ts";

const CALLS = 16;
const NODES = 4;

interface Burst {
  readonly datastore: EtcdConfig | SqliteConfig;
  /** What the netconf of each node says beside the ranges. */
  nodeOf(index: number): Readonly<Record<string, unknown>>;
}

async function readHeld(
  { dataDir, runDir }: Sandbox,
  datastore: Burst["datastore"],
): Promise<readonly string[]> {
  const config = { datastore, dataDir, runDir };
  await using store = await openDatastore(config, { random: Math.random });
  const signal = AbortSignal.timeout(10_000);
  // "0" follows "/" in the order of bytes.
  const all = { kind: "list", from: "/kube-ipam/", to: "/kube-ipam0", limit: 1000 } as const;
  const [seen] = await store.read([all], { signal });
  const keys = seen?.kind === "list" ? seen.entries.map(({ key }) => key) : [];
  return keys.filter((key) => /\/(addresses|attachments|nodes|pods|expiring)\//.test(key));
}

async function burst({ datastore, nodeOf }: Burst, box: Sandbox): Promise<void> {
  const all = (command: "ADD" | "DEL"): Promise<readonly PluginAnswer[]> =>
    Promise.all(Array.from({ length: CALLS }, (_, index) =>
      box.call({
        command,
        containerId: `burst-${index}`,
        ifName: "eth0",
        netns: "/run/netns/burst",
        // Twenty addresses for sixteen: most calls meet another on their way.
        netconf: box.netconf({
          rangeStart: "10.1.0.10",
          rangeEnd: "10.1.0.29",
          cooldown: "0s",
          ...nodeOf(index % NODES),
        }),
      })));
  const added = await all("ADD");
  assertEquals(added.filter(({ code }) => code !== 0).map(({ stdout }) => stdout), []);
  assertEquals(new Set(added.map(({ json }) => json.ips[0].address)).size, CALLS);
  // An address, an attachment and a node key each.
  assertEquals((await readHeld(box, datastore)).length, 3 * CALLS);

  const deleted = await all("DEL");
  assertEquals(deleted.filter(({ code }) => code !== 0).map(({ stdout }) => stdout), []);
  assertEquals(await readHeld(box, datastore), []);
}

Deno.test("16 ADDs and 16 DELs at once on SQLite", async () => {
  await using box = await makeSandbox();
  // One host, so one node id; SQLite is of one node, whatever it is called.
  await burst({ datastore: { kind: "sqlite" }, nodeOf: () => ({ nodeName: "node-0" }) }, box);
});

testNeeding(["etcd"], "16 ADDs and 16 DELs at once from four nodes on etcd", async () => {
  await using etcd = await startEtcd();
  await using box = await makeSandbox();
  await burst({
    datastore: etcd.config(),
    nodeOf: (node) => ({
      etcdConfig: { etcdURL: etcd.endpoints.join(",") },
      nodeName: `node-${node}`,
      dataDir: `${box.dataDir}/node-${node}`,
    }),
  }, box);
});
