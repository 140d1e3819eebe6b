/**
 * Asking over a TLS connection of `node:tls`: the only way to say which name a certificate must have, or that any will do.
 *
 * `fetch` has no switch for either. `node:https` has, but Deno 2.6 ignores both there, so the request is
 * written here: one GET a connection. Loaded only where a kubeconfig asks for it. A proxy that the
 * environment names is not used. Deno 2.6 frees a connection whose handshake hangs only with the process.
 *
 * @module
 */
import type { TLSSocket } from "node:tls";
import { MAX_BYTES, TOO_LARGE } from "../../tls/body.ts";
import { connectionFailure } from "../../tls/connection.ts";
import type { Answer } from "./answer.ts";
import type { Channel } from "./client.ts";
import { answerReader, type HttpAnswer } from "../../http/answer_reader.ts";
import { type HostPort, hostPortOf, requestBytes } from "../../http/request.ts";

/** How the server is trusted, and how this program shows who it is. */
export interface SocketChannelOptions {
  /** PEM texts. */
  readonly ca: string | undefined;
  /** PEM texts of a pair that was checked. */
  readonly pair: { readonly cert: string; readonly key: string } | undefined;
  /** The name that the certificate must have; undefined for the host of the URL. */
  readonly serverName: string | undefined;
  /** Whether any certificate is taken. */
  readonly insecure: boolean;
}

type Get = Channel["get"];

/**
 * Makes a channel; each question has a connection of its own.
 *
 * @param options Certificates and name.
 * @returns The channel.
 */
export function socketChannel(options: SocketChannelOptions): Channel {
  const { ca, pair, serverName, insecure } = options;
  const ask: Get = async (url, request) => {
    const { connect } = await import("node:tls");
    request.signal.throwIfAborted();
    const { hostname, port } = hostPortOf(new URL(url));
    const socket = connect({
      host: hostname,
      port,
      rejectUnauthorized: !insecure,
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(ca === undefined ? {} : { ca }),
      ...pair,
    });
    try {
      return await exchange(socket, url, request);
    } finally {
      socket.destroy();
    }
  };
  return {
    get: async (url, request) => {
      try {
        return await ask(url, request);
      } catch (error) {
        const isClear = insecure || connectionFailure(error).fault === "noConnection";
        if (!isClear) {
          await explain(hostPortOf(new URL(url)), { ...options, signal: request.signal });
        }
        throw error;
      }
    },
    [Symbol.dispose]: () => {},
  };
}

function exchange(socket: TLSSocket, url: string, request: Parameters<Get>[1]): Promise<Answer> {
  const { signal } = request;
  const { host, pathname, search } = new URL(url);
  const path = pathname + search;
  const headers = { ...request.headers, connection: "close" };
  const question = requestBytes({ method: "GET", path, headers }, host);
  return new Promise((resolve, reject) => {
    const reader = answerReader();
    let bytes = 0;
    const look = (read: () => HttpAnswer | undefined): void => {
      try {
        const answer = read();
        if (answer === undefined) return;
        resolve({ ...answer, text: new TextDecoder().decode(answer.body) });
      } catch (error) {
        reject(error);
      }
    };
    const stop = (): void => reject(signal.reason);
    signal.addEventListener("abort", stop);
    // A timeout that is listened to keeps the process alive.
    socket.on("close", () => signal.removeEventListener("abort", stop));
    socket.setNoDelay(true);
    // Not before: Deno 2.9 looks at the certificate only then, and the token is for nobody else.
    socket.on("secureConnect", () => socket.write(question));
    socket.on("data", (chunk: Uint8Array) => {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) resolve({ status: 200, headers: new Map(), text: TOO_LARGE });
      else look(() => reader.push(chunk));
    });
    socket.on("error", reject);
    // What comes after the answer changes nothing: the promise is settled.
    socket.on("end", () => look(() => reader.end()));
    socket.on("close", () => look(() => reader.end()));
  });
}

/**
 * Of a certificate that it does not take, Deno 2.6 says `write UNKNOWN` here and Deno 2.9 that its issuer
 * is not known: another handshake, without our own certificate, tells why.
 */
async function explain(
  place: HostPort,
  options: SocketChannelOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { ca, serverName, signal } = options;
  if (signal.aborted) return;
  try {
    const tcp = await Deno.connect({ ...place });
    using tls = await Deno.startTls(tcp, {
      hostname: serverName ?? place.hostname,
      ...(ca === undefined ? {} : { caCerts: [ca] }),
    });
    await handshake(tls, signal);
  } catch (error) {
    const { fault } = connectionFailure(error);
    if (fault !== undefined && fault !== "clientCertificate") throw error;
  }
}

function handshake(tls: Deno.TlsConn, signal: AbortSignal): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = (): void => resolve();
  signal.addEventListener("abort", stop);
  return Promise.race([tls.handshake(), promise])
    .finally(() => signal.removeEventListener("abort", stop));
}
