/**
 * Lets grpc-js connect to an endpoint by name where only `host:port` is permitted.
 *
 * grpc-js looks the host up without its port, and connects to the addresses that it gets. Deno wants
 * permissions for that which an executable baked for `host:port` does not have: for every port of the
 * host, and for each address. So the host is handed back as its own address: the connection looks it up,
 * with its port, for which the permission of `host:port` is enough.
 *
 * @module
 */

interface Dns {
  readonly promises: { lookup: (host: string, options?: unknown) => Promise<unknown> };
}

/** The hosts that are not looked up. */
const HOSTS = new Set<string>();

let repaired = false;

/**
 * Repairs the lookup of one endpoint's host, where this program may not look it up.
 *
 * @param endpoint The endpoint, as `https://etcd.example:2379`.
 */
export async function repairLookup(endpoint: string): Promise<void> {
  const { hostname: host } = new URL(endpoint);
  if (Deno.permissions.querySync({ name: "net", host }).state === "granted") return;
  HOSTS.add(host);
  if (repaired) return;
  repaired = true;
  const { default: module } = await import("node:dns");
  const { promises } = module as unknown as Dns;
  const original = promises.lookup;
  promises.lookup = (name, options) =>
    HOSTS.has(name) ? Promise.resolve([{ address: name, family: 4 }]) : original(name, options);
}

/**
 * Tells whether this program may connect to an endpoint: Deno 2.6 tells grpc-js that the connection was
 * refused where it is the permission that is missing.
 *
 * @param endpoint The endpoint, with its port.
 * @returns What stands in the way; undefined where nothing does.
 */
export function missingPermission(endpoint: string): Error | undefined {
  // Not by URL, which hides a port that is the default of its scheme.
  const host = endpoint.replace(/^\w+:\/\//, "");
  if (Deno.permissions.querySync({ name: "net", host }).state === "granted") return undefined;
  return new Error(`Requires net access to "${host}"`);
}
