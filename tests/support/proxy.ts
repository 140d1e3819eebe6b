/**
 * A TCP proxy for tests that counts requests and bytes, and fails where it is told to.
 *
 * @module
 */

/**
 * What the proxy does with a connection:
 *
 * - `pass`: hands everything on
 * - `hang`: accepts and never answers
 * - `cut-answer`: hands the request on, and ends the connection when the answer comes
 * - `refuse`: ends the connection at once
 */
export type ProxyMode = "pass" | "hang" | "cut-answer" | "refuse";

/** A running proxy. */
export interface TestProxy extends AsyncDisposable {
  /** Its URL, of the same scheme as the target's. */
  readonly url: string;
  /** The paths of the plain HTTP requests so far, in order. */
  readonly paths: readonly string[];
  /** How many connections were accepted so far. */
  readonly connections: number;
  /** How many bytes came from both sides so far, HTTP heads included. */
  readonly bytes: number;
  /** What it does with the next bytes. */
  mode: ProxyMode;
  /** How long each answer is held back, in ms. */
  delayMs: number;
  /** Forgets the paths and the bytes. */
  reset(): void;
}

/**
 * Starts a proxy on a free loopback port.
 *
 * @param target The URL of the server behind it.
 * @param mode What it does at first. Default `pass`.
 * @returns The proxy; dispose of it.
 */
export function startProxy(target: string, mode: ProxyMode = "pass"): TestProxy {
  const { protocol, hostname, port } = new URL(target);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const paths: string[] = [];
  const decoder = new TextDecoder();
  let connections = 0;
  let bytesSeen = 0;
  let ended = false;

  const proxy: TestProxy = {
    url: `${protocol}//127.0.0.1:${listener.addr.port}`,
    paths,
    get connections() {
      return connections;
    },
    get bytes() {
      return bytesSeen;
    },
    mode,
    delayMs: 0,
    reset: () => {
      paths.splice(0);
      bytesSeen = 0;
    },
    [Symbol.asyncDispose]: async () => {
      if (!ended) listener.close();
      ended = true;
      for (const conn of open) close(conn);
      await running;
    },
  };

  async function accept(): Promise<void> {
    const served: Promise<void>[] = [];
    for await (const conn of listener) {
      connections++;
      served.push(serve(conn));
    }
    await Promise.all(served);
  }

  async function serve(conn: Deno.Conn): Promise<void> {
    open.add(conn);
    if (proxy.mode === "refuse") return close(conn);
    let server: Deno.Conn;
    try {
      server = await Deno.connect({ hostname, port: Number(port) });
    } catch {
      return close(conn);
    }
    open.add(server);
    const end = (): void => {
      close(conn);
      close(server);
    };
    await Promise.all([
      pump(conn, async (bytes) => {
        bytesSeen += bytes.length;
        for (const [, path] of decoder.decode(bytes).matchAll(/^(?:POST|GET) (\S+) HTTP/gm)) {
          if (path !== undefined) paths.push(path);
        }
        if (proxy.mode !== "hang") await writeAll(server, bytes);
      }).finally(end),
      pump(server, async (bytes) => {
        bytesSeen += bytes.length;
        if (proxy.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, proxy.delayMs));
        if (proxy.mode === "cut-answer") return end();
        if (proxy.mode !== "hang") await writeAll(conn, bytes);
      }).finally(end),
    ]);
  }

  function close(conn: Deno.Conn): void {
    if (open.delete(conn)) conn.close();
  }

  const running = accept();
  return proxy;
}

async function pump(from: Deno.Conn, to: (bytes: Uint8Array) => Promise<void>): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    for (;;) {
      const count = await from.read(buffer);
      if (count === null) return;
      await to(buffer.slice(0, count));
    }
  } catch {
    // The other side ended the connection.
  }
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}
