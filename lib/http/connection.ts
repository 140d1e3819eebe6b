/**
 * HTTP/1.1 over a connection of our own, for servers that are named by an address.
 *
 * `fetch` knows more: names with several addresses, proxies, client certificates, and why a handshake failed.
 * But the first one of a process takes 3 ms more than this (docs/decisions/0015-http.md), and nothing can be
 * connected before there is a request. So whoever uses this asks `fetch` where no connection is made.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9112}
 * @module
 */
import { MAX_BYTES, TOO_LARGE } from "../tls/body.ts";
import { answerReader, type HttpAnswer } from "./answer_reader.ts";

/** Where to connect to. */
export interface Place {
  /** `http:` or `https:`; only its origin counts. */
  readonly url: URL;
  /** For `https:`: the authority of the server's certificate, as PEM. */
  readonly ca?: string | undefined;
}

/** One request. */
export interface HttpRequest {
  readonly method: "GET" | "POST";
  /** The path, which begins with a slash. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer. */
export interface Exchanged extends Omit<HttpAnswer, "body"> {
  /** The body as text, or that it is larger than what is read. */
  readonly text: string | typeof TOO_LARGE;
}

/** A connection that serves one request after the other. */
export interface HttpConnection extends Disposable {
  /**
   * Sends a request and reads its answer.
   *
   * @throws {Error} If the connection ends before the answer does, or at the signal: the server may have acted on the request.
   */
  exchange(request: HttpRequest, signal: AbortSignal): Promise<Exchanged>;
  /** Whether another request may be sent. */
  readonly isOpen: boolean;
}

/** A host of a URL that is an address: four numbers, or IPv6 in brackets. */
const ADDRESS = /^(?:\d+\.\d+\.\d+\.\d+|\[.*\])$/;

/**
 * Tells whether a place can be connected to here.
 *
 * @param place Where to.
 * @returns Whether its host is an address and, for TLS, its authority is known.
 */
export function isDirect({ url, ca }: Place): boolean {
  const { protocol, hostname } = url;
  return ADDRESS.test(hostname) && (protocol === "http:" || ca !== undefined);
}

/**
 * Connects.
 *
 * @param place Where to; {@linkcode isDirect} holds.
 * @returns The connection; dispose of it.
 * @throws {Error} If nobody listens there, TLS fails, or this program may not connect there.
 */
export async function connect({ url, ca }: Place): Promise<HttpConnection> {
  const { protocol, port: text, host } = url;
  const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const secure = protocol === "https:";
  const port = text === "" ? (secure ? 443 : 80) : Number(text);
  const tcp = await Deno.connect({ hostname, port });
  try {
    // Else a request that follows the handshake waits for its acknowledgement, which takes the server 40 ms.
    tcp.setNoDelay();
    if (!secure) return httpConnection(tcp, host);
    const tls = await Deno.startTls(tcp, { hostname, caCerts: ca === undefined ? [] : [ca] });
    return await shaken(tls, host);
  } catch (error) {
    close(tcp);
    throw error;
  }
}

async function shaken(tls: Deno.TlsConn, host: string): Promise<HttpConnection> {
  try {
    await tls.handshake();
    return httpConnection(tls, host);
  } catch (error) {
    close(tls);
    throw error;
  }
}

function httpConnection(conn: Deno.Conn, host: string): HttpConnection {
  let isOpen = true;
  const end = (): void => {
    if (isOpen) close(conn);
    isOpen = false;
  };
  return {
    get isOpen() {
      return isOpen;
    },
    exchange: async (request, signal) => {
      signal.throwIfAborted();
      signal.addEventListener("abort", end, { once: true });
      try {
        await writeAll(conn, new TextEncoder().encode(textOf(request, host)));
        const answer = await readAnswer(conn);
        if (!answer.isReusable) end();
        return answer;
      } catch (error) {
        end();
        throw error;
      } finally {
        signal.removeEventListener("abort", end);
      }
    },
    [Symbol.dispose]: end,
  };
}

function textOf({ method, path, headers, body }: HttpRequest, host: string): string {
  const length = body === undefined
    ? {}
    : { "content-length": String(new TextEncoder().encode(body).length) };
  const lines = Object.entries({ host, ...headers, ...length })
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body ?? ""}`;
}

async function readAnswer(conn: Deno.Conn): Promise<Exchanged & { readonly isReusable: boolean }> {
  const reader = answerReader();
  const buffer = new Uint8Array(65_536);
  for (let bytes = 0;;) {
    const count = await conn.read(buffer);
    const answer = count === null ? reader.end() : reader.push(buffer.subarray(0, count));
    if (answer !== undefined) return readable(answer, { isEnd: count === null });
    bytes += count ?? 0;
    if (bytes > MAX_BYTES) {
      return { status: 200, headers: new Map(), text: TOO_LARGE, isReusable: false };
    }
  }
}

function readable(
  { body, ...head }: HttpAnswer,
  { isEnd }: { readonly isEnd: boolean },
): Exchanged & { readonly isReusable: boolean } {
  // After a body in chunks there may be bytes that were not read.
  const isReusable = !isEnd && head.headers.has("content-length") &&
    head.headers.get("connection")?.toLowerCase() !== "close";
  const text = body.length > MAX_BYTES ? TOO_LARGE : new TextDecoder().decode(body);
  return { ...head, text, isReusable };
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed, or became a part of another one.
  }
}
