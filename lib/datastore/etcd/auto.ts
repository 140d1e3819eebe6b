/**
 * etcd by whichever transport serves: the JSON gateway first, gRPC where the gateway cannot.
 *
 * Which one it was is remembered in `dataDir/transport/`, so that the next call goes straight there; after
 * an hour the gateway is tried again, as what was in its way may have passed.
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
import { type CallOptions, type Datastore, DatastoreError } from "../datastore.ts";
import type { EtcdContext, EtcdOptions } from "./context.ts";
import { GatewayCannotServe } from "./endpoints.ts";
import { openGateway } from "./gateway.ts";
import { hashOf, readSmall, removeSmall, writeSmall } from "../small_file.ts";

/** How long gRPC is taken without trying the gateway, in ms. */
const REMEMBER_MS = 3_600_000;

type Call<T> = (store: Datastore) => Promise<T>;

/** A datastore in etcd, by the gateway or by gRPC. */
export class EtcdAuto implements Datastore {
  readonly #context: EtcdContext;
  /** Remembers the transport. */
  readonly #file: string;
  readonly #gateway: Datastore;
  #grpc: Datastore | undefined;
  #transport: "gateway" | "grpc" | undefined;

  /**
   * @param context What the transports share.
   * @param options The folder in which the transport is remembered.
   */
  constructor(context: EtcdContext, options: Pick<EtcdOptions, "dataDir">) {
    this.#context = context;
    const endpoints = [...context.config.endpoints].sort();
    this.#file = `${options.dataDir}/transport/${hashOf(endpoints)}`;
    // Only the transport that will be asked connects before it is.
    const isNext = context.ahead !== undefined && this.#remembered() === "gateway";
    this.#gateway = openGateway({ ...context, ahead: isNext ? context.ahead : undefined });
  }

  /** Answers all reads from one revision. */
  async read(reads: readonly Read[], options: CallOptions): Promise<readonly Seen[]> {
    checkReads(reads);
    return await this.#call((store) => store.read(reads, options), { writes: false });
  }

  /** Applies the transaction if its guards hold. */
  async commit(txn: Txn, options: CallOptions): Promise<Committed | Conflict> {
    checkTxn(txn);
    const writes = txn.writes.length > 0;
    return await this.#call((store) => store.commit(txn, options), { writes });
  }

  /** Closes both transports. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway[Symbol.asyncDispose]();
    await this.#grpc?.[Symbol.asyncDispose]();
  }

  async #call<T>(call: Call<T>, options: { readonly writes: boolean }): Promise<T> {
    return this.#remembered() === "grpc"
      ? await this.#grpcFirst(call, options)
      : await this.#gatewayFirst(call, options);
  }

  async #gatewayFirst<T>(
    call: Call<T>,
    { writes }: { readonly writes: boolean },
  ): Promise<T> {
    try {
      return await call(this.#gateway);
    } catch (first) {
      if (!(first instanceof GatewayCannotServe)) throw first;
      try {
        const answer = await call(await this.#openGrpc());
        this.#transport = "grpc";
        writeSmall(this.#file, "grpc");
        return answer;
      } catch (second) {
        throw both(first, second, { lost: writes && first.lost });
      }
    }
  }

  async #grpcFirst<T>(
    call: Call<T>,
    { writes }: { readonly writes: boolean },
  ): Promise<T> {
    try {
      return await call(await this.#openGrpc());
    } catch (first) {
      if (!mayGoElsewhere(first)) throw first;
      try {
        const answer = await call(this.#gateway);
        this.#transport = "gateway";
        removeSmall(this.#file);
        return answer;
      } catch (second) {
        const lost = writes && kindOf(first) === "ambiguous";
        // Where the gateway cannot serve, what gRPC said is what counts.
        throw second instanceof GatewayCannotServe
          ? both(second, first, { lost: lost || (writes && second.lost) })
          : both(first, second, { lost });
      }
    }
  }

  async #openGrpc(): Promise<Datastore> {
    if (this.#grpc === undefined) {
      const { openGrpc } = await import("./grpc.ts");
      this.#grpc = openGrpc(this.#context);
    }
    return this.#grpc;
  }

  #remembered(): "gateway" | "grpc" {
    const read = (): string | undefined => readSmall(this.#file, { maxAgeMs: REMEMBER_MS });
    return this.#transport ??= read()?.trim() === "grpc" ? "grpc" : "gateway";
  }
}

/** A refusal and a full store are the same by either transport. */
function mayGoElsewhere(error: unknown): boolean {
  return kindOf(error) !== "refused" && kindOf(error) !== "full";
}

function kindOf(error: unknown): string | undefined {
  return error instanceof DatastoreError ? error.kind : undefined;
}

/** One error of two: the second counts, unless the first may have been applied. */
function both(
  first: unknown,
  second: unknown,
  { lost }: { readonly lost: boolean },
): DatastoreError {
  const seen = second instanceof DatastoreError ? second : unloaded(second);
  const before = first instanceof Error ? first.message : String(first);
  const kind = lost ? "ambiguous" : seen.kind;
  return new DatastoreError(kind, `${seen.message}; before that: ${before}`, {
    repair: seen.repair,
    cause: second,
  });
}

/** The packages of gRPC could not be loaded: the gateway is the only way then. */
function unloaded(error: unknown): DatastoreError {
  const seen = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new DatastoreError("misconfigured", `Cannot load the gRPC client of etcd: ${seen}`, {
    repair: "Let etcd serve the JSON gateway: --enable-grpc-gateway, and a server certificate " +
      "that is good for client use too",
    cause: error,
  });
}
