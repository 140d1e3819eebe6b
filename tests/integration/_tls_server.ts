/**
 * A TLS server that asks for client certificates, and an HTTP proxy: for tests of the Kubernetes API by `fetch`.
 *
 * Deno serves TLS without asking who comes, so the server is that of openssl.
 *
 * @module
 */
import type { KeyPair, Pki } from "../support/pki.ts";

/** How the server is made. */
export interface TlsServerOptions {
  /** Its certificate. */
  readonly pair: KeyPair;
  /** Whether a client must show a certificate. */
  readonly mutual?: boolean;
  /** What it answers, by path. */
  readonly files: Readonly<Record<string, string>>;
}

/** A running server. */
export interface TlsServer extends AsyncDisposable {
  /** The port on 127.0.0.1. */
  readonly port: number;
}

/**
 * Starts a server that answers files as JSON.
 *
 * @param pki Whose clients it believes.
 * @param options Its certificate and its answers.
 * @returns The server; dispose of it.
 */
export async function startTlsServer(pki: Pki, options: TlsServerOptions): Promise<TlsServer> {
  const { pair, mutual = false, files } = options;
  const folder = `${pki.dir}/${crypto.randomUUID()}`;
  for (const [path, body] of Object.entries(files)) {
    const file = `${folder}${path}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    const length = new TextEncoder().encode(body).length;
    const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${length}`;
    await Deno.writeTextFile(file, `${head}\r\n\r\n${body}`);
  }
  const verify = ["-CAfile", pki.caFile, "-Verify", "2", "-verify_return_error"];
  const process = new Deno.Command("openssl", {
    args: [
      ...["s_server", "-HTTP", "-accept", "127.0.0.1:0"],
      ...["-cert", pair.certFile, "-key", pair.keyFile],
      ...(mutual ? verify : []),
    ],
    cwd: folder,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let port: string | undefined;
  for (let text = ""; port === undefined;) {
    const { value, done } = await output.read();
    if (done) throw new Error("Cannot start openssl s_server: it ended");
    text += value;
    port = /^ACCEPT .*:(\d+)$/m.exec(text)?.[1];
  }
  const drained = drain(output);
  return {
    port: Number(port),
    [Symbol.asyncDispose]: async () => {
      process.kill("SIGKILL");
      await Promise.all([process.status, drained]);
    },
  };
}

async function drain(output: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await output.read()).done);
}

/** A running proxy. */
export interface ConnectProxy extends AsyncDisposable {
  /** Its URL. */
  readonly url: string;
  /** The heads of the requests so far. */
  readonly heads: readonly string[];
}

/**
 * Starts an HTTP proxy that hands `CONNECT` on.
 *
 * @returns The proxy; dispose of it.
 */
export function startConnectProxy(): ConnectProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const heads: string[] = [];
  async function serve(conn: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(4096);
    const head = new TextDecoder().decode(buffer.subarray(0, await conn.read(buffer) ?? 0));
    heads.push(head);
    const [, hostname = "", port] = /^CONNECT ([^:]+):(\d+) /.exec(head) ?? [];
    const server = await Deno.connect({ hostname, port: Number(port) });
    await conn.write(new TextEncoder().encode("HTTP/1.1 200 Connection established\r\n\r\n"));
    await Promise.allSettled([
      conn.readable.pipeTo(server.writable),
      server.readable.pipeTo(conn.writable),
    ]);
  }
  async function accept(): Promise<void> {
    const served: Promise<void>[] = [];
    for await (const conn of listener) served.push(serve(conn));
    await Promise.all(served);
  }
  const running = accept();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    heads,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await running;
    },
  };
}
