/**
 * etcd by gRPC, with `npm:etcd3`: where the JSON gateway cannot serve.
 *
 * The packages are loaded by the first call, never before: that takes longer than all the rest of an ADD.
 *
 * @module
 */
import type { Interceptor } from "@grpc/grpc-js";
import type { Etcd3 } from "etcd3";
import type { Datastore } from "../datastore.ts";
import type { Credentials } from "./auth.ts";
import { EtcdClient, type Exchange, type Transport } from "./client.ts";
import type { EtcdContext } from "./context.ts";
import type { Tried } from "./endpoints.ts";
import {
  type Failure,
  failureOfAnswer,
  failureOfConnection,
  failureOfStatus,
  failureOfTimeout,
} from "./failure.ts";
import { type Etcd3Packages, loadEtcd3 } from "./grpc_load.ts";
import { explained } from "./http.ts";
import { missingPermission, repairLookup } from "./lookup_repair.ts";
import { withTimeout } from "./time.ts";
import { makeTlsClient } from "./tls.ts";
import type { BytesCodec, WireTxn } from "./wire.ts";

const MAX_BYTES = 8 * 1024 * 1024;

/** gRPC status codes that say how the call ended, not what etcd answered. */
const CANCELLED = 1;
const FAILED_PRECONDITION = 9;
const UNAVAILABLE = 14;

type Bytes = Uint8Array;

const UTF8 = new TextEncoder();
const FROM_UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

const RAW: BytesCodec<Bytes> = {
  spelling: { version: "Version", mod: "Mod", equal: "Equal" },
  encode: (text) => UTF8.encode(text),
  decode: (value) => {
    if (value === "") return "";
    if (!(value instanceof Uint8Array)) throw new SyntaxError("Cannot read the answer as bytes");
    return FROM_UTF8.decode(value);
  },
};

type Invoke = (
  client: Etcd3,
  options: { readonly interceptors: Interceptor[] },
) => Promise<unknown>;

/**
 * Opens a datastore in etcd, by gRPC; loads the packages and connects with the first call.
 *
 * @param context What it shares with the other transport.
 * @returns The datastore.
 */
export function openGrpc(context: EtcdContext): Datastore {
  return new EtcdClient(context, new Grpc(context));
}

class Grpc implements Transport<Bytes> {
  readonly codec = RAW;
  readonly #context: EtcdContext;
  /** Promises, so that calls at once share the one that is being made. */
  readonly #clients = new Map<string, Promise<Etcd3>>();
  #packages: Promise<Etcd3Packages> | undefined;

  constructor(context: EtcdContext) {
    this.#context = context;
  }

  txn(wire: WireTxn<Bytes>, exchange: Exchange): Promise<Tried<unknown>> {
    // The shape is etcd's own; its type here asks for Buffer where any bytes will do.
    return this.#exchange(exchange, (client, extra) => client.kv.txn(wire as object, extra));
  }

  authenticate(user: Credentials, exchange: Exchange): Promise<Tried<unknown>> {
    return this.#exchange(
      exchange,
      (client, extra) => client.auth.authenticate({ ...user }, extra),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const clients = await Promise.allSettled(this.#clients.values());
    this.#clients.clear();
    for (const made of clients) if (made.status === "fulfilled") made.value.close();
    // The sockets close in the next turns of the event loop.
    if (clients.length > 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }

  async #exchange(exchange: Exchange, invoke: Invoke): Promise<Tried<unknown>> {
    const { endpoint, signal, timeoutMs, hidden } = exchange;
    const packages = await (this.#packages ??= loadEtcd3());
    const client = await this.#clientOf(endpoint, packages);
    return await withTimeout(async (ended) => {
      const watch = watchCall(packages, { token: exchange.token, signal: ended });
      try {
        const value = await invoke(client, { interceptors: [watch.interceptor] });
        return { kind: "answer", value };
      } catch (error) {
        if (ended.aborted) return { kind: "failure", failure: failureOfTimeout(timeoutMs) };
        const seen = failureOfCall(watch.status(), { error, hidden });
        if (isOfConnection(seen)) await this.#drop(endpoint, client);
        return {
          kind: "failure",
          failure: await this.#explained(seen, { endpoint, signal: ended }),
        };
      }
    }, { signal, timeoutMs });
  }

  /** What TLS did not like, only `fetch` says the same way everywhere. */
  async #explained(
    seen: Failure,
    options: { readonly endpoint: string; readonly signal: AbortSignal },
  ): Promise<Failure> {
    const { endpoint, signal } = options;
    if (!isOfConnection(seen)) return seen;
    const missing = missingPermission(endpoint);
    if (missing !== undefined) return failureOfConnection(missing);
    if (endpoint.startsWith("http:")) return await explained(seen, options);
    const client = makeTlsClient(await this.#context.tls());
    try {
      const response = await fetch(`${endpoint}/version`, { client, signal, redirect: "manual" });
      await response.body?.cancel();
      return seen;
    } catch (error) {
      const second = await explained(failureOfConnection(error), options);
      return second.kind === "misconfigured" ? second : seen;
    } finally {
      client.close();
    }
  }

  /** The next call connects anew. */
  async #drop(endpoint: string, client: Etcd3): Promise<void> {
    if (await this.#clients.get(endpoint)?.catch(() => undefined) !== client) return;
    this.#clients.delete(endpoint);
    client.close();
  }

  async #clientOf(endpoint: string, packages: Etcd3Packages): Promise<Etcd3> {
    const known = this.#clients.get(endpoint);
    if (known !== undefined) return await known;
    const making = this.#make(endpoint, packages);
    this.#clients.set(endpoint, making);
    try {
      return await making;
    } catch (error) {
      this.#clients.delete(endpoint); // what was wrong with a file may be mended
      throw error;
    }
  }

  async #make(endpoint: string, packages: Etcd3Packages): Promise<Etcd3> {
    const texts = endpoint.startsWith("https:") ? await this.#context.tls() : undefined;
    await repairLookup(endpoint);
    return packages.makeClient(endpoint, { texts, maxBytes: MAX_BYTES });
  }
}

interface Status {
  readonly code: number;
  readonly details: string;
}

interface Watch {
  readonly interceptor: Interceptor;
  /** How the call ended, as gRPC says it. */
  status(): Status | undefined;
}

/**
 * Sends our token, ends the call with the signal, and keeps the status from etcd3: it would answer an
 * unknown token by asking again without end, and a lost connection by trying again on its own.
 */
function watchCall(
  packages: Etcd3Packages,
  options: { readonly token: string | undefined; readonly signal: AbortSignal },
): Watch {
  const { token, signal } = options;
  let seen: Status | undefined;
  const interceptor: Interceptor = (callOptions, nextCall) => {
    const call = new packages.InterceptingCall(nextCall(callOptions), {
      start: (metadata, _listener, next) => {
        if (token !== undefined && token !== "") metadata.set("token", token);
        next(metadata, {
          onReceiveStatus: (status, pass) => {
            seen = { code: status.code, details: status.details };
            pass(
              status.code === 0 ? status : { ...status, code: FAILED_PRECONDITION, details: "" },
            );
          },
        });
      },
    });
    const cancel = (): void => call.cancelWithStatus(CANCELLED, "the time is over");
    signal.addEventListener("abort", cancel, { once: true });
    if (signal.aborted) queueMicrotask(cancel);
    return call;
  };
  return { interceptor, status: () => seen };
}

function failureOfCall(
  status: Status | undefined,
  { error, hidden }: Pick<Exchange, "hidden"> & { readonly error: unknown },
): Failure {
  if (status === undefined) return failureOfConnection(error);
  const { code, details: text } = status;
  const shown = hidden(text);
  if (/Received HTTP status/i.test(text)) return failureOfAnswer(shown);
  return code === UNAVAILABLE && !text.startsWith("etcdserver:")
    ? failureOfConnection(new Error(shown))
    : failureOfStatus({ code, text, shown });
}

function isOfConnection({ kind, text }: Failure): boolean {
  return (kind === "unreachable" || kind === "misconfigured") &&
    !/^etcdserver:|^answer is/.test(text);
}
