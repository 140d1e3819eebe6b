/**
 * The etcd datastore over either transport: encodes, finds an endpoint that answers, sees to the token, decodes.
 *
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
import { hide } from "../../tls/hide.ts";
import type { CallOptions, Datastore } from "../datastore.ts";
import { type Credentials, isToken, type Login, type Session, withToken } from "./auth.ts";
import { beginSession, type EtcdContext } from "./context.ts";
import { type Tried, tryEndpoints } from "./endpoints.ts";
import { failureOfAnswer } from "./failure.ts";
import {
  type BytesCodec,
  outcomeFromWire,
  readsToWire,
  seenFromWire,
  txnToWire,
  type WireTxn,
} from "./wire.ts";

/** Authenticating takes the server a bcrypt, and a queue of them when many nodes begin at once. */
const LOGIN_MS = 3000;

/** One message to one endpoint. */
export interface Exchange {
  /** Where to. */
  readonly endpoint: string;
  /** Sent with it; undefined and empty for none. */
  readonly token: string | undefined;
  /** Ends the whole call. */
  readonly signal: AbortSignal;
  /** Ends this exchange. */
  readonly timeoutMs: number;
  /** Takes secrets out of what the server said; to be called before it is cut. */
  readonly hidden: (text: string) => string;
}

/** One way to speak to etcd. */
export interface Transport<B> extends AsyncDisposable {
  /** How it writes bytes. */
  readonly codec: BytesCodec<B>;
  /** Sends a transaction; the answer is not looked into. */
  txn(wire: WireTxn<B>, exchange: Exchange): Promise<Tried<unknown>>;
  /** Asks for a token; the answer is not looked into. */
  authenticate(user: Credentials, exchange: Exchange): Promise<Tried<unknown>>;
}

/** A datastore in etcd. */
export class EtcdClient<B> implements Datastore {
  readonly #context: EtcdContext;
  readonly #transport: Transport<B>;
  /** What was sent, and may come back. */
  readonly #secrets = new Set<string>();

  /**
   * @param context What it shares with the other transport.
   * @param transport How etcd is spoken to; disposed of with this.
   */
  constructor(context: EtcdContext, transport: Transport<B>) {
    this.#context = context;
    this.#transport = transport;
  }

  /** Answers all reads from one revision. */
  async read(reads: readonly Read[], options: CallOptions): Promise<readonly Seen[]> {
    checkReads(reads);
    const { codec } = this.#transport;
    return await this.#call(readsToWire(reads, codec), {
      ...options,
      writes: false,
      decode: (answer) => seenFromWire(reads, answer, codec),
    });
  }

  /** Applies the transaction if its guards hold. */
  async commit(txn: Txn, options: CallOptions): Promise<Committed | Conflict> {
    checkTxn(txn);
    const { codec } = this.#transport;
    return await this.#call(txnToWire(txn, codec), {
      ...options,
      writes: txn.writes.length > 0,
      decode: (answer) => outcomeFromWire(txn, answer, codec),
    });
  }

  /** Closes the connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
  }

  #call<T>(
    wire: WireTxn<B>,
    options: CallOptions & {
      readonly writes: boolean;
      readonly decode: (answer: unknown) => T;
    },
  ): Promise<T> {
    const { endpoints, tokens } = this.#context;
    const { signal, tryMs = endpoints.tryMs, writes, decode } = options;
    const session = beginSession(signal);
    return tryEndpoints((endpoint) =>
      withToken(async (token) => {
        const hidden = this.#hiding(token);
        const exchange: Exchange = { endpoint, token, signal, timeoutMs: tryMs, hidden };
        return decoded(await this.#transport.txn(wire, exchange), { decode, hidden });
      }, { tokens, session, login: this.#login(endpoint, session) }), {
      endpoints,
      signal,
      writes,
    });
  }

  #login(endpoint: string, { signal }: Session): Login {
    return async (user) => {
      const hidden = this.#hiding(user.password);
      const exchange: Exchange = {
        endpoint,
        token: undefined,
        signal,
        timeoutMs: LOGIN_MS,
        hidden,
      };
      const answer = await this.#transport.authenticate(user, exchange);
      // Whatever stands where a token is looked for may be one.
      return unsent(decoded(answer, { decode: tokenOf, hidden: withoutValue }));
    };
  }

  #hiding(secret: string | undefined): Exchange["hidden"] {
    if (secret !== undefined) this.#secrets.add(secret);
    return (text) => hide(text, this.#secrets);
  }
}

function withoutValue(text: string): string {
  return text.replace(/current value is .*/s, "current value is not shown");
}

function decoded<T>(
  tried: Tried<unknown>,
  { decode, hidden }: Pick<Exchange, "hidden"> & { readonly decode: (answer: unknown) => T },
): Tried<T> {
  if (tried.kind === "failure") return tried;
  try {
    return { kind: "answer", value: decode(tried.value) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: "failure", failure: failureOfAnswer(hidden(error.message)) };
  }
}

/** An authentication writes no key: losing its answer leaves nothing open. */
function unsent<T>(tried: Tried<T>): Tried<T> {
  if (tried.kind === "answer") return tried;
  return { kind: "failure", failure: { ...tried.failure, sent: false } };
}

function tokenOf(answer: unknown): string {
  if (typeof answer === "object" && answer !== null && "token" in answer) {
    const { token } = answer;
    if (typeof token === "string" && isToken(token)) return token;
  }
  throw new SyntaxError("Cannot read the answer as it holds no token");
}
