import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openEtcd } from "../../lib/datastore/etcd/open.ts";
import { hashOf, writeSmall } from "../../lib/datastore/small_file.ts";
import type { Txn } from "../../lib/state/txn.ts";
import { startEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import { startProxy } from "../support/proxy.ts";
import { assertFails, CLAIM, claim, KEY, open, valueOf } from "./_etcd.ts";

for (const transport of ["gateway", "grpc"] as const) {
  testNeeding(["etcd"], `a commit finds the one endpoint that lives: ${transport}`, async () => {
    await using etcd = await startEtcd();
    await using first = startProxy(etcd.endpoints[0] ?? "", "refuse");
    await using second = startProxy(etcd.endpoints[0] ?? "", "refuse");
    const endpoints = [first.url, second.url, ...etcd.endpoints];
    await using store = open(etcd.config({ transport, endpoints }), etcd.dir);
    assertEquals((await claim(store)).kind, "committed");
    const before = first.connections + second.connections;
    // The next process begins with the one that answered.
    await using next = open(etcd.config({ transport, endpoints }), etcd.dir);
    assertEquals(await valueOf(next), "mine");
    assertEquals(first.connections + second.connections, before);
  });
}

testNeeding(["etcd"], "a hanging endpoint costs one try, and goes last after it", async () => {
  await using etcd = await startEtcd();
  await using hanging = startProxy(etcd.endpoints[0] ?? "", "hang");
  const config = etcd.config({ endpoints: [hanging.url, ...etcd.endpoints] });
  const begin = performance.now();
  {
    await using store = open(config, etcd.dir);
    assertEquals(await valueOf(store), undefined);
  }
  const took = performance.now() - begin;
  assert(took > 1400 && took < 4000, `took ${took} ms`);
  await using store = open(config, etcd.dir);
  assertEquals(await valueOf(store), undefined);
  assertEquals(hanging.paths.length, 1);
});

testNeeding(["etcd"], "an endpoint that never answers is unreachable after one try", async () => {
  await using etcd = await startEtcd();
  await using hanging = startProxy(etcd.endpoints[0] ?? "", "hang");
  await using store = open(etcd.config({ endpoints: [hanging.url] }), etcd.dir);
  const error = await assertFails(valueOf(store), "unreachable");
  assertStringIncludes(error.message, hanging.url);
  assertStringIncludes(error.message, "no answer in 5000 ms");
  assertEquals(hanging.paths.length, 1);
});

testNeeding(["etcd"], "the signal ends a call in its middle", async () => {
  await using etcd = await startEtcd();
  await using hanging = startProxy(etcd.endpoints[0] ?? "", "hang");
  await using store = open(etcd.config({ endpoints: [hanging.url] }), etcd.dir);
  const begin = performance.now();
  await assertFails(valueOf(store, 100), "unreachable");
  await assertFails(claim(store, 100), "ambiguous");
  assert(performance.now() - begin < 1000);
});

testNeeding(["etcd"], "a lost answer is ambiguous, and the write is there", async () => {
  await using etcd = await startEtcd();
  await using proxy = startProxy(etcd.endpoints[0] ?? "", "cut-answer");
  await using store = open(etcd.config({ endpoints: [proxy.url] }), etcd.dir);
  await assertFails(claim(store), "ambiguous");
  proxy.mode = "pass";
  assertEquals(await valueOf(store), "mine");
});

testNeeding(["etcd"], "a lost answer of a read is unreachable", async () => {
  await using etcd = await startEtcd();
  await using proxy = startProxy(etcd.endpoints[0] ?? "", "cut-answer");
  await using store = open(etcd.config({ endpoints: [proxy.url] }), etcd.dir);
  await assertFails(valueOf(store), "unreachable");
});

testNeeding(
  ["etcd"],
  "after a lost answer the next endpoint shows our own write as a conflict",
  async () => {
    await using etcd = await startEtcd();
    await using proxy = startProxy(etcd.endpoints[0] ?? "", "cut-answer");
    const endpoints = [proxy.url, ...etcd.endpoints];
    await using store = open(etcd.config({ endpoints }), etcd.dir);
    const outcome = await claim(store);
    assert(outcome.kind === "conflict");
    assertEquals(outcome.guarded.map((entry) => [entry?.key, entry?.value]), [[KEY, "mine"]]);
  },
);

testNeeding(["etcd"], "a lost answer, then nobody: ambiguous", async () => {
  await using etcd = await startEtcd();
  await using cutting = startProxy(etcd.endpoints[0] ?? "", "cut-answer");
  await using dead = startProxy(etcd.endpoints[0] ?? "");
  const config = etcd.config({ endpoints: [cutting.url, dead.url] });
  await dead[Symbol.asyncDispose]();
  await using store = open(config, etcd.dir);
  await assertFails(claim(store), "ambiguous");
  assertEquals(cutting.paths.length, 1);
});

testNeeding(["etcd"], "three members: one may end, two may not", async () => {
  await using etcd = await startEtcd({ members: 3 });
  await using store = open(etcd.config(), etcd.dir, Math.random);
  assertEquals(await claim(store), { kind: "committed" });
  await etcd.stop(0);
  assertEquals(await valueOf(store), "mine");
  await etcd.stop(1);
  await assertFails(valueOf(store), "unreachable");
  const txn: Txn = { guards: [], writes: [{ kind: "put", key: `${KEY}2`, value: "x" }] };
  const signal = new AbortController().signal;
  await assertFails(store.commit(txn, { signal }), "ambiguous");
  await etcd.start(0);
  assertEquals(await valueOf(store), "mine");
});

testNeeding(["etcd"], "a store out of its quota is full, and deletes still pass", async () => {
  await using etcd = await startEtcd({ quotaBytes: 300_000 });
  await using store = open(etcd.config(), etcd.dir);
  const signal = new AbortController().signal;
  const value = "x".repeat(100_000);
  const put = async (index: number): Promise<void> => {
    const writes = [{ kind: "put", key: `${KEY}${index}`, value }] as const;
    await store.commit({ guards: [], writes }, { signal });
  };
  const fill = async (): Promise<void> => {
    for (let index = 0; index < 50; index++) await put(index);
  };
  await assertFails(fill(), "full", /NOSPACE/);
  await using grpc = open(etcd.config({ transport: "grpc" }), etcd.dir);
  await assertFails(grpc.commit(CLAIM, { signal }), "full", /NOSPACE/);
  const gone = { guards: [], writes: [{ kind: "delete", key: `${KEY}0` }] } as const;
  assertEquals(await store.commit(gone, { signal }), { kind: "committed" });
});

testNeeding(["etcd"], "etcd that takes fewer operations names the flag", async () => {
  await using etcd = await startEtcd({ flags: { "max-txn-ops": "2" } });
  await using store = open(etcd.config(), etcd.dir);
  const signal = new AbortController().signal;
  const writes = ["a", "b", "c"].map((one) => ({
    kind: "put" as const,
    key: `${KEY}/${one}`,
    value: "x",
  }));
  await assertFails(
    store.commit({ guards: [], writes }, { signal }),
    "misconfigured",
    /max-txn-ops/,
  );
});

interface Strange {
  readonly name: string;
  readonly answer: () => Response;
  readonly kind: "unreachable" | "refused" | "misconfigured";
}

const STRANGE: readonly Strange[] = [
  { name: "HTML", answer: () => new Response("<html>hello"), kind: "unreachable" },
  { name: "other JSON", answer: () => Response.json({ kind: "Status" }), kind: "unreachable" },
  { name: "half of an answer", answer: () => new Response('{"header":'), kind: "unreachable" },
  { name: "nothing", answer: () => new Response(""), kind: "unreachable" },
  { name: "9 MB", answer: () => new Response("x".repeat(9_000_000)), kind: "unreachable" },
  { name: "no end", answer: () => new Response(endless()), kind: "unreachable" },
  { name: "429", answer: () => new Response("slow", { status: 429 }), kind: "unreachable" },
  { name: "500", answer: () => new Response("no", { status: 500 }), kind: "unreachable" },
  {
    name: "503 of a proxy",
    answer: () => new Response("no", { status: 503 }),
    kind: "unreachable",
  },
  { name: "401", answer: () => new Response("no", { status: 401 }), kind: "refused" },
  { name: "403", answer: () => new Response("no", { status: 403 }), kind: "refused" },
  {
    name: "a redirect",
    answer: () => Response.redirect("http://127.0.0.1:9/v3/kv/txn", 307),
    kind: "unreachable",
  },
  {
    name: "the words of Go's TLS server",
    answer: () =>
      new Response("Client sent an HTTP request to an HTTPS server.\n", { status: 400 }),
    kind: "misconfigured",
  },
];

for (const { name, answer, kind } of STRANGE) {
  Deno.test(`an answer that is not etcd's is ${kind}: ${name}`, async () => {
    const dir = await Deno.makeTempDir();
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    const server = Deno.serve(options, async (request) => {
      await request.text();
      return answer();
    });
    const endpoints = [`http://127.0.0.1:${server.addr.port}`];
    {
      await using store = open({ kind: "etcd", endpoints, transport: "gateway" }, dir);
      const error = await assertFails(valueOf(store), kind);
      assert(error.message.length < 500);
      if (kind === "unreachable") await assertFails(claim(store), "ambiguous");
    }
    await server.shutdown();
    await Deno.remove(dir, { recursive: true });
  });
}

function endless(): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(1_000_000).fill(32);
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
}

testNeeding(["etcd"], "a restart between two calls of one store goes unnoticed", async () => {
  await using etcd = await startEtcd();
  await using store = open(etcd.config(), etcd.dir);
  assertEquals((await claim(store)).kind, "committed");
  await etcd.stop();
  await etcd.start();
  assertEquals(await valueOf(store), "mine");
  assertEquals((await claim(store)).kind, "conflict");
});

testNeeding(["etcd", "openssl"], "nothing was sent where TLS is not answered", async () => {
  await using etcd = await startEtcd({ tls: "server" });
  await using hanging = startProxy(etcd.endpoints[0] ?? "", "hang");
  const config = etcd.config({ endpoints: [hanging.url], transport: "gateway" });
  await using store = open(config, etcd.dir);
  await assertFails(claim(store, 300), "unreachable");
});

testNeeding(["etcd"], "only the transport that is remembered connects ahead", async () => {
  await using etcd = await startEtcd();
  await using proxy = startProxy(etcd.endpoints[0] ?? "");
  const config = etcd.config({ endpoints: [proxy.url] });
  const urgent = {
    dataDir: `${etcd.dir}/data`,
    runDir: etcd.dir,
    random: () => 0,
    ahead: "connect",
  } as const;
  const connectionsOf = async (): Promise<number> => {
    const before = proxy.connections;
    {
      await using _store = openEtcd(config, urgent);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return proxy.connections - before;
  };
  assertEquals(await connectionsOf(), 1);
  const file = `${urgent.dataDir}/transport/${hashOf([...config.endpoints].sort())}`;
  assert(writeSmall(file, "grpc"));
  assertEquals(await connectionsOf(), 0);
});

testNeeding(["etcd", "openssl"], "a question ahead shakes hands for the first call", async () => {
  await using etcd = await startEtcd({ tls: "mutual" });
  await using proxy = startProxy(etcd.endpoints[0] ?? "");
  const config = etcd.config({ endpoints: [proxy.url] });
  const folders = { dataDir: `${etcd.dir}/data`, runDir: etcd.dir, random: () => 0 };
  await using store = openEtcd(config, { ...folders, ahead: "ask" });
  await new Promise((resolve) => setTimeout(resolve, 300));
  assertEquals(proxy.connections, 1);
  assertEquals((await claim(store)).kind, "committed");
  assertEquals(proxy.connections, 1);
});
