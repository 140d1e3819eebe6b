/**
 * etcd by its v3 JSON gateway: one request a call, and no package to load.
 *
 * @see {@link https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/}
 * @module
 */
import { type Exchanged, isDirect } from "../../http/connection.ts";
import { type Connections, makeConnections } from "../../http/connections.ts";
import type { HttpRequest } from "../../http/request.ts";
import { CUT, readBody, TOO_LARGE } from "../../tls/body.ts";
import { shortOf } from "../../tls/connection.ts";
import type { Datastore } from "../datastore.ts";
import type { Credentials } from "./auth.ts";
import { EtcdClient, type Exchange, type Transport } from "./client.ts";
import type { EtcdContext } from "./context.ts";
import type { Tried } from "./endpoints.ts";
import {
  type Failure,
  failureOfAnswer,
  failureOfConnection,
  failureOfPlainToTls,
  failureOfStatus,
  failureOfTimeout,
} from "./failure.ts";
import { explained } from "./http.ts";
import { withTimeout } from "./time.ts";
import { makeTlsClient, type TlsTexts } from "./tls.ts";
import { BASE64, type WireTxn } from "./wire.ts";

const TXN = "/v3/kv/txn";
const AUTHENTICATE = "/v3/auth/authenticate";

/** One request to the gateway. */
interface Post extends Exchange {
  readonly path: string;
  readonly body: string;
}

interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

type Read = Pick<Exchanged, "status" | "text">;

/**
 * Opens a datastore in etcd, by the JSON gateway.
 *
 * @param context What it shares with the other transport.
 * @returns The datastore.
 */
export function openGateway(context: EtcdContext): Datastore {
  return new EtcdClient(context, new Gateway(context));
}

class Gateway implements Transport<string> {
  readonly codec = BASE64;
  readonly #context: EtcdContext;
  readonly #connections: Connections = makeConnections();
  #client: Deno.HttpClient | undefined;
  #isDisposed = false;

  constructor(context: EtcdContext) {
    this.#context = context;
    const [url] = context.ahead === undefined ? [] : context.endpoints.order();
    if (url !== undefined) this.#prepare(url).catch(() => {}); // told by the first call
  }

  async txn(wire: WireTxn<string>, exchange: Exchange): Promise<Tried<unknown>> {
    const post = { ...exchange, path: TXN, body: JSON.stringify(wire) };
    return parsed(await this.#post(post), exchange);
  }

  async authenticate(user: Credentials, exchange: Exchange): Promise<Tried<unknown>> {
    const body = JSON.stringify(user);
    return parsed(await this.#post({ ...exchange, path: AUTHENTICATE, body }), exchange);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#connections[Symbol.dispose]();
    this.#client?.close();
    this.#client = undefined;
    return Promise.resolve();
  }

  async #post(post: Post): Promise<Tried<HttpAnswer>> {
    const { endpoint, signal, timeoutMs } = post;
    const secure = endpoint.startsWith("https:");
    const texts = secure ? await this.#context.tls() : undefined;
    return await withTimeout(async (ended) => {
      try {
        const answer = await this.#send(post, { texts, signal: ended });
        if (answer === undefined) return failure({ ...failureOfTimeout(timeoutMs), sent: false });
        return readable(answer, { isLate: ended.aborted, timeoutMs });
      } catch (error) {
        if (ended.aborted) return failure(failureOfTimeout(timeoutMs));
        return failure(await explained(failureOfConnection(error), { endpoint, signal: ended }));
      }
    }, { signal, timeoutMs });
  }

  async #prepare(endpoint: string): Promise<void> {
    const texts = endpoint.startsWith("https:") ? await this.#context.tls() : undefined;
    const url = new URL(endpoint);
    const place = { url, ca: texts?.ca };
    if (this.#isDisposed) return;
    if (texts?.cert === undefined && isDirect(place)) this.#connections.prepare(place);
    else if (this.#context.ahead === "ask") await this.#ask(new URL("/version", url), texts);
  }

  /** `fetch` keeps the connection for the transaction. */
  async #ask(url: URL, texts: TlsTexts | undefined): Promise<void> {
    const signal = AbortSignal.timeout(this.#context.endpoints.tryMs);
    const response = await fetch(url, {
      signal,
      redirect: "manual",
      ...this.#clientOf(texts),
    });
    await readBody(response); // else the connection is not kept
  }

  #clientOf(texts: TlsTexts | undefined): { readonly client?: Deno.HttpClient } {
    return texts === undefined ? {} : { client: this.#client ??= makeTlsClient(texts) };
  }

  /**
   * By a connection of our own, else by `fetch`, which also tells why there is none. Nothing was sent where there is
   * no answer.
   */
  async #send(
    post: Post,
    options: { readonly texts: TlsTexts | undefined; readonly signal: AbortSignal },
  ): Promise<Read | undefined> {
    const { texts, signal } = options;
    const url = new URL(post.endpoint);
    const request = requestOf(post);
    const answer = texts?.cert === undefined
      ? await this.#connections.exchange(request, { place: { url, ca: texts?.ca }, signal })
      : undefined;
    if (answer !== undefined) return answer;
    if (signal.aborted) return undefined;
    return await sendByFetch(post, { ...this.#clientOf(texts), signal });
  }
}

function requestOf({ path, body, token }: Post): Required<HttpRequest> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (token !== undefined && token !== "") headers["authorization"] = token;
  return { method: "POST", path, headers, body };
}

async function sendByFetch(
  post: Post,
  options: { readonly client?: Deno.HttpClient; readonly signal: AbortSignal },
): Promise<Read> {
  const { method, headers, body } = requestOf(post);
  const response = await fetch(`${post.endpoint}${post.path}`, {
    method,
    headers: { ...headers },
    body,
    // A redirect is not of etcd, and would carry the token elsewhere.
    redirect: "manual",
    ...options,
  });
  return { status: response.status, text: await readBody(response) };
}

function readable(
  { status, text }: Read,
  { isLate, timeoutMs }: { readonly isLate: boolean; readonly timeoutMs: number },
): Tried<HttpAnswer> {
  if (text === TOO_LARGE) return failure(failureOfAnswer("more than 8 MB"));
  if (text === CUT) {
    return failure(isLate ? failureOfTimeout(timeoutMs) : failureOfAnswer("cut off"));
  }
  return { kind: "answer", value: { status, text } };
}

function parsed(tried: Tried<HttpAnswer>, exchange: Pick<Exchange, "hidden">): Tried<unknown> {
  if (tried.kind === "failure") return tried;
  const { status, text } = tried.value;
  if (status !== 200) return failure(failureOfHttp({ status, text }, exchange));
  try {
    return { kind: "answer", value: JSON.parse(text) };
  } catch {
    // Not the text: the answer to an authentication holds the token.
    return failure(failureOfAnswer("not JSON"));
  }
}

/** Tells what an answer other than 200 means. */
function failureOfHttp(
  { status, text }: HttpAnswer,
  { hidden }: Pick<Exchange, "hidden">,
): Failure {
  const seen = `${status} ${hidden(text.trim())}`;
  if (/HTTP request to an HTTPS server/.test(text)) return failureOfPlainToTls();
  const answered = errorOf(text);
  if (answered !== undefined) {
    if (status === 503 && !answered.text.startsWith("etcdserver:")) {
      return cannotServe(seen, true);
    }
    return failureOfStatus({ ...answered, shown: hidden(answered.text) });
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
    text: `the JSON gateway cannot serve: ${shortOf(seen)}`,
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

function failure<T>(seen: Failure): Tried<T> {
  return { kind: "failure", failure: seen };
}
