/**
 * The network between one node and etcd: a proxy for each member, which can be cut, and which holds single transactions.
 *
 * @module
 */
import type { Author } from "../history.ts";
import { cutMessage, type Message } from "./message.ts";
import { makeTraps, type Traps } from "./trap.ts";
import { isWriting, keysOf, revisionOf } from "./txn.ts";

/**
 * What the network does:
 *
 * - `pass`: hands everything on
 * - `cut`: refuses and ends every connection
 * - `hang`: takes everything and hands nothing on
 */
export type LinkMode = "pass" | "cut" | "hang";

/** The network of one node. */
export interface Link extends AsyncDisposable, Pick<Traps, "set"> {
  /** What the node's netconf names, in the order of the members. */
  readonly urls: readonly string[];
  /** Changes what it does. */
  become(mode: LinkMode): void;
}

/** What a link needs. */
export interface LinkOptions {
  /** Endpoints of the members. */
  readonly targets: readonly string[];
  /** Told of every transaction that changed something. */
  readonly onCommit: (author: Pick<Author, "revision">) => void;
}

/** HTTP/2 begins so: the transport fell back to gRPC, which is handed on unread. */
const HTTP2 = "PRI * HTTP/2";

/**
 * Opens the network of a node.
 *
 * @param options Where it leads to.
 * @returns The network; dispose of it.
 */
export function openLink({ targets, onCommit }: LinkOptions): Link {
  const traps = makeTraps();
  const open = new Set<Deno.Conn>();
  let mode: LinkMode = "pass";
  let healed = Promise.withResolvers<void>();
  const listeners = targets.map(() => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const running = Promise.all(listeners.map(async (listener, index) => {
    const served: Promise<void>[] = [];
    for await (const client of listener) served.push(serve(client, new URL(targets[index] ?? "")));
    await Promise.all(served);
  }));

  async function serve(client: Deno.TcpConn, { hostname, port }: URL): Promise<void> {
    open.add(client);
    let server: Deno.Conn | undefined;
    try {
      if (mode === "cut") return;
      server = await Deno.connect({ hostname, port: Number(port) });
      open.add(server);
      await exchange(client, server);
    } catch {
      // One of the two sides ended it.
    } finally {
      close(client);
      if (server !== undefined) close(server);
    }
  }

  async function exchange(client: Deno.TcpConn, server: Deno.Conn): Promise<void> {
    const requests = messagesOf(client);
    const answers = messagesOf(server);
    const { port } = client.remoteAddr;
    for (let request = await requests(); request !== undefined; request = await requests()) {
      if (request.head.startsWith(HTTP2)) return await tunnel(client, { server, request });
      const keys = keysOf(request);
      if (mode === "hang") await healed.promise;
      if (keys !== undefined && !await traps.pass(keys, { side: "request", port })) return;
      await writeAll(server, request.bytes);
      const answer = await answers();
      if (answer === undefined) return;
      const revision = keys === undefined || !isWriting(keys) ? undefined : revisionOf(answer);
      if (keys !== undefined && revision !== undefined) {
        onCommit({ revision });
        if (!await traps.pass(keys, { side: "answer", port })) return;
      }
      if (mode === "hang") await healed.promise;
      await writeAll(client, answer.bytes);
    }
  }

  function close(conn: Deno.Conn): void {
    if (open.delete(conn)) conn.close();
  }

  return {
    urls: listeners.map(({ addr }) => `http://127.0.0.1:${addr.port}`),
    set: traps.set,
    become: (next) => {
      mode = next;
      if (next === "cut") { for (const conn of open) close(conn); }
      healed.resolve();
      healed = Promise.withResolvers();
    },
    [Symbol.asyncDispose]: async () => {
      mode = "cut";
      healed.resolve();
      for (const listener of listeners) listener.close();
      for (const conn of open) close(conn);
      await running;
    },
  };
}

/** Reads one message after the other; undefined at the end. HTTP/2 is told by its first one. */
function messagesOf(conn: Deno.Conn): () => Promise<Message | undefined> {
  let seen = new Uint8Array();
  const buffer = new Uint8Array(65_536);
  return async () => {
    for (;;) {
      const cut = cutMessage(seen);
      if (cut !== undefined) {
        seen = new Uint8Array(cut.rest);
        const isHttp2 = cut.message.head.startsWith(HTTP2);
        // What came with it belongs to it: nobody cuts it further.
        return isHttp2 ? { ...cut.message, bytes: join(cut.message.bytes, cut.rest) } : cut.message;
      }
      const count = await conn.read(buffer);
      if (count === null) return undefined;
      seen = join(seen, buffer.subarray(0, count));
    }
  };
}

async function tunnel(
  client: Deno.Conn,
  { server, request }: { readonly server: Deno.Conn; readonly request: Message },
): Promise<void> {
  await writeAll(server, request.bytes);
  await Promise.race([pump(client, server), pump(server, client)]);
}

async function pump(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const count = await from.read(buffer).catch(() => null);
    if (count === null) return;
    await writeAll(to, buffer.slice(0, count));
  }
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
