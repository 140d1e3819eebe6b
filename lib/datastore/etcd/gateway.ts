/**
 * etcd by its v3 JSON gateway: one `fetch` a call, and no package to load.
 *
 * @see {@link https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/}
 * @module
 */
import {
  checkReads,
  checkTxn,
  type Committed,
  type Conflict,
  type Read,
  type Seen,
  type Txn,
} from "../../state/txn.ts";
import type { CallOptions, Datastore } from "../datastore.ts";
import { type Login, type Session, withToken } from "./auth.ts";
import { beginSession, type EtcdContext } from "./context.ts";
import { type Tried, TRY_MS, tryEndpoints } from "./endpoints.ts";
import {
  type Failure,
  failureOfAnswer,
  failureOfConnection,
  failureOfPlainToTls,
  failureOfStatus,
  failureOfTimeout,
} from "./failure.ts";
import { CUT, explained, readBody, TOO_LARGE } from "./http.ts";
import { withTimeout } from "./time.ts";
import { makeTlsClient } from "./tls.ts";
import {
  BASE64,
  outcomeFromWire,
  readsToWire,
  seenFromWire,
  txnToWire,
  type WireTxn,
} from "./wire.ts";

/** Authenticating takes the server a bcrypt, and a queue of them when many nodes begin at once. */
const LOGIN_MS = 3000;
const TXN = "/v3/kv/txn";
const AUTHENTICATE = "/v3/auth/authenticate";

interface Post {
  readonly endpoint: string;
  readonly path: string;
  readonly body: string;
  readonly token?: string | undefined;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** A datastore in etcd, by the JSON gateway. */
export class EtcdGateway implements Datastore {
  readonly #context: EtcdContext;
  #client: Deno.HttpClient | undefined;

  /**
   * @param context What it shares with the other transport.
   */
  constructor(context: EtcdContext) {
    this.#context = context;
  }

  /** Answers all reads from one revision. */
  async read(reads: readonly Read[], options: CallOptions): Promise<readonly Seen[]> {
    checkReads(reads);
    return await this.#call(readsToWire(reads, BASE64), {
      ...options,
      writes: false,
      decode: (answer) => seenFromWire(reads, answer, BASE64),
    });
  }

  /** Applies the transaction if its guards hold. */
  async commit(txn: Txn, options: CallOptions): Promise<Committed | Conflict> {
    checkTxn(txn);
    return await this.#call(txnToWire(txn, BASE64), {
      ...options,
      writes: txn.writes.length > 0,
      decode: (answer) => outcomeFromWire(txn, answer, BASE64),
    });
  }

  /** Closes the TLS connections. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#client?.close();
    this.#client = undefined;
    return Promise.resolve();
  }

  #call<T>(
    wire: WireTxn<string>,
    options: CallOptions & {
      readonly writes: boolean;
      readonly decode: (answer: unknown) => T;
    },
  ): Promise<T> {
    const { signal, writes, decode } = options;
    const { endpoints, tokens } = this.#context;
    const body = JSON.stringify(wire);
    const session = beginSession(signal);
    return tryEndpoints((endpoint) =>
      withToken(async (token) => {
        const post: Post = { endpoint, path: TXN, body, token, signal, timeoutMs: TRY_MS };
        return parsed(await this.#post(post), decode);
      }, { tokens, session, login: this.#login(endpoint, session) }), {
      endpoints,
      signal,
      writes,
    });
  }

  #login(endpoint: string, { signal }: Session): Login {
    return async (user) => {
      const body = JSON.stringify(user);
      const post: Post = { endpoint, path: AUTHENTICATE, body, signal, timeoutMs: LOGIN_MS };
      return unsent(parsed(await this.#post(post), tokenOf));
    };
  }

  async #post(post: Post): Promise<Tried<HttpAnswer>> {
    const { endpoint, signal, timeoutMs } = post;
    const secure = endpoint.startsWith("https:");
    if (secure) this.#client ??= makeTlsClient(await this.#context.tls());
    return await withTimeout(async (ended) => {
      try {
        return await exchange(post, { client: secure ? this.#client : undefined, signal: ended });
      } catch (error) {
        if (ended.aborted) return failure(failureOfTimeout(timeoutMs));
        return failure(await explained(failureOfConnection(error), { endpoint, signal: ended }));
      }
    }, { signal, timeoutMs });
  }
}

async function exchange(
  post: Post,
  options: { readonly client: Deno.HttpClient | undefined; readonly signal: AbortSignal },
): Promise<Tried<HttpAnswer>> {
  const { client, signal } = options;
  const { endpoint, path, body, token } = post;
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (token !== undefined && token !== "") headers["authorization"] = token;
  const response = await fetch(`${endpoint}${path}`, {
    method: "POST",
    headers,
    body,
    signal,
    // A redirect is not of etcd, and would carry the token elsewhere.
    redirect: "manual",
    ...(client === undefined ? {} : { client }),
  });
  const text = await readBody(response);
  if (text === TOO_LARGE) return failure(failureOfAnswer("more than 8 MB"));
  if (text === CUT && !signal.aborted) return failure(failureOfAnswer("cut off"));
  if (text === CUT) return failure(failureOfTimeout(post.timeoutMs));
  return { kind: "answer", value: { status: response.status, text } };
}

function parsed<T>(tried: Tried<HttpAnswer>, decode: (answer: unknown) => T): Tried<T> {
  if (tried.kind === "failure") return tried;
  const { status, text } = tried.value;
  if (status !== 200) return failure(failureOfHttp(status, text));
  try {
    return { kind: "answer", value: decode(JSON.parse(text)) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // Not the text: the answer to an authentication holds the token.
    return failure(
      failureOfAnswer(error.message.startsWith("Cannot") ? error.message : "not JSON"),
    );
  }
}

/** Tells what an answer other than 200 means. */
function failureOfHttp(status: number, text: string): Failure {
  const seen = `${status} ${text.trim()}`;
  if (/HTTP request to an HTTPS server/.test(text)) return failureOfPlainToTls();
  const answered = errorOf(text);
  if (answered !== undefined) {
    if (status === 503 && !answered.text.startsWith("etcdserver:")) {
      return cannotServe(seen, true);
    }
    return failureOfStatus(answered);
  }
  if (status === 404 || /CommonName/.test(text)) return cannotServe(seen, false);
  if (status === 401) return failureOfStatus({ code: 16, text: seen });
  if (status === 403) return failureOfStatus({ code: 7, text: seen });
  return failureOfAnswer(seen);
}

/** The gateway is itself a client of its etcd, and may be refused by it. */
function cannotServe(seen: string, sent: boolean): Failure {
  return {
    kind: "gateway",
    sent,
    text: `the JSON gateway cannot serve: ${seen.slice(0, 240)}`,
    repair: 'Set transport to "auto" or "grpc", or let etcd serve the gateway: ' +
      "--enable-grpc-gateway, and a server certificate that is good for client use too",
  };
}

function errorOf(text: string): { readonly code: number; readonly text: string } | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer !== "object" || answer === null) return undefined;
    const fields = new Map<string, unknown>(Object.entries(answer));
    const code = fields.get("code");
    const message = fields.get("message") ?? fields.get("error");
    return typeof code === "number" && typeof message === "string"
      ? { code, text: message }
      : undefined;
  } catch {
    return undefined;
  }
}

function tokenOf(answer: unknown): string {
  if (typeof answer === "object" && answer !== null && "token" in answer) {
    const { token } = answer;
    if (typeof token === "string" && token !== "") return token;
  }
  throw new SyntaxError("Cannot read the answer as it holds no token");
}

/** An authentication writes no key: losing its answer leaves nothing open. */
function unsent<T>(tried: Tried<T>): Tried<T> {
  return tried.kind === "failure" ? failure({ ...tried.failure, sent: false }) : tried;
}

function failure<T>(seen: Failure): Tried<T> {
  return { kind: "failure", failure: seen };
}
