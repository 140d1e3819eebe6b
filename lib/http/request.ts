/**
 * An HTTP/1.1 request as bytes, and where it goes. Pure.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9112}
 * @module
 */

/** One request. */
export interface HttpRequest {
  readonly method: "GET" | "POST";
  /** The path, which begins with a slash. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An address or name, and a port, as a connection takes them. */
export interface HostPort {
  readonly hostname: string;
  readonly port: number;
}

/** What may stand in a header. */
const VALUE = /^[\t -~]*$/;

/**
 * Tells where a URL leads.
 *
 * @param url Of `http:` or `https:`.
 * @returns IPv6 without brackets; the port of the scheme where the URL has none.
 */
export function hostPortOf({ protocol, hostname, port }: URL): HostPort {
  return {
    hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
  };
}

/**
 * Writes a request.
 *
 * @param request The request.
 * @param host What is asked, with its port where that is not the scheme's.
 * @returns Its bytes.
 * @throws {TypeError} If a header holds what no header may hold; the value is not shown.
 */
export function requestBytes(
  { method, path, headers, body }: HttpRequest,
  host: string,
): Uint8Array {
  const encoder = new TextEncoder();
  const content = encoder.encode(body ?? "");
  const length = body === undefined ? {} : { "content-length": String(content.length) };
  const all = Object.entries({ host, ...headers, ...length });
  const wrong = all.find(([, value]) => !VALUE.test(value));
  if (wrong !== undefined) {
    throw new TypeError(`Cannot send the header ${wrong[0]} as it holds what no header may hold`);
  }
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`);
  const head = encoder.encode(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  const bytes = new Uint8Array(head.length + content.length);
  bytes.set(head);
  bytes.set(content, head.length);
  return bytes;
}
