/**
 * Why a request got no answer, from the words of `fetch` and of TLS: pure.
 *
 * Tried with Deno 2.6 and 2.9, whose texts differ.
 *
 * @module
 */

/**
 * What stands between this program and an answer:
 *
 * - `port`: `fetch` refuses this port, which belongs to another protocol
 * - `permission`: this program may not connect there
 * - `issuer`: the server's certificate is of an authority that is not known
 * - `expired`, `notYetValid`: by the clock of this node
 * - `name`: the certificate is for another name
 * - `authority`: the certificate is itself one of an authority
 * - `certificate`: something else is wrong with it
 * - `clientCertificate`: the server refuses ours, or wants one
 * - `plain`: the server speaks without TLS
 * - `noConnection`: nobody listens, or the name is not known
 */
export type ConnectionFault =
  | "port"
  | "permission"
  | "issuer"
  | "expired"
  | "notYetValid"
  | "name"
  | "authority"
  | "certificate"
  | "clientCertificate"
  | "plain"
  | "noConnection";

/** How a request failed. */
export interface ConnectionFailure {
  /** Why; undefined where the words are not known, and the server may have acted on the request. */
  readonly fault: ConnectionFault | undefined;
  /** What was seen, in one short line without secrets. */
  readonly text: string;
}

/** The first that matches counts. */
const RULES: readonly (readonly [pattern: RegExp, fault: ConnectionFault])[] = [
  [/Requests to port \d+ are blocked/, "port"],
  [/CaUsedAsEndEntity/i, "authority"],
  [/Requires (net|env|read|sys) access/, "permission"],
  [/UnknownIssuer|BadSignature|self[- ]signed|unable to (verify|get)/i, "issuer"],
  [/certificate (has )?expired|InvalidCertValidity|not valid after/i, "expired"],
  [/NotValidYet|not valid before|not yet valid/i, "notYetValid"],
  [/not valid for name|NotValidForName|does not match certificate/i, "name"],
  [/invalid peer certificate/, "certificate"],
  [
    /received fatal alert: (\w*Certificate\w*|UnknownCA|AccessDenied|HandshakeFailure|DecryptError)/,
    "clientCertificate",
  ],
  [
    /alert (bad certificate|certificate required|unknown ca|number (42|48|116))/i,
    "clientCertificate",
  ],
  [/InvalidContentType|corrupt message|wrong version number|packet length too long/i, "plain"],
  [
    /\(Connect\)|ECONNREFUSED|[Cc]onnection refused|dns error|ENOTFOUND|EAI_AGAIN|No connection established|Name resolution failed|EHOSTUNREACH|ENETUNREACH/,
    "noConnection",
  ],
];

const MAX_SHOWN = 240;

/**
 * Tells why a request got no answer.
 *
 * @param error What was thrown or answered.
 * @returns The fault, as far as it is known, and what was seen.
 */
export function connectionFailure(error: unknown): ConnectionFailure {
  const text = textOf(error);
  return { fault: RULES.find(([pattern]) => pattern.test(text))?.[1], text: shortOf(text) };
}

/**
 * Makes one printable line, without the address that the message of the caller has already.
 *
 * @param text Any text.
 * @returns The line; it is cut where it is long.
 */
export function shortOf(text: string): string {
  const line = text.replaceAll(/[^ -~]+/g, " ")
    .replace(
      /^(fetch failed: )?error sending request (for url \(\S+\)|from \S+ for \S+ \(\S+\)): /,
      "",
    )
    .replaceAll(/\/\/[^/@\s]*@/g, "//")
    .trim();
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}...` : line;
}

/** The message with those of its causes: Deno 2.9 says in the cause what 2.6 says in the message. */
function textOf(error: unknown): string {
  const texts: string[] = [];
  for (let at = error; at instanceof Error && texts.length < 4; at = at.cause) {
    texts.push(at.message.trim());
  }
  return texts.length === 0 ? String(error) : texts.join(": ");
}
