/**
 * Opens the etcd datastore.
 *
 * @module
 */
import type { EtcdConfig } from "../../config/config.ts";
import type { CallOptions, Datastore } from "../datastore.ts";
import { EtcdAuto } from "./auto.ts";
import { type EtcdContext, type EtcdOptions, makeContext } from "./context.ts";
import { openGateway } from "./gateway.ts";

export type { EtcdOptions } from "./context.ts";

/**
 * Opens the etcd datastore: no file is read and no connection made before the first call.
 *
 * @param config The configuration of etcd.
 * @param options Folders and chance.
 * @returns The datastore; dispose of it.
 */
export function openEtcd(config: EtcdConfig, options: EtcdOptions): Datastore {
  const context = makeContext(config, options);
  switch (config.transport) {
    case "gateway":
      return openGateway(context);
    case "grpc":
      return lazyGrpc(context);
    case "auto":
      return new EtcdAuto(context, options);
  }
}

/** Only gRPC that is used is loaded. */
function lazyGrpc(context: EtcdContext): Datastore {
  let opening: Promise<Datastore> | undefined;
  const open = (): Promise<Datastore> =>
    opening ??= import("./grpc.ts").then(({ openGrpc }) => openGrpc(context));
  return {
    read: async (reads, options: CallOptions) => await (await open()).read(reads, options),
    commit: async (txn, options: CallOptions) => await (await open()).commit(txn, options),
    [Symbol.asyncDispose]: async () => await (await opening)?.[Symbol.asyncDispose](),
  };
}
