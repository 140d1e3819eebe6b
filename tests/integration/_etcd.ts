/**
 * What the etcd tests share.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { EtcdConfig } from "../../lib/config/config.ts";
import { type Datastore, DatastoreError } from "../../lib/datastore/datastore.ts";
import { openEtcd } from "../../lib/datastore/etcd/open.ts";
import type { Committed, Conflict, Txn } from "../../lib/state/txn.ts";

const SETTLE_MS = 250;

/** A key that every test user may write. */
export const KEY = "/kube-ipam/v1/test/a";

/** The claim of {@linkcode KEY}. */
export const CLAIM: Txn = {
  guards: [{ kind: "absent", key: KEY }],
  writes: [{ kind: "put", key: KEY, value: "mine" }],
};

/**
 * Opens a store as a process of its own would.
 *
 * @param config The configuration.
 * @param dir The folder of the node.
 * @param random Chance; by default the first endpoint is tried first, and nothing waits.
 * @returns The store.
 */
export function open(
  config: EtcdConfig,
  dir: string,
  random: () => number = () => 0,
): Datastore {
  const store = openEtcd(config, { dataDir: `${dir}/data`, runDir: `${dir}/run`, random });
  let failed = false;
  const watched = async <T>(call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (error) {
      const connected = String(error).includes("Cannot get an answer");
      failed ||= config.transport !== "gateway" && connected;
      throw error;
    }
  };
  return {
    read: (reads, options) => watched(store.read(reads, options)),
    commit: (txn, options) => watched(store.commit(txn, options)),
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]();
      // grpc-js leaves the timers of a failed connection: under Deno 2.6 the sanitizer counts them.
      if (failed) await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    },
  };
}

/**
 * Claims {@linkcode KEY}.
 *
 * @param store The store.
 * @param ms The time of the call, in ms.
 * @returns The outcome.
 */
export function claim(store: Datastore, ms = 8000): Promise<Committed | Conflict> {
  return withDeadline(ms, (signal) => store.commit(CLAIM, { signal }));
}

/**
 * Reads {@linkcode KEY}.
 *
 * @param store The store.
 * @param ms The time of the call, in ms.
 * @returns Its value.
 */
export function valueOf(store: Datastore, ms = 8000): Promise<string | undefined> {
  return withDeadline(ms, async (signal) => {
    const [seen] = await store.read([{ kind: "get", key: KEY }], { signal });
    assert(seen?.kind === "get");
    return seen.entry?.value;
  });
}

/** No timer of it is left when the call ends. */
async function withDeadline<T>(ms: number, fn: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  try {
    return await fn(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Asserts that a call fails with a kind of failure and a repair that helps.
 *
 * @param call The call.
 * @param kind The kind.
 * @param repair What the repair says.
 * @returns The error.
 */
export async function assertFails(
  call: Promise<unknown>,
  kind: DatastoreError["kind"],
  repair: RegExp = /./,
): Promise<DatastoreError> {
  const error = await call.then(
    (value) => new Error(`Nothing failed: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof DatastoreError)) throw error;
  assertEquals(error.kind, kind, `${error.message}; ${error.repair}`);
  assert(repair.test(error.repair), `${error.message}; ${error.repair}`);
  return error;
}
