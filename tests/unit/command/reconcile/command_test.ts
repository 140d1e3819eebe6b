/** `reconcile` by its words, in this process. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { main } from "../../../../lib/command/main.ts";
import { openSqlite } from "../../../../lib/datastore/sqlite.ts";
import { add } from "../../../support/allocator.ts";
import { makeSandbox } from "../../../support/plugin.ts";
import { NOW, OLD, requestOf } from "./_world.ts";

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], stdin = ""): Promise<Ran> {
  let [stdout, stderr] = ["", ""];
  const code = await main(args, {
    env: () => undefined,
    stdin: () => Promise.resolve(stdin),
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    now: () => NOW,
    random: () => 0n,
  });
  return { code, stdout, stderr };
}

Deno.test("reconcile is known by its name, with help and with advice", async () => {
  const help = await run(["reconcile", "--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  assertMatch(help.stdout, /^kube-ipam reconcile: /);
  assertEquals((await run(["help", "reconcile"])).stdout, help.stdout);
  assertStringIncludes((await run(["help"])).stdout, "kube-ipam reconcile --conf FILE");
  const near = await run(["reconcil"]);
  assertEquals(near.code, 2);
  assertStringIncludes(near.stderr, 'did you mean "reconcile"?');
  const bare = await run(["reconcile"]);
  assertEquals([bare.code, bare.stdout], [2, ""]);
  assertMatch(bare.stderr, /give --conf FILE\nTry: kube-ipam reconcile --help\n$/);
});

Deno.test("reconcile of nothing says so, and reads its netconf from stdin", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ datastore: "sqlite", kubeConfig: `${sandbox.root}/none` });
  const { code, stdout, stderr } = await run(["reconcile", "--conf", "-"], JSON.stringify(netconf));
  assertEquals([code, stdout], [0, ""]);
  assertMatch(stderr, /^kube-ipam: No pod is judged: .*\nkube-ipam: 0 freed, 0 kept\n$/);
});

Deno.test("reconcile exits with 1 where something was refused or could not be read", async () => {
  await using sandbox = await makeSandbox();
  const conf = `${sandbox.root}/net.conf`;
  await Deno.writeTextFile(conf, JSON.stringify(sandbox.netconf({ datastore: "sqlite" })));
  await using store = openSqlite(sandbox.dataDir);
  const signal = AbortSignal.timeout(10_000);
  const put = (key: string, value: string): Promise<unknown> =>
    store.commit({ guards: [], writes: [{ kind: "put", key, value }] }, { signal });
  const asker = { pod: { namespace: "shop", name: "a", uid: "u" }, authorities: [] };
  assertEquals((await add(store, requestOf("a", { asker, now: OLD }))).kind, "granted");
  assertEquals((await run(["reconcile", "--conf", conf])).code, 0);

  await put("/kube-ipam/v1/default/addresses/4/0a0900ff", "broken");
  const broken = await run(["reconcile", "--conf", conf]);
  assertEquals(broken.code, 1);
  assertMatch(broken.stdout, /unreadable +\/kube-ipam\/v1\/default\/addresses\/4\/0a0900ff/);

  await put("/kube-ipam/v1/default/addresses/4/0a0900ff", '{"schema":2}');
  const newer = await run(["reconcile", "--conf", conf, "--json"]);
  assertEquals([newer.code, JSON.parse(newer.stdout).refused.length], [1, 1]);
});
