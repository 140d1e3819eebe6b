import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, isDirect } from "../../../lib/http/connection.ts";
import { makeConnections } from "../../../lib/http/connections.ts";
import { CUT, TOO_LARGE } from "../../../lib/tls/body.ts";
import { testNeeding } from "../../support/needs.ts";
import { makePki } from "../../support/pki.ts";

interface Served extends AsyncDisposable {
  readonly url: URL;
  /** How many connections were accepted. */
  readonly connections: () => number;
}

type Handler = (request: string) => string;

interface ServeOptions {
  /** Ends each connection after its answer. */
  readonly ends?: boolean;
  /** When bytes are sent that nobody asked for, once. */
  readonly after?: Promise<void>;
  /** These bytes; none: the end of the connection. */
  readonly surplus?: string;
}

/** A server that answers with raw bytes, one answer for each read. */
function serveRaw(handler: Handler, { ends, after, surplus = "" }: ServeOptions = {}): Served {
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
    const isFirst = connections === 1;
    const end = (): void => {
      if (open.delete(conn)) conn.close();
    };
    const send = async (text: string): Promise<void> => {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
    };
    const surprise = after?.then(() =>
      !isFirst ? undefined : surplus === "" ? end() : send(surplus)
    );
    const buffer = new Uint8Array(65_536);
    try {
      for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
        await send(handler(new TextDecoder().decode(buffer.subarray(0, count))));
        if (ends === true) break;
      }
      await surprise;
    } catch {
      // The client ended the connection.
    }
    end();
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
/** Any certificate will do: no handshake comes that far. */
async function authority(): Promise<string> {
  await using pki = await makePki();
  return await Deno.readTextFile(pki.caFile);
}

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
  ["in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"],
  [
    "in chunks that has a length too",
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
  ],
  ["that says close", "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 2\r\n\r\nhi"],
  ["of HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi"],
  ["that more bytes follow", `${OK}${OK}`],
];
const GET = { method: "GET", path: "/", headers: {} } as const;

for (const [title, answer] of LAST) {
  Deno.test(`exchange() ends a connection after an answer ${title}`, async () => {
    await using served = serveRaw(() => answer);
    using connection = await connect(served);
    assertEquals((await connection.exchange(GET, LATER())).text, "hi");
    assert(!connection.isOpen);
  });
}

Deno.test("exchange() waits for what follows an interim answer", async () => {
  const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  await using served = serveRaw(() => `HTTP/1.1 100 Continue\r\n\r\n${hints}${OK}`);
  using connection = await connect(served);
  const { status, text } = await connection.exchange(GET, LATER());
  assertEquals([status, text, connection.isOpen], [200, "hi", true]);
});

Deno.test("exchange() tells an answer that was cut off from none at all", async () => {
  for (
    const [answer, expected] of [
      ["HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\n\r\nhi", [400, CUT]],
      ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhi", [200, CUT]],
    ] as const
  ) {
    await using served = serveRaw(() => answer, { ends: true });
    using connection = await connect(served);
    const { status, text } = await connection.exchange(GET, LATER());
    assertEquals([status, text, connection.isOpen], [...expected, false]);
  }
  for (const answer of ["", "HTTP/1.1 200", "SSH-2.0-x\n"]) {
    await using served = serveRaw(() => answer, { ends: true });
    using connection = await connect(served);
    await assertRejects(() => connection.exchange(GET, LATER()));
    assert(!connection.isOpen);
  }
});

Deno.test("exchange() reads no answer without end", async () => {
  const large = "x".repeat(9 * 1024 * 1024);
  await using served = serveRaw(() => `HTTP/1.1 200 OK\r\n\r\n${large}`);
  using connection = await connect(served);
  assertEquals((await connection.exchange(GET, LATER())).text, TOO_LARGE);
});

Deno.test("exchange() sends no header that would be two", async () => {
  const seen: string[] = [];
  await using served = serveRaw((request) => {
    seen.push(request);
    return OK;
  });
  using connection = await connect(served);
  const headers = { authorization: "abc\r\nx-evil: 1" };
  const asked = connection.exchange({ ...GET, headers }, LATER());
  const error = await assertRejects(() => asked, TypeError, "the header authorization");
  assert(!error.message.includes("evil"));
  assertEquals(seen, []);
});

Deno.test("a connection ends with what nobody asked for, and with its server", async () => {
  for (const surplus of [OK, ""]) {
    const surprise = Promise.withResolvers<void>();
    await using served = serveRaw(() => OK, { after: surprise.promise, surplus });
    using connections = makeConnections();
    const options = { place: served, signal: LATER() };
    assertEquals((await connections.exchange(GET, options))?.text, "hi");
    surprise.resolve();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assertEquals((await connections.exchange(GET, options))?.text, "hi");
    assertEquals(served.connections(), 2);
  }
});

testNeeding(
  ["openssl"],
  "a connection that cannot be made ends with the signal, and with its set",
  async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted: Deno.Conn[] = [];
    const running = (async () => {
      for await (const conn of listener) accepted.push(conn);
    })();
    // A port that says nothing: a handshake with it never ends.
    const place = {
      url: new URL(`https://127.0.0.1:${listener.addr.port}`),
      ca: await authority(),
    };
    {
      using connections = makeConnections();
      connections.prepare(place);
      const signal = AbortSignal.timeout(50);
      assertEquals(await connections.exchange(GET, { place, signal }), undefined);
      connections.prepare(place);
    }
    // Deno frees a connection whose handshake hangs only with the server's end of it.
    for (const conn of accepted) conn.close();
    listener.close();
    await running;
  },
);

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
