import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, isDirect } from "../../../lib/http/connection.ts";
import { makeConnections } from "../../../lib/http/connections.ts";
import { TOO_LARGE } from "../../../lib/tls/body.ts";

interface Served extends AsyncDisposable {
  readonly url: URL;
  /** How many connections were accepted. */
  readonly connections: () => number;
}

type Handler = (request: string) => string | undefined;

/** A server that answers with raw bytes, one answer for each read; `undefined` ends the connection. */
function serveRaw(handler: Handler): Served {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  let connections = 0;
  const running = (async () => {
    const served: Promise<void>[] = [];
    for await (const conn of listener) {
      connections++;
      open.add(conn);
      served.push(answer(conn));
    }
    await Promise.all(served);
  })();
  async function answer(conn: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
        const text = handler(new TextDecoder().decode(buffer.subarray(0, count)));
        if (text === undefined) break;
        const bytes = new TextEncoder().encode(text);
        for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
      }
    } catch {
      // The client ended the connection.
    }
    if (open.delete(conn)) conn.close();
  }
  return {
    url: new URL(`http://127.0.0.1:${listener.addr.port}`),
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      for (const conn of [...open]) {
        open.delete(conn);
        conn.close();
      }
      await running;
    },
  };
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const LATER = (): AbortSignal => AbortSignal.timeout(5_000);

Deno.test("isDirect() takes addresses, and TLS where the authority is known", () => {
  assert(isDirect({ url: new URL("http://10.1.0.1:2379") }));
  assert(isDirect({ url: new URL("http://[fd00::1]:2379/v3") }));
  assert(isDirect({ url: new URL("https://10.1.0.1"), ca: "PEM" }));
  assert(!isDirect({ url: new URL("https://10.1.0.1") }));
  assert(!isDirect({ url: new URL("http://etcd.example:2379") }));
  assert(!isDirect({ url: new URL("http://1.example:2379") }));
});

Deno.test("exchange() sends one request as HTTP/1.1, and reads its answer", async () => {
  const seen: string[] = [];
  await using served = serveRaw((request) => {
    seen.push(request);
    return OK;
  });
  using connection = await connect(served);
  const path = "/v3/kv/txn";
  const { host } = served.url;
  const post = { method: "POST", path, headers: { "x-a": "b" }, body: "\u00e4{}" } as const;
  const { status, text } = await connection.exchange(post, LATER());
  assertEquals([status, text], [200, "hi"]);
  await connection.exchange({ method: "GET", path, headers: {} }, LATER());
  assertEquals(seen, [
    `POST /v3/kv/txn HTTP/1.1\r\nhost: ${host}\r\nx-a: b\r\ncontent-length: 4\r\n\r\n\u00e4{}`,
    `GET /v3/kv/txn HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
  ]);
  assertEquals(served.connections(), 1);
});

const LAST: readonly (readonly [title: string, answer: string])[] = [
  ["without a length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"],
  ["that says close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"],
];

for (const [title, answer] of LAST) {
  Deno.test(`exchange() ends a connection after an answer ${title}`, async () => {
    await using served = serveRaw(() => answer);
    using connection = await connect(served);
    const request = { method: "GET", path: "/", headers: {} } as const;
    assertEquals((await connection.exchange(request, LATER())).text, "hi");
    assert(!connection.isOpen);
  });
}

Deno.test("exchange() fails where the connection ends first, and reads no answer without end", async () => {
  const request = { method: "GET", path: "/", headers: {} } as const;
  for (const answer of [undefined, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"]) {
    let isFirst = true;
    await using served = serveRaw(() => {
      const text = isFirst ? answer : undefined;
      isFirst = false;
      return text;
    });
    using connection = await connect(served);
    const asked = connection.exchange(request, AbortSignal.timeout(300));
    await assertRejects(() => asked);
    assert(!connection.isOpen);
  }
  const large = "x".repeat(9 * 1024 * 1024);
  await using served = serveRaw(() => `HTTP/1.1 200 OK\r\n\r\n${large}`);
  using connection = await connect(served);
  const { text } = await connection.exchange(request, LATER());
  assertEquals(text, TOO_LARGE);
});

Deno.test("connections serve many at once, and each is used again", async () => {
  await using served = serveRaw((request) => {
    const body = /x-n: (\d+)/.exec(request)?.[1] ?? "";
    return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  });
  using connections = makeConnections();
  connections.prepare(served);
  const ask = async (n: number): Promise<unknown> => {
    const request = { method: "GET", path: "/", headers: { "x-n": `${n}` } } as const;
    return (await connections.exchange(request, { place: served, signal: LATER() }))?.text;
  };
  const all = Array.from({ length: 20 }, (_, n) => n);
  assertEquals(await Promise.all(all.map(ask)), all.map(String));
  const used = served.connections();
  for (const n of all) assertEquals(await ask(n), String(n));
  assertEquals(served.connections(), used);
});

Deno.test("connections leave to fetch what they cannot connect to", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = new URL(`http://127.0.0.1:${listener.addr.port}`);
  listener.close();
  using connections = makeConnections();
  const request = { method: "GET", path: "/", headers: {} } as const;
  const options = { place: { url }, signal: LATER() };
  assertEquals(await connections.exchange(request, options), undefined);
  const place = { url: new URL("http://localhost:1") };
  assertEquals(await connections.exchange(request, { ...options, place }), undefined);
  const signal = AbortSignal.abort();
  assertEquals(await connections.exchange(request, { place: { url }, signal }), undefined);
});
