/**
 * What went wrong at one endpoint, from the words of etcd, of `fetch` and of TLS: pure.
 *
 * Tried with etcd 3.4 and Deno 2.6 and 2.9, whose texts differ; where a text is not known the answer is
 * the careful one: no answer, and the request may have been acted on.
 *
 * @module
 */

/** How one try at one endpoint failed. */
export interface Failure {
  /**
   * As in `DatastoreFailure`, and three that the transports handle among themselves: `token` (absent,
   * expired or old), `gateway` (the JSON gateway cannot serve here) and `authOff`.
   */
  readonly kind:
    | "unreachable"
    | "refused"
    | "misconfigured"
    | "full"
    | "token"
    | "gateway"
    | "authOff";
  /** Whether the server may have acted on the request. */
  readonly sent: boolean;
  /** What was seen; never holds a secret. */
  readonly text: string;
  /** What an operator can do about it. */
  readonly repair: string;
  /** For the log. */
  readonly cause?: unknown;
}

/** An answer that is an error, as both transports know it. */
export interface StatusOptions {
  /** The gRPC status code. */
  readonly code: number;
  /** The text of the error. */
  readonly text: string;
}

const WAIT = "Check that etcd runs, has a leader and can be reached from this node";
const LOGIN = "Set etcdUsername and etcdPasswordFile: this etcd asks for a user and a password";
const GRANT = "Grant the user a role with read and write permission for the prefix /kube-ipam/";
const PLAIN = "Write http:// in etcdConfig.etcdURL, or let etcd serve TLS: it answers without TLS";
const CLIENT_CERT = "Set etcdCertFile and etcdKeyFile to a certificate that etcd's CA has signed " +
  "for client use and that is still valid";

/** gRPC status codes that decide something. */
const INVALID_ARGUMENT = 3;
const PERMISSION_DENIED = 7;
const UNIMPLEMENTED = 12;
const UNAUTHENTICATED = 16;

type Rule = readonly [pattern: RegExp, failure: Omit<Failure, "text" | "cause">];

const STATUS_RULES: readonly Rule[] = [
  [/database space exceeded/, {
    kind: "full",
    sent: false,
    repair: "Compact and defragment etcd, then disarm the NOSPACE alarm: etcdctl alarm disarm",
  }],
  [/too many requests/, { kind: "unreachable", sent: false, repair: WAIT }],
  [
    /user name is empty|invalid auth token|revision of auth store is old|revision in header is old/,
    {
      kind: "token",
      sent: false,
      repair: LOGIN,
    },
  ],
  [/authentication failed|user name not found/, {
    kind: "refused",
    sent: false,
    repair: "Correct etcdUsername and etcdPassword or etcdPasswordFile",
  }],
  [/authentication is not enabled/, { kind: "authOff", sent: false, repair: "" }],
  [/permission denied/, {
    kind: "refused",
    sent: false,
    repair: GRANT,
  }],
  [/request is too large/, {
    kind: "misconfigured",
    sent: false,
    repair: "Raise --max-request-bytes of etcd to its default or more",
  }],
  [/too many operations/, {
    kind: "misconfigured",
    sent: false,
    repair: "Raise --max-txn-ops of etcd to its default of 128 or more",
  }],
];

/**
 * Tells what an error answer of etcd means.
 *
 * @param status The gRPC status code and its text.
 * @returns The failure.
 */
export function failureOfStatus(status: StatusOptions): Failure {
  const { code, text } = status;
  const known = STATUS_RULES.find(([pattern]) => pattern.test(text));
  if (known !== undefined) return { ...known[1], text };
  switch (code) {
    case UNAUTHENTICATED:
      return { kind: "token", sent: false, text, repair: LOGIN };
    case PERMISSION_DENIED:
      return { kind: "refused", sent: false, text, repair: GRANT };
    case UNIMPLEMENTED:
      return { kind: "misconfigured", sent: false, text, repair: "Use etcd 3.4 or newer" };
    case INVALID_ARGUMENT:
      return { kind: "misconfigured", sent: false, text, repair: "Use etcd 3.4 or newer" };
    default:
      return { kind: "unreachable", sent: true, text, repair: WAIT };
  }
}

const CONNECTION_RULES: readonly Rule[] = [
  [/Requests to port \d+ are blocked/, {
    kind: "misconfigured",
    sent: false,
    repair:
      "Name the client port of etcd in etcdURL, mostly 2379: this port belongs to another protocol",
  }],
  [/CaUsedAsEndEntity/i, {
    kind: "misconfigured",
    sent: false,
    repair: "Give etcd a server certificate that is not itself a CA",
  }],
  [/Requires (net|env|read|sys) access/, {
    kind: "misconfigured",
    sent: false,
    repair: "Use an executable whose permissions name this endpoint: those of deno task compile do",
  }],
  [
    /UnknownIssuer|BadSignature|self[- ]signed|unable to (verify|get)/i,
    {
      kind: "misconfigured",
      sent: false,
      repair: "Set etcdTrustedCAFile to the CA that signed the certificate of etcd",
    },
  ],
  [/certificate (has )?expired|InvalidCertValidity|not valid after/i, {
    kind: "misconfigured",
    sent: false,
    repair: "Renew the server certificate of etcd, and check the clock of this node",
  }],
  [/NotValidYet|not valid before|not yet valid/i, {
    kind: "misconfigured",
    sent: false,
    repair: "Check the clock of this node: the server certificate of etcd is not valid yet",
  }],
  [/not valid for name|NotValidForName|does not match certificate/i, {
    kind: "misconfigured",
    sent: false,
    repair: "Name the endpoint as the server certificate of etcd does, " +
      "or add this name or address to its subjectAltName",
  }],
  [/invalid peer certificate/, {
    kind: "misconfigured",
    sent: false,
    repair: "Set etcdTrustedCAFile to the CA of etcd, and check the server certificate of etcd",
  }],
  [
    /received fatal alert: (\w*Certificate\w*|UnknownCA|AccessDenied|HandshakeFailure|DecryptError)/,
    {
      kind: "misconfigured",
      sent: false,
      repair: CLIENT_CERT,
    },
  ],
  [/alert (bad certificate|certificate required|unknown ca|number (42|48|116))/i, {
    kind: "misconfigured",
    sent: false,
    repair: CLIENT_CERT,
  }],
  [/InvalidContentType|corrupt message|wrong version number|packet length too long/i, {
    kind: "misconfigured",
    sent: false,
    repair: PLAIN,
  }],
  [
    /\(Connect\)|ECONNREFUSED|[Cc]onnection refused|dns error|ENOTFOUND|EAI_AGAIN|No connection established|Name resolution failed|EHOSTUNREACH|ENETUNREACH/,
    {
      kind: "unreachable",
      sent: false,
      repair: `${WAIT}. Where the runtime has HTTP_PROXY set, name etcd in NO_PROXY`,
    },
  ],
];

/**
 * Tells what it means that a request got no answer.
 *
 * @param error What was thrown or answered.
 * @returns The failure; `sent` unless the connection was certainly never made.
 */
export function failureOfConnection(error: unknown): Failure {
  const text = textOf(error);
  const known = CONNECTION_RULES.find(([pattern]) => pattern.test(text));
  const rule = known?.[1] ?? { kind: "unreachable", sent: true, repair: WAIT };
  return { ...rule, text: shortOf(text), cause: error };
}

/**
 * The failure of an endpoint that did not answer in time.
 *
 * @param timeoutMs How long was waited, in ms.
 * @returns The failure.
 */
export function failureOfTimeout(timeoutMs: number): Failure {
  return { kind: "unreachable", sent: true, text: `no answer in ${timeoutMs} ms`, repair: WAIT };
}

/**
 * The failure of an answer that is not etcd's.
 *
 * @param seen What was seen; it is shortened.
 * @returns The failure.
 */
export function failureOfAnswer(seen: string): Failure {
  return {
    kind: "unreachable",
    sent: true,
    text: `answer is not of etcd: ${shortOf(seen)}`,
    repair: "Check that etcdConfig.etcdURL names client endpoints of etcd",
  };
}

/**
 * The failure of an `http://` endpoint that speaks TLS.
 *
 * @returns The failure.
 */
export function failureOfPlainToTls(): Failure {
  return {
    kind: "misconfigured",
    sent: false,
    text: "an HTTP request was sent to a TLS port",
    repair: "Write https:// in etcdConfig.etcdURL: this endpoint serves TLS",
  };
}

/**
 * The failure of an `https://` endpoint that speaks plain HTTP.
 *
 * @returns The failure.
 */
export function failureOfTlsToPlain(): Failure {
  const text = "a TLS handshake was sent to a port without TLS";
  return { kind: "misconfigured", sent: false, text, repair: PLAIN };
}

/** The message with those of its causes: Deno 2.9 says in the cause what 2.6 says in the message. */
function textOf(error: unknown): string {
  const texts: string[] = [];
  for (let at = error; at instanceof Error && texts.length < 4; at = at.cause) {
    texts.push(at.message.trim());
  }
  return texts.length === 0 ? String(error) : texts.join(": ");
}

/** One printable line without the address that the message of the caller has already. */
function shortOf(text: string): string {
  const line = text.replaceAll(/[^ -~]+/g, " ")
    .replace(
      /^(fetch failed: )?error sending request (for url \(\S+\)|from \S+ for \S+ \(\S+\)): /,
      "",
    )
    .replaceAll(/\/\/[^/@\s]*@/g, "//")
    .trim();
  return line.length > 240 ? `${line.slice(0, 240)}...` : line;
}
