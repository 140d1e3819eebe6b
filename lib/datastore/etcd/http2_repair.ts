/**
 * Makes `http2.connect` of `node:http2` do under Deno what grpc-js needs of it.
 *
 * Deno 2.6 drops certificates, key and CA; Deno 2.9 refuses a server name that is an IP address, which
 * grpc-js always sends, and announces sessions that have ended already. So the TLS socket is made here,
 * and handed over when its handshake is done, and a session is announced only while it lives. What
 * `node:http2` of Deno 2.6 throws after a connection has ended reaches no caller, and would end the program.
 *
 * @module
 */
import type { ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { ConnectionOptions, TLSSocket } from "node:tls";

interface Http2 {
  connect: (authority: unknown, options?: Http2Options, listener?: unknown) => ClientHttp2Session;
}

interface Http2Options extends ConnectionOptions {
  createConnection?: () => Socket;
}

const REPAIRED = Symbol.for("kube-ipam.http2");

/** Repairs `http2.connect`, once; connections without an own TLS context stay nearly as they are. */
export async function repairHttp2(): Promise<void> {
  const { default: http2 } = await import("node:http2");
  const { connect } = await import("node:tls");
  const { isIP } = await import("node:net");
  const module = http2 as unknown as Http2;
  const original = module.connect;
  if (REPAIRED in original) return;
  const repaired: Http2["connect"] = (authority, options, listener) => {
    if (options?.secureContext === undefined) {
      return announceLiving(original(authority, options, listener));
    }
    const { servername, ...unnamed } = options;
    const named = isIP(servername ?? "") === 0 ? options : unnamed;
    const createConnection = (): Socket =>
      announceLate(connect({ ...named, ALPNProtocols: ["h2"] }));
    return announceLiving(original(authority, { ...named, createConnection }, listener));
  };
  globalThis.addEventListener("unhandledrejection", ignoreHttp2);
  module.connect = Object.assign(repaired, { [REPAIRED]: true });
}

function ignoreHttp2(event: PromiseRejectionEvent): void {
  const { reason } = event;
  if (!(reason instanceof Error)) return;
  const [, thrower = ""] = reason.stack?.split(/^ +at /m) ?? [];
  if (/\(?node:http2:/.test(thrower)) event.preventDefault();
}

/** The session waits for `connect`, which comes before the handshake: it gets what comes after it. */
function announceLate(socket: TLSSocket): Socket {
  const once = socket.once.bind(socket);
  const late = (event: string, listener: () => void): TLSSocket =>
    event !== "connect" ? once(event, listener) : once("secureConnect", () => {
      // Deno 2.6 says this after a failed handshake too, and would throw where nobody can catch it.
      if (socket.alpnProtocol === "h2") listener();
      else socket.destroy(new Error("TLS handshake failed"));
    });
  Object.defineProperty(socket, "once", { value: late, configurable: true, writable: true });
  return socket;
}

/** grpc-js takes a session that ended at once for a living one, and throws where nobody can catch it. */
function announceLiving(session: ClientHttp2Session): ClientHttp2Session {
  const once = session.once.bind(session);
  const living = (event: string, listener: (...args: unknown[]) => void): ClientHttp2Session =>
    event !== "connect" ? once(event, listener) : once("connect", (...args: unknown[]) => {
      if (session.destroyed) session.emit("close");
      else listener(...args);
    });
  Object.defineProperty(session, "once", { value: living, configurable: true, writable: true });
  return session;
}
