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
import { CUT, MAX_BYTES, TOO_LARGE } from "../tls/body.ts";
import { answerReader, type HttpAnswer, type HttpHead } from "./answer_reader.ts";
import { hostPortOf, type HttpRequest, requestBytes } from "./request.ts";

/** Where to connect to. */
export interface Place {
  /** `http:` or `https:`; only its origin counts. */
  readonly url: URL;
  /** For `https:`: the authority of the server's certificate, as PEM. */
  readonly ca?: string | undefined;
}

/** An answer. */
export interface Exchanged extends HttpHead {
  /** The body as text, that it is larger than what is read, or that the connection ended before it did. */
  readonly text: string | typeof TOO_LARGE | typeof CUT;
}

/** A connection that serves one request after the other. */
export interface HttpConnection extends Disposable {
  /**
   * Sends a request and reads its answer.
   *
   * @throws {Error} If the connection ends before the answer begins, or at the signal: the server may have acted on the request.
   */
  exchange(request: HttpRequest, signal: AbortSignal): Promise<Exchanged>;
  /** Whether another request may be sent: neither ended the connection, nor came anything that nobody asked for. */
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
 * @param signal Ends the attempt, in whatever step it is.
 * @returns The connection; dispose of it.
 * @throws {Error} If nobody listens there, TLS fails, or this program may not connect there.
 */
export async function connect(
  { url, ca }: Place,
  signal?: AbortSignal,
): Promise<HttpConnection> {
  const { protocol, host } = url;
  const { hostname, port } = hostPortOf(url);
  const tcp = await Deno.connect({ hostname, port, ...(signal === undefined ? {} : { signal }) });
  try {
    signal?.throwIfAborted();
    // Else a request that follows the handshake waits for its acknowledgement, which takes the server 40 ms.
    tcp.setNoDelay();
    if (protocol === "http:") return httpConnection(tcp, host);
    const tls = await Deno.startTls(tcp, { hostname, caCerts: ca === undefined ? [] : [ca] });
    return await shaken(tls, { host, signal });
  } catch (error) {
    close(tcp);
    throw error;
  }
}

async function shaken(
  tls: Deno.TlsConn,
  { host, signal }: { readonly host: string; readonly signal: AbortSignal | undefined },
): Promise<HttpConnection> {
  const stop = (): void => close(tls);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    await tls.handshake();
    signal?.throwIfAborted();
    return httpConnection(tls, host);
  } catch (error) {
    close(tls);
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

function httpConnection(conn: Deno.Conn, host: string): HttpConnection {
  const buffer = new Uint8Array(65_536);
  let isOpen = true;
  let isBusy = false;
  let reading = read();
  const end = (): void => {
    if (isOpen) close(conn);
    isOpen = false;
  };

  /** There is always a read under way: what comes while nobody waits for an answer ends the connection. */
  function read(): Promise<number | null> {
    const reading = conn.read(buffer);
    const look = (): void => {
      if (!isBusy) end();
    };
    reading.then(look, look);
    return reading;
  }

  async function receive(): Promise<Exchanged & { readonly isLast: boolean }> {
    const reader = answerReader();
    for (let bytes = 0;;) {
      let count: number | null;
      let answer: HttpAnswer | undefined;
      try {
        count = await reading;
        answer = count === null ? reader.end() : reader.push(buffer.subarray(0, count));
      } catch (error) {
        if (reader.head === undefined) throw error;
        return { ...reader.head, text: CUT, isLast: true };
      }
      if (answer !== undefined) return readable(answer);
      bytes += count ?? 0;
      if (bytes > MAX_BYTES) {
        return { status: 200, headers: new Map(), text: TOO_LARGE, isLast: true };
      }
      reading = read();
    }
  }

  return {
    get isOpen() {
      return isOpen;
    },
    exchange: async (request, signal) => {
      signal.throwIfAborted();
      if (!isOpen || isBusy) {
        throw new TypeError("Cannot send a request as the connection is not free");
      }
      const bytes = requestBytes(request, host);
      isBusy = true;
      signal.addEventListener("abort", end, { once: true });
      try {
        await writeAll(conn, bytes);
        const { isLast, ...answer } = await receive();
        if (isLast) end();
        else reading = read();
        return answer;
      } catch (error) {
        end();
        throw error;
      } finally {
        isBusy = false;
        signal.removeEventListener("abort", end);
      }
    },
    [Symbol.dispose]: end,
  };
}

function readable(
  { body, ...head }: HttpAnswer,
): Exchanged & { readonly isLast: boolean } {
  return { ...head, text: body.length > MAX_BYTES ? TOO_LARGE : new TextDecoder().decode(body) };
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
