/**
 * A TCP server that answers HTTP as nobody should: what it does is data, so a failure shrinks.
 *
 * @module
 */
import fc from "fast-check";
import { aCut, type Cut, cutUp } from "./_mutate.ts";

/** A request as it came. */
export interface Met {
  /** `POST /v3/kv/txn` */
  readonly line: string;
  /** The whole head. */
  readonly head: string;
  readonly body: string;
}

/** What is sent, and what becomes of the connection. */
export interface Reaction {
  /** The bytes, in the pieces in which they are written. */
  readonly pieces: readonly Uint8Array[];
  /** Between two pieces, in milliseconds. */
  readonly pauseMs?: number;
  /** The last piece is sent again and again, as long as anybody reads it. */
  readonly endless?: boolean;
  /** Afterwards: closed, left open in silence, or ready for the next request. */
  readonly then: "close" | "hang" | "serve";
}

/** A running server. */
export interface HostileServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** What it was asked since the last {@linkcode HostileServer.reset}. */
  readonly met: readonly Met[];
  /** The bytes that it could send. */
  readonly sent: number;
  /** What it does with the next request. */
  react: (met: Met) => Reaction;
  /** Forgets, and ends all connections. */
  reset(): void;
}

const TLS_HANDSHAKE = 22;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * Starts a server on a free loopback port.
 *
 * @param react What it does with a request.
 * @param tls PEM texts of a server certificate; without them it speaks plain HTTP.
 * @returns The server; dispose of it.
 */
export function startHostile(
  react: HostileServer["react"],
  tls?: { readonly cert: string; readonly key: string },
): HostileServer {
  const where = { hostname: "127.0.0.1", port: 0 };
  const listener = tls === undefined ? Deno.listen(where) : Deno.listenTls({ ...where, ...tls });
  const open = new Set<Deno.Conn>();
  const met: Met[] = [];
  let sent = 0;
  const ending = Promise.withResolvers<void>();
  const server: HostileServer = {
    url: `http${tls === undefined ? "" : "s"}://127.0.0.1:${listener.addr.port}`,
    port: listener.addr.port,
    met,
    get sent() {
      return sent;
    },
    react,
    reset: () => {
      met.splice(0);
      sent = 0;
      for (const conn of [...open]) close(conn);
    },
    [Symbol.asyncDispose]: async () => {
      listener.close();
      ending.resolve();
      for (const conn of [...open]) close(conn);
      await running;
    },
  };

  function close(conn: Deno.Conn): void {
    if (open.delete(conn)) conn.close();
  }

  async function accept(): Promise<void> {
    const served: Promise<void>[] = [];
    for (;;) {
      try {
        const conn = await listener.accept();
        open.add(conn);
        served.push(serve(conn).catch(() => {}).finally(() => close(conn)));
      } catch (error) {
        // A handshake that failed ends nothing.
        if (error instanceof Deno.errors.BadResource) break;
      }
    }
    await Promise.all(served);
  }

  async function serve(conn: Deno.Conn): Promise<void> {
    for (;;) {
      const request = await readRequest(conn);
      if (request === undefined) return;
      met.push(request);
      const { pieces, pauseMs = 0, endless = false, then } = server.react(request);
      for (const piece of pieces) {
        await write(conn, piece);
        if (pauseMs > 0) await wait(pauseMs);
      }
      for (const last = pieces.at(-1); endless && last !== undefined;) {
        await write(conn, last);
        if (pauseMs > 0) await wait(pauseMs);
      }
      if (then === "close") return;
      if (then === "hang") {
        const buffer = new Uint8Array(1_024);
        while (await conn.read(buffer) !== null);
        return;
      }
    }
  }

  async function write(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const count = await conn.write(bytes.subarray(at));
      at += count;
      sent += count;
    }
  }

  async function wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([promise, ending.promise]);
    clearTimeout(timer);
  }

  const running = accept();
  return server;
}

async function readRequest(conn: Deno.Conn): Promise<Met | undefined> {
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (;;) {
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) {
      const head = text.slice(0, end);
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? "0");
      const body = text.slice(end + 4);
      if (encoder.encode(body).length >= length) {
        return { line: head.split(" HTTP/")[0] ?? "", head, body };
      }
    }
    const count = await conn.read(buffer);
    // Where an answer is odd, the client looks whether TLS is spoken here.
    if (count === null || (text === "" && buffer[0] === TLS_HANDSHAKE)) return undefined;
    text += decoder.decode(buffer.subarray(0, count));
  }
}

/** How a body is framed, rightly or not. */
type Framing = "length" | "longer" | "shorter" | "none" | "chunked" | "both" | "garbage";

/** An answer as data. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly framing: Framing;
  /** What is sent back of the request beside the body: what it held is secret. */
  readonly echo: "no" | "head" | "body" | "base64";
  readonly interim: boolean;
  readonly cuts: readonly Cut[];
  readonly pieces: number;
  readonly then: Reaction["then"];
}

const HEADERS: readonly (readonly [string, string])[] = [
  ["Content-Type", "application/json"],
  ["Content-Type", "text/html"],
  ["Content-Encoding", "gzip"],
  ["Content-Encoding", "br"],
  ["Connection", "close"],
  ["Retry-After", "9".repeat(500)],
  ["Retry-After", "ECHO"],
  ["Location", "http://127.0.0.1:1/ECHO"],
  ["Location", "http://ECHO.example/"],
  ["Location", "http://user:ECHO@127.0.0.1:1/"],
  ["Set-Cookie", "a=b"],
  ["Upgrade", "h2c"],
  ["X-Long", "x".repeat(9_000)],
];

/** Any answer; a body is given when it is made. */
export const anAnswer: fc.Arbitrary<Answer> = fc.record({
  status: fc.oneof(
    { weight: 3, arbitrary: fc.constant(200) },
    fc.constantFrom(101, 204, 301, 302, 304, 307, 400, 401, 403, 404, 429, 500, 502, 503, 999, 600),
  ),
  headers: fc.array(fc.constantFrom(...HEADERS), { maxLength: 3 }),
  framing: fc.constantFrom<Framing>(
    ...["length", "length", "longer", "shorter", "none", "chunked", "both", "garbage"] as const,
  ),
  echo: fc.constantFrom("no", "no", "head", "body", "base64"),
  interim: fc.boolean(),
  cuts: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(aCut, { maxLength: 2 })),
  pieces: fc.constantFrom(1, 1, 2, 7),
  // What hangs takes as long as the caller waits.
  then: fc.constantFrom("close", "close", "close", "serve", "serve", "hang"),
});

/**
 * Makes an answer to a request.
 *
 * @param answer How.
 * @param options The request, and the body.
 * @returns What is sent.
 */
export function reactionOf(
  answer: Answer,
  { met, body }: { readonly met: Met; readonly body: string },
): Reaction {
  const { status, headers, framing, echo, interim, cuts, pieces, then } = answer;
  const told = { no: "", head: met.head, body: met.body, base64: btoa(met.head + met.body) }[echo];
  const token = /^authorization: (?:Bearer )?(\S+)/im.exec(met.head)?.[1] ?? "nobody";
  const message = JSON.stringify(`you said ${told}`);
  const whole = encoder.encode(
    echo === "no" ? body : `{"kind":"Status","code":9,"error":${message},"message":${message}}`,
  );
  const lines = headers.map(([name, value]) => `${name}: ${value.replace("ECHO", token)}\r\n`);
  const head = `HTTP/1.1 ${status} Whatever\r\n${lines.join("")}${
    framed(framing, whole.length)
  }\r\n`;
  const before = interim ? "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" : "";
  const bytes = cutUp(
    join([encoder.encode(before + head), ...bodyOf(framing, whole)]),
    cuts,
  );
  const size = Math.max(1, Math.ceil(bytes.length / pieces));
  const parts = Array.from(
    { length: pieces },
    (_, at) => bytes.subarray(at * size, (at + 1) * size),
  );
  return { pieces: parts, then: framing === "none" ? "close" : then };
}

function framed(framing: Framing, length: number): string {
  switch (framing) {
    case "length":
      return `Content-Length: ${length}\r\n`;
    case "longer":
      return `Content-Length: ${length + 7}\r\n`;
    case "shorter":
      return `Content-Length: ${Math.max(0, length - 3)}\r\n`;
    case "none":
      return "";
    case "chunked":
    case "garbage":
      return "Transfer-Encoding: chunked\r\n";
    case "both":
      return `Content-Length: ${length}\r\nTransfer-Encoding: chunked\r\n`;
  }
}

function bodyOf(framing: Framing, whole: Uint8Array): readonly Uint8Array[] {
  if (framing === "garbage") return [encoder.encode("zz\r\n"), whole];
  if (framing !== "chunked" && framing !== "both") return [whole];
  return [
    encoder.encode(`${whole.length.toString(16)}\r\n`),
    whole,
    encoder.encode("\r\n0\r\n\r\n"),
  ];
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A plain and right answer. */
export function plainly(status: number, body: string | Uint8Array): Reaction {
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const head =
    `HTTP/1.1 ${status} OK\r\nContent-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n`;
  return { pieces: [encoder.encode(head), bytes], then: "serve" };
}
