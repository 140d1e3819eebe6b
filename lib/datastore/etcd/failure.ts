/**
 * What went wrong at one endpoint, from the words of etcd, of `fetch` and of TLS: pure.
 *
 * Tried with etcd 3.4; where a text is not known the answer is the careful one: no answer, and the
 * request may have been acted on.
 *
 * @module
 */
import { connectionFailure, type ConnectionFault, shortOf } from "../../tls/connection.ts";

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
  /** The same without secrets, where it may hold some. */
  readonly shown?: string;
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
  const { code } = status;
  const text = shortOf(status.shown ?? status.text);
  const known = STATUS_RULES.find(([pattern]) => pattern.test(status.text));
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

/** What each fault is for etcd; the request was not sent. */
const FAULTS: Readonly<Record<ConnectionFault, Pick<Failure, "kind" | "repair">>> = {
  port: misconfigured(
    "Name the client port of etcd in etcdURL, mostly 2379: this port belongs to another protocol",
  ),
  authority: misconfigured("Give etcd a server certificate that is not itself a CA"),
  permission: misconfigured(
    "Use an executable whose permissions name this endpoint, as deno task compile --conf FILE makes it: " +
      "kube-ipam version shows them",
  ),
  issuer: misconfigured("Set etcdTrustedCAFile to the CA that signed the certificate of etcd"),
  expired: misconfigured("Renew the server certificate of etcd, and check the clock of this node"),
  notYetValid: misconfigured(
    "Check the clock of this node: the server certificate of etcd is not valid yet",
  ),
  name: misconfigured(
    "Name the endpoint as the server certificate of etcd does, " +
      "or add this name or address to its subjectAltName",
  ),
  certificate: misconfigured(
    "Set etcdTrustedCAFile to the CA of etcd, and check the server certificate of etcd",
  ),
  clientCertificate: misconfigured(CLIENT_CERT),
  plain: misconfigured(PLAIN),
  noConnection: {
    kind: "unreachable",
    repair: `${WAIT}. Where the runtime has HTTP_PROXY set, name etcd in NO_PROXY`,
  },
};

function misconfigured(repair: string): Pick<Failure, "kind" | "repair"> {
  return { kind: "misconfigured", repair };
}

/**
 * Tells what it means that a request got no answer.
 *
 * @param error What was thrown or answered.
 * @returns The failure; `sent` unless the connection was certainly never made.
 */
export function failureOfConnection(error: unknown): Failure {
  const { fault, text } = connectionFailure(error);
  if (fault !== undefined) return { ...FAULTS[fault], sent: false, text, cause: error };
  return { kind: "unreachable", sent: true, repair: WAIT, text, cause: error };
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
