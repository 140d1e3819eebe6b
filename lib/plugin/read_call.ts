/**
 * The configuration of a call; what it connects to is begun while the rest of it is read.
 *
 * @module
 */
import type { Invocation } from "../cni/environment.ts";
import { type Connections, loadConfig } from "../config/load.ts";
import { openDatastore } from "../datastore/open.ts";
import type { Begun, Call } from "./call.ts";
import { isFromKubernetes, openApi } from "./kubernetes.ts";
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
  const { invocation, netconf, timeoutMs } = call;
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
        begun = begin(connections, { invocation, kubernetes, timeoutMs });
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
  options: {
    readonly invocation: Invocation;
    readonly kubernetes: boolean;
    readonly timeoutMs: number;
  },
): Begun {
  const { invocation: { command }, kubernetes, timeoutMs } = options;
  const { datastore } = connections;
  const api = command === "ADD" ? openApi({ config: connections, kubernetes }) : undefined;
  const store = datastore.kind === "etcd"
    ? openDatastore(connections, { random: randomFraction, timeoutMs, isUrgent: true })
    : undefined;
  for (const one of [api, store]) one?.catch(() => {}); // told where it is waited for
  return { ...(api === undefined ? {} : { api }), ...(store === undefined ? {} : { store }) };
}

async function end({ api, store }: Begun): Promise<void> {
  for (const one of [api, store]) {
    const opened = await one?.catch(() => undefined);
    await opened?.[Symbol.asyncDispose]();
  }
}
