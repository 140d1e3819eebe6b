import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { hashOf, readSmall, writeSmall } from "../../lib/datastore/small_file.ts";
import { startEtcd, type TestEtcdOptions } from "../support/etcd.ts";
import { type Need, testNeeding } from "../support/needs.ts";
import { startProxy } from "../support/proxy.ts";
import { assertFails, claim, KEY, open, valueOf } from "./_etcd.ts";

interface SetUp {
  readonly name: string;
  readonly options: TestEtcdOptions;
  readonly needs: readonly Need[];
  readonly seen: string;
}

const SET_UPS: readonly SetUp[] = [
  {
    name: "etcd 3.4 started by --config-file (404)",
    options: { configFile: true },
    needs: ["etcd"],
    seen: "404",
  },
  {
    name: "a server certificate for server use only, and client certificates asked for (503)",
    options: { tls: "mutual-server-auth-only" },
    needs: ["etcd", "openssl"],
    seen: "503",
  },
  {
    name: "a user named by a client certificate (400)",
    options: { tls: "mutual", auth: { username: "node-7" } },
    needs: ["etcd", "openssl"],
    seen: "CommonName",
  },
];

for (const { name, options, needs, seen } of SET_UPS) {
  testNeeding(needs, `auto takes gRPC and remembers it: ${name}`, async () => {
    await using etcd = await startEtcd(options);
    {
      await using store = open(etcd.config(), etcd.dir);
      assertEquals(await claim(store), { kind: "committed" });
      assertEquals((await claim(store)).kind, "conflict");
    }
    const files = await Array.fromAsync(Deno.readDir(`${etcd.dir}/data/transport`));
    assertEquals(files.length, 1);
    const path = `${etcd.dir}/data/transport/${files[0]?.name}`;
    assertEquals(await Deno.readTextFile(path), "grpc");
    {
      await using store = open(etcd.config(), etcd.dir);
      assertEquals(await valueOf(store), "mine");
    }
    await using gateway = open(etcd.config({ transport: "gateway" }), etcd.dir);
    const error = await assertFails(valueOf(gateway), "misconfigured", /transport/);
    assertStringIncludes(error.message, seen);
  });
}

testNeeding(["etcd"], "auto goes straight to gRPC the second time", async () => {
  await using etcd = await startEtcd({ configFile: true });
  await using proxy = startProxy(etcd.endpoints[0] ?? "");
  const config = etcd.config({ endpoints: [proxy.url] });
  {
    await using store = open(config, etcd.dir);
    await claim(store);
    assertEquals([proxy.paths, proxy.connections], [["/v3/kv/txn"], 2]);
  }
  proxy.reset();
  await using store = open(config, etcd.dir);
  assertEquals(await valueOf(store), "mine");
  assertEquals([proxy.paths, proxy.connections], [[], 3]);
});

testNeeding(["etcd"], "auto tries the gateway again after an hour", async () => {
  await using etcd = await startEtcd({ configFile: true });
  await using proxy = startProxy(etcd.endpoints[0] ?? "");
  const config = etcd.config({ endpoints: [proxy.url] });
  for (let round = 0; round < 2; round++) {
    await using store = open(config, etcd.dir);
    await valueOf(store);
    const folder = `${etcd.dir}/data/transport`;
    for await (const { name } of Deno.readDir(folder)) {
      const old = new Date(Date.now() - 3_700_000);
      await Deno.utime(`${folder}/${name}`, old, old);
    }
  }
  assertEquals(proxy.paths, ["/v3/kv/txn", "/v3/kv/txn"]);
});

testNeeding(
  ["etcd"],
  "auto falls back to the gateway where the remembered gRPC fails",
  async () => {
    await using etcd = await startEtcd();
    await using front = serveWithoutGrpc(etcd.endpoints[0] ?? "");
    const file = `${etcd.dir}/data/transport/${hashOf([front.url])}`;
    assert(writeSmall(file, "grpc"));
    await using store = open(etcd.config({ endpoints: [front.url] }), etcd.dir);
    assertEquals(await claim(store), { kind: "committed" });
    assertEquals(readSmall(file), undefined);
    assertEquals(await valueOf(store), "mine");
  },
);

testNeeding(["etcd"], "gRPC alone serves where it is asked for", async () => {
  await using etcd = await startEtcd();
  await using proxy = startProxy(etcd.endpoints[0] ?? "");
  await using store = open(
    etcd.config({ transport: "grpc", endpoints: [proxy.url] }),
    etcd.dir,
  );
  assertEquals(await claim(store), { kind: "committed" });
  assertEquals([await valueOf(store), proxy.paths, proxy.connections], ["mine", [], 1]);
});

testNeeding(
  ["etcd"],
  "a gRPC endpoint that is dead is unreachable, by both transports",
  async () => {
    await using etcd = await startEtcd();
    const config = etcd.config();
    await etcd.stop();
    for (const transport of ["gateway", "grpc", "auto"] as const) {
      await using store = open({ ...config, transport }, etcd.dir);
      await assertFails(claim(store), "unreachable", /etcd runs/);
      await assertFails(valueOf(store), "unreachable", /etcd runs/);
    }
  },
);

testNeeding(["etcd"], "the gRPC client loads without permission for the environment", async () => {
  await using etcd = await startEtcd();
  const root = new URL("../..", import.meta.url).pathname;
  const entry = `data:text/typescript,${
    encodeURIComponent(`
    import { openEtcd } from ${JSON.stringify(`file://${root}lib/datastore/etcd/open.ts`)};
    const config = ${JSON.stringify(etcd.config({ transport: "grpc" }))};
    const dirs = ${JSON.stringify({ dataDir: etcd.dir, runDir: etcd.dir })};
    await using store = openEtcd(config, { ...dirs, random: Math.random });
    const signal = AbortSignal.timeout(8000);
    const writes = [{ kind: "put", key: ${JSON.stringify(KEY)}, value: "mine" }];
    console.log(JSON.stringify(await store.commit({ guards: [], writes }, { signal })));
  `)
  }`;
  const { host } = new URL(etcd.endpoints[0] ?? "");
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--config", `${root}deno.json`, "--no-prompt"]
      .concat(["--allow-read", `--allow-write=${etcd.dir}`, `--allow-net=${host}`, entry]),
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(stdout).trim(), '{"kind":"committed"}', decoder.decode(stderr));
});

/** Something in between that lets no gRPC pass. */
function serveWithoutGrpc(target: string): AsyncDisposable & { readonly url: string } {
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = Deno.serve(options, async (request) => {
    if (request.headers.get("content-type") === "application/grpc") {
      return new Response("no gRPC here", { status: 502 });
    }
    const { pathname } = new URL(request.url);
    return await fetch(`${target}${pathname}`, { method: "POST", body: await request.text() });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
