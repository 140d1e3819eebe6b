/**
 * Where the JSON gateway of etcd cannot serve, the plugin goes by gRPC, and remembers it. From the sources the npm cache would have to be readable, so only the binary is asked.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { keysOf, makeNode } from "../integration/_node.ts";
import { callFor } from "../support/answers.ts";
import { startEtcd, type TestEtcdOptions } from "../support/etcd.ts";
import { goodFiles, install } from "../support/install.ts";
import { type Need, testNeeding } from "../support/needs.ts";

interface SetUp {
  readonly name: string;
  readonly options: TestEtcdOptions;
  readonly needs: readonly Need[];
}

const SET_UPS: readonly SetUp[] = [
  {
    name: "etcd 3.4 started by --config-file",
    options: { configFile: true },
    needs: ["binary", "etcd"],
  },
  {
    name: "a server certificate for server use only, and client certificates asked for",
    options: { tls: "mutual-server-auth-only" },
    needs: ["binary", "etcd", "openssl"],
  },
  {
    name: "a user named by a client certificate",
    options: { tls: "mutual", auth: { username: "node-7" } },
    needs: ["binary", "etcd", "openssl"],
  },
];

for (const { name, options, needs } of SET_UPS) {
  testNeeding(needs, `ADD and DEL go by gRPC: ${name}`, async () => {
    await using etcd = await startEtcd(options);
    await using node = await makeNode(etcd, {
      etcdConfig: (root) => options.tls === undefined ? {} : install(root, goodFiles(etcd)),
    });
    const netconf = node.netconf();
    const first = await node.call(callFor("ADD", "c1", { netconf }));
    assertEquals(first.code, 0, first.stdout);
    const again = await node.call(callFor("ADD", "c1", { netconf }));
    assertEquals(again.stdout, first.stdout);
    const [file] = await Array.fromAsync(Deno.readDir(`${node.dataDir}/transport`));
    assertEquals(await Deno.readTextFile(`${node.dataDir}/transport/${file?.name}`), "grpc");
    const del = await node.call(callFor("DEL", "c1", { netconf }));
    assertEquals([del.code, del.stdout], [0, ""]);
    if (options.auth !== undefined) return; // only its own user may look
    assertEquals((await keysOf(etcd)).filter((key) => !key.startsWith("networks/")), []);
  });
}
