/**
 * Loads `npm:etcd3` and `npm:@grpc/grpc-js` under our permissions, from source or from a bundle.
 *
 * @module
 */
import type { InterceptingCall } from "@grpc/grpc-js";
import type { Etcd3, IOptions } from "etcd3";
import { repairHttp2 } from "./http2_repair.ts";
import type { TlsTexts } from "./tls.ts";

/** What is used of the packages. */
export interface Etcd3Packages {
  readonly InterceptingCall: typeof InterceptingCall;
  /** Makes a client of one endpoint that never tries again by itself. */
  makeClient(
    endpoint: string,
    options: { readonly texts: TlsTexts | undefined; readonly maxBytes: number },
  ): Etcd3;
}

type FaultHandling = NonNullable<IOptions["faultHandling"]>;
type Policy = NonNullable<FaultHandling["global"]>;

const BACKOFF_MS = 50;

/**
 * Loads the packages.
 *
 * @returns What is used of them.
 */
export async function loadEtcd3(): Promise<Etcd3Packages> {
  await coverEnvironment();
  await coverBundle();
  await repairHttp2();
  const { Buffer } = await import("node:buffer");
  const grpc = namesOf(await import("@grpc/grpc-js"), "InterceptingCall");
  const etcd3 = namesOf(await import("etcd3"), "Etcd3");
  // The endpoints are tried by us: nothing of etcd3's own retries and circuit breakers.
  const once = { execute: (fn: (context: object) => unknown) => fn({}) } as unknown as Policy;
  return {
    InterceptingCall: grpc.InterceptingCall,
    makeClient: (endpoint, { texts, maxBytes }) =>
      new etcd3.Etcd3({
        hosts: endpoint,
        faultHandling: { global: once, host: () => once },
        grpcOptions: {
          "grpc.enable_http_proxy": 0,
          // Its own retries spin without end where a connection is closed as soon as it is made.
          "grpc.enable_retries": 0,
          // A client that failed is closed, but its timer goes on: not for long.
          "grpc.initial_reconnect_backoff_ms": BACKOFF_MS,
          "grpc.max_reconnect_backoff_ms": BACKOFF_MS,
          "grpc.service_config_disable_resolution": 1,
          "grpc.use_local_subchannel_pool": 1,
          "grpc.max_receive_message_length": maxBytes,
        },
        ...(texts === undefined ? {} : { credentials: credentialsOf(texts, Buffer.from) }),
      }),
  };
}

/** In a bundle the names of a CommonJS package arrive under `default`. */
function namesOf<T extends object>(module: T, name: keyof T): T {
  if (name in module) return module;
  return (module as unknown as { readonly default: T }).default;
}

function credentialsOf(
  { ca, cert, key }: TlsTexts,
  bytes: (text: string) => Buffer,
): NonNullable<IOptions["credentials"]> {
  return {
    // The type wants one; without it gRPC takes the roots of the system.
    ...(ca === undefined ? {} : { rootCertificate: bytes(ca) }),
    ...(cert === undefined || key === undefined
      ? {}
      : { certChain: bytes(cert), privateKey: bytes(key) }),
  } as NonNullable<IOptions["credentials"]>;
}

type Buffer = NonNullable<IOptions["credentials"]>["rootCertificate"];

/** grpc-js reads variables while it is loaded; without the permission that is an exception. */
async function coverEnvironment(): Promise<void> {
  if (Deno.permissions.querySync({ name: "env" }).state === "granted") return;
  const { default: process } = await import("node:process");
  const value = {};
  Object.defineProperty(process, "env", { value, configurable: true, writable: true });
}

/** In a bundle etcd3 finds neither `require` nor its `../proto/rpc.proto`, which stands beside the main module. */
async function coverBundle(): Promise<void> {
  const { mainModule } = Deno;
  if (!mainModule.startsWith("file:")) return;
  const { createRequire } = await import("node:module");
  const missing = {
    require: createRequire(mainModule),
    __dirname: decodeURIComponent(new URL("proto", mainModule).pathname),
  };
  for (const [name, value] of Object.entries(missing)) {
    if (name in globalThis) continue;
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}
