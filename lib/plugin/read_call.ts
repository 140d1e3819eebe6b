/**
 * The configuration of a call; what it connects to is begun while the rest of it is read.
 *
 * @module
 */
import { type Connections, loadConfig } from "../config/load.ts";
import { openDatastore } from "../datastore/open.ts";
import type { KubeApi } from "../kube/api.ts";
import type { Pod } from "../kube/pod.ts";
import type { AddCall, Begun, Call } from "./call.ts";
import { isFromKubernetes, openApi, readsPod } from "./kubernetes.ts";
import { randomFraction } from "./random.ts";

/** A call whose configuration is not read yet. */
export type UnreadCall = Omit<Call, "config" | "kubernetes" | "begun">;

/**
 * Reads the configuration of a call.
 *
 * @param call The call.
 * @returns The call with its configuration.
 * @throws {CniError} As {@linkcode loadConfig}.
 */
export async function readCall(call: UnreadCall): Promise<Call> {
  const { invocation, netconf } = call;
  const { command } = invocation;
  const kubernetes = isFromKubernetes(invocation, netconf);
  const args = "args" in invocation ? invocation.args : { ips: [], gateways: [] };
  let begun: Begun = {};
  try {
    const config = loadConfig(netconf, {
      args,
      kubernetes,
      command,
      onConnections: (connections) => {
        begun = begin(connections, { call, kubernetes });
      },
    });
    return { ...call, config, kubernetes, begun };
  } catch (error) {
    await end(begun);
    throw error;
  }
}

/** Begins what takes its time and leaves no trace: SQLite would make its file for a netconf that is then refused. */
function begin(
  connections: Connections,
  { call, kubernetes }: { readonly call: UnreadCall; readonly kubernetes: boolean },
): Begun {
  const { invocation, timeoutMs } = call;
  const { datastore } = connections;
  const isWaiting = invocation.command === "ADD" &&
    readsPod({ config: connections, kubernetes });
  const api = isWaiting ? openApi({ config: connections, kubernetes }) : undefined;
  const pod = isWaiting && api !== undefined ? podOf(api, { ...call, invocation }) : undefined;
  // While the pod is waited for, etcd may as well shake hands.
  const ahead = isWaiting ? "ask" : "connect";
  const store = datastore.kind === "etcd"
    ? openDatastore(connections, { random: randomFraction, timeoutMs, ahead })
    : undefined;
  for (const one of [api, pod, store]) one?.catch(() => {}); // told where it is waited for
  return {
    ...(api === undefined ? {} : { api }),
    ...(pod === undefined ? {} : { pod }),
    ...(store === undefined ? {} : { store }),
  };
}

async function podOf(
  opening: Promise<KubeApi | undefined>,
  { invocation: { args }, signal }: Pick<AddCall, "invocation" | "signal">,
): Promise<Pod | undefined> {
  const api = await opening;
  if (api === undefined) return undefined;
  const { readOwnPod } = await import("./pod.ts");
  return await readOwnPod(args, { api, signal });
}

async function end({ api, store }: Begun): Promise<void> {
  for (const one of [api, store]) {
    const opened = await one?.catch(() => undefined);
    await opened?.[Symbol.asyncDispose]();
  }
}
