/**
 * etcd by its v3 JSON gateway: one `fetch` a call, and no package to load.
 *
 * @see {@link https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/}
 * @module
 */
import { CUT, readBody, TOO_LARGE } from "../../tls/body.ts";
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
import { makeTlsClient } from "./tls.ts";
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

/**
 * Opens a datastore in etcd, by the JSON gateway; connects with the first call.
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
  #client: Deno.HttpClient | undefined;

  constructor(context: EtcdContext) {
    this.#context = context;
  }

  async txn(wire: WireTxn<string>, exchange: Exchange): Promise<Tried<unknown>> {
    return parsed(await this.#post({ ...exchange, path: TXN, body: JSON.stringify(wire) }));
  }

  async authenticate(user: Credentials, exchange: Exchange): Promise<Tried<unknown>> {
    const body = JSON.stringify(user);
    return parsed(await this.#post({ ...exchange, path: AUTHENTICATE, body }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#client?.close();
    this.#client = undefined;
    return Promise.resolve();
  }

  async #post(post: Post): Promise<Tried<HttpAnswer>> {
    const { endpoint, signal, timeoutMs } = post;
    const secure = endpoint.startsWith("https:");
    if (secure) this.#client ??= makeTlsClient(await this.#context.tls());
    return await withTimeout(async (ended) => {
      try {
        return await request(post, { client: secure ? this.#client : undefined, signal: ended });
      } catch (error) {
        if (ended.aborted) return failure(failureOfTimeout(timeoutMs));
        return failure(await explained(failureOfConnection(error), { endpoint, signal: ended }));
      }
    }, { signal, timeoutMs });
  }
}

async function request(
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

function parsed(tried: Tried<HttpAnswer>): Tried<unknown> {
  if (tried.kind === "failure") return tried;
  const { status, text } = tried.value;
  if (status !== 200) return failure(failureOfHttp(status, text));
  try {
    return { kind: "answer", value: JSON.parse(text) };
  } catch {
    // Not the text: the answer to an authentication holds the token.
    return failure(failureOfAnswer("not JSON"));
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

function failure<T>(seen: Failure): Tried<T> {
  return { kind: "failure", failure: seen };
}
