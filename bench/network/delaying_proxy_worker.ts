/**
 * The thread of the delaying proxies.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { openLibc } from "../measure/libc.ts";
import type { ProxyAnswer, ProxyOrder } from "./delaying_proxy.ts";
import { type DelayLine, delayLine, type Sleep } from "./delay_line.ts";

const libc = openLibc();
/** Timers of the runtime know whole milliseconds only. */
const sleep: Sleep = libc === undefined
  ? (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  : (ms) => libc.sleepMicroseconds(Math.round(ms * 1000));

let [connections, requests, bytes] = [0, 0, 0];
const REQUEST = /^(?:POST|GET) \S+ HTTP/gm;
const LATIN1 = new TextDecoder("latin1");
const CHUNK_BYTES = 65_536;

self.onmessage = ({ data }: MessageEvent<ProxyOrder>) => {
  const answer: ProxyAnswer = data.kind === "open"
    ? { ports: data.targets.map((target) => open(new URL(target), data.delayMs)) }
    : { connections, requests, bytes };
  if (data.kind === "traffic") [connections, requests, bytes] = [0, 0, 0];
  self.postMessage(answer);
};

function open({ hostname, port }: URL, delayMs: number): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const line = delayMs === 0
    ? undefined
    : delayLine(delayMs, { sleep, now: () => performance.now() });
  const connect = async (): Promise<Deno.TcpConn> => {
    // To the client its connection stands at once; on a network that takes a round trip.
    if (delayMs > 0) await sleep(2 * delayMs);
    return await Deno.connect({ hostname, port: Number(port) });
  };
  accept(listener, connect, line);
  return listener.addr.port;
}

async function accept(
  listener: Deno.TcpListener,
  connect: () => Promise<Deno.TcpConn>,
  line: DelayLine | undefined,
): Promise<void> {
  for await (const conn of listener) {
    connections++;
    serve(conn, { connect, line });
  }
}

async function serve(
  conn: Deno.TcpConn,
  { connect, line }: {
    readonly connect: () => Promise<Deno.TcpConn>;
    readonly line: DelayLine | undefined;
  },
): Promise<void> {
  const server = await connect().catch(() => undefined);
  if (server === undefined) return close(conn);
  for (const one of [conn, server]) one.setNoDelay(true);
  pump(conn, server, {
    line,
    see: (chunk) => requests += [...LATIN1.decode(chunk).matchAll(REQUEST)].length,
  });
  pump(server, conn, { line, see: () => {} });
}

/** What is read is put on the line at once, so that a later byte never waits for an earlier one's delay. */
async function pump(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  { line, see }: {
    readonly line: DelayLine | undefined;
    readonly see: (chunk: Uint8Array) => void;
  },
): Promise<void> {
  const buffer = new Uint8Array(CHUNK_BYTES);
  let written: Promise<unknown> = Promise.resolve();
  const later = (work: () => Promise<unknown>): void => {
    const run = (): void => {
      written = written.then(work).catch(() => {});
    };
    if (line === undefined) run();
    else line(run);
  };
  for (;;) {
    const count = await from.read(buffer).catch(() => null);
    if (count === null) break;
    const chunk = buffer.slice(0, count);
    bytes += count;
    see(chunk);
    later(() => writeAll(to, chunk));
  }
  later(async () => {
    await to.closeWrite().catch(() => {});
    half(from);
    half(to);
  });
}

const halves = new WeakMap<Deno.TcpConn, number>();

/** A connection is closed when both of its directions ended. */
function half(conn: Deno.TcpConn): void {
  const ended = (halves.get(conn) ?? 0) + 1;
  halves.set(conn, ended);
  if (ended === 2) close(conn);
}

function close(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // It was closed before.
  }
}

async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}
