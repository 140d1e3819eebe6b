/**
 * `list` and `release` as processes, with the permissions of the plugin, over SQLite and etcd.
 *
 * @module
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { addressFor, assertSilent, callFor } from "../support/answers.ts";
import { startEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import {
  callPlugin,
  makeSandbox,
  type PluginAnswer,
  pluginCommand,
  type Sandbox,
} from "../support/plugin.ts";
import { entriesOf, makeNode } from "./_node.ts";

async function run(sandbox: Sandbox, ...args: readonly string[]): Promise<PluginAnswer> {
  const { root } = sandbox;
  const words = [...await pluginCommand(root), ...args];
  return await callPlugin({ netconf: "" }, { root, words });
}

async function writeConf(sandbox: Sandbox, conf: unknown): Promise<string> {
  const path = `${sandbox.root}/10-net.conflist`;
  await Deno.writeTextFile(path, JSON.stringify(conf));
  return path;
}

function addressesIn({ stdout }: PluginAnswer): readonly string[] {
  return stdout.trimEnd().split("\n").slice(1).map((line) =>
    line.split(/ +/).slice(0, 2).join(" ")
  );
}

function unusedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** One address is held, one cools down: both are listed, and freed. */
async function story(sandbox: Sandbox, netconf: Readonly<Record<string, unknown>>): Promise<void> {
  const { name, cniVersion, ...plugin } = netconf;
  const list = { name, cniVersion, plugins: [{ type: "portmap" }, plugin] };
  const conf = await writeConf(sandbox, list);
  const bare = (ip: string): string => ip.replace(/\/.*/, "");
  const held = bare(await addressFor(sandbox, "c1", { netconf }));
  const cooling = bare(await addressFor(sandbox, "c2", { netconf }));
  assertSilent(await sandbox.call(callFor("DEL", "c2", { netconf })));
  const listed = await run(sandbox, "list", "--conf", conf);
  assertEquals([listed.code, listed.stderr], [0, ""]);
  assertEquals(
    addressesIn(listed).toSorted(),
    [`${held} held`, `${cooling} cooling`].toSorted(),
  );
  const refused = await run(sandbox, "release", "--conf", conf, held, cooling);
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stdout, `${cooling} was cooling down`);
  assertStringIncludes(refused.stderr, `${held}: it is held by container c1 (eth0)`);
  const forced = await run(sandbox, "release", "-force", `-conf=${conf}`, held);
  assertEquals([forced.code, forced.stderr], [0, ""]);
  assertStringIncludes(forced.stdout, `${held} was held by container c1 (eth0)`);
  const json = await run(sandbox, "--list", "--conf", conf, "--json");
  assertEquals([json.code, json.stdout], [0, ""]);
  assertMatch(json.stderr, /^kube-ipam: No address is recorded/);
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf })));
}

Deno.test("addresses are listed and freed, on SQLite", async () => {
  await using sandbox = await makeSandbox();
  await story(sandbox, sandbox.netconf({ datastore: "sqlite", cooldown: "1h" }));
});

testNeeding(["etcd"], "addresses are listed and freed, on etcd", async () => {
  await using etcd = await startEtcd();
  await using node = await makeNode(etcd);
  await story(node, node.netconf({ cooldown: "1h" }));
  assertEquals((await entriesOf(etcd)).filter(({ key }) => !key.includes("/networks/")), []);
});

Deno.test("a configuration where the program may not read is told clearly", async () => {
  await using sandbox = await makeSandbox();
  const conf = await Deno.makeTempFile({ prefix: "kube-ipam-elsewhere-" });
  try {
    const { code, stdout, stderr } = await run(sandbox, "list", "--conf", conf);
    assertEquals([code, stdout], [1, ""]);
    assertEquals(
      stderr,
      `kube-ipam: Cannot read the network configuration: ${conf}: ` +
        'this program has no permission to read it: "kube-ipam version" shows what it has, by default below ' +
        "/etc/cni, /etc/kubernetes, /etc/kube-ipam, /var/lib/cni/kube-ipam: " +
        "give the file on stdin, as --conf - < FILE\n",
    );
  } finally {
    await Deno.remove(conf);
  }
});

Deno.test("a datastore that is out of reach is one line and exit code 1", async () => {
  await using sandbox = await makeSandbox();
  const etcdConfig = { etcdURL: `http://127.0.0.1:${unusedPort()}` };
  const conf = await writeConf(sandbox, sandbox.netconf({ etcdConfig }));
  for (const args of [["list"], ["release", "10.1.0.1"]]) {
    const { code, stdout, stderr } = await run(sandbox, ...args, "--conf", conf);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^kube-ipam: Cannot reach the datastore: .*127\.0\.0\.1.*\n$/);
  }
});

Deno.test("a listing of which the beginning is read ends without a word", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ datastore: "sqlite" });
  await addressFor(sandbox, "c1", { netconf });
  const conf = await writeConf(sandbox, netconf);
  const [program = "", ...args] = [...await pluginCommand(sandbox.root), "list", "--conf", conf];
  const child = new Deno.Command(program, { args, stdin: "null", stdout: "piped", stderr: "piped" })
    .spawn();
  await child.stdout.cancel();
  const [stderr] = await Promise.all([new Response(child.stderr).text(), child.status]);
  assertEquals(stderr, "");
});

testNeeding(
  ["etcd"],
  "replay releases what a node owes, with the permissions of the plugin",
  async () => {
    await using etcd = await startEtcd();
    await using node = await makeNode(etcd);
    const netconf = node.netconf();
    const ip = await addressFor(node, "c1", { netconf });
    await etcd.stop();
    assertSilent(await node.call(callFor("DEL", "c1", { netconf })));
    const conf = await writeConf(node, netconf);
    const left = await run(node, "replay", "--conf", conf);
    assertEquals([left.code, left.stdout], [1, ""]);
    assertStringIncludes(left.stderr, 'Cannot reach the datastore: 1 release on network "testnet"');
    await etcd.start();
    const { code, stdout, stderr } = await run(node, "replay", "--conf", conf);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout, `container c1 (eth0) on network "testnet": released ${ip}\n`);
    assertEquals((await entriesOf(etcd)).filter(({ key }) => key.includes("/addresses/")), []);
    const refused = await run(node, "replay", "c1");
    assertEquals(refused.code, 2);
    assertStringIncludes(refused.stderr, "replay takes flags only");
  },
);
