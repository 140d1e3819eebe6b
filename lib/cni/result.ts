/**
 * The result of ADD, in the shape of each protocol version.
 *
 * An IPAM plugin leaves `interfaces` and the `interface` of an address out: its caller fills them in.
 *
 * @see https://www.cni.dev/docs/spec/#add-success
 * @module
 */
import { type Addr, type Family, formatAddr } from "../net/addr.ts";
import { formatPrefix, type Prefix } from "../net/prefix.ts";
import { atLeast, type CniVersion } from "./version.ts";

/** One route for the container. */
export interface Route {
  /** Where it leads. */
  readonly dst: Prefix;
  /** The next hop. */
  readonly gw?: Addr;
  /** The MTU along the path, in bytes. */
  readonly mtu?: number;
  /** The segment size to advertise, in bytes. */
  readonly advmss?: number;
  /** Lower is preferred. */
  readonly priority?: number;
  /** The routing table. */
  readonly table?: number;
  /** Global (0), link (253) or host (254). */
  readonly scope?: number;
}

/** What resolv.conf of the container is made of. */
export interface Dns {
  /** In order of priority. */
  readonly nameservers?: readonly string[];
  /** The local domain, for short host names. */
  readonly domain?: string;
  /** Domains to search for short host names, in order of priority. */
  readonly search?: readonly string[];
  /** Options of the resolver. */
  readonly options?: readonly string[];
}

/** One granted address. */
export interface ResultIp {
  /** The address. */
  readonly addr: Addr;
  /** The length of its subnet's prefix, in bits. */
  readonly prefixLength: number;
  /** The default gateway of the subnet, if it has one. */
  readonly gateway?: Addr;
}

/** What ADD grants. */
export interface IpamResult {
  /** At least one; up to version 0.2.0 at most one of each family. */
  readonly ips: readonly ResultIp[];
  /** For the container, in order. */
  readonly routes: readonly Route[];
  /** Empty when the network has nothing to say about names. */
  readonly dns: Dns;
}

/**
 * Prints the result of ADD.
 *
 * Up to 0.2.0 there are `ip4` and `ip6`, each with the routes of its family, of which only `dst`
 * and `gw` exist. From 0.3.0 to 0.4.0 each of `ips` has a `version`. What is not set is left out,
 * and so are empty lists; a zero that is set is printed.
 *
 * @param result What is granted.
 * @param version The version of the configuration.
 * @returns One JSON object.
 * @throws {RangeError} If there is no address, or two of a family in a version that has room for
 * one: the configuration must have been refused before anything was granted.
 * @see https://www.cni.dev/docs/spec/#delegated-plugins-ipam
 */
export function formatResult(result: IpamResult, version: CniVersion): string {
  if (result.ips.length === 0) {
    throw new RangeError("Cannot print a result as it must have an address: current number is 0");
  }
  const dns = toDns(result.dns);
  if (!atLeast(version, "0.3.0")) {
    const ip4 = toFamily(result, 4);
    const ip6 = toFamily(result, 6);
    return JSON.stringify({ cniVersion: version, ip4, ip6, dns });
  }
  const ips = result.ips.map((ip) => toIp(ip, !atLeast(version, "1.0.0")));
  const routes = result.routes.length === 0 ? undefined : result.routes.map(toRoute);
  return JSON.stringify({ cniVersion: version, ips, routes, dns });
}

// The functions below rely on JSON.stringify: it leaves out what is undefined.

function toIp(ip: ResultIp, withVersion: boolean): Readonly<Record<string, unknown>> {
  return {
    version: withVersion ? String(ip.addr.family) : undefined,
    address: toCidr(ip),
    gateway: toAddr(ip.gateway),
  };
}

function toFamily(result: IpamResult, family: Family): unknown {
  const [ip, ...more] = result.ips.filter(({ addr }) => addr.family === family);
  if (more.length > 0) {
    throw new RangeError(
      `Cannot print a result as CNI before 0.3.0 has one address per family: current number is ${
        more.length + 1
      } of IPv${family}`,
    );
  }
  if (ip === undefined) return undefined;
  const routes = result.routes.filter(({ dst }) => dst.family === family)
    .map(({ dst, gw }) => ({ dst: formatPrefix(dst), gw: toAddr(gw) }));
  return {
    ip: toCidr(ip),
    gateway: toAddr(ip.gateway),
    routes: routes.length === 0 ? undefined : routes,
  };
}

function toRoute(route: Route): Readonly<Record<string, unknown>> {
  // The fields that 1.1.0 added go to the older versions too: runtimes ignore them there, and the
  // plugins that apply routes read them whatever the version.
  const { mtu, advmss, priority, table, scope } = route;
  return {
    dst: formatPrefix(route.dst),
    gw: toAddr(route.gw),
    mtu,
    advmss,
    priority,
    table,
    scope,
  };
}

function toDns(dns: Dns): Dns | undefined {
  const { nameservers = [], domain = "", search = [], options = [] } = dns;
  const filled: Dns = {
    ...(nameservers.length === 0 ? {} : { nameservers }),
    ...(domain === "" ? {} : { domain }),
    ...(search.length === 0 ? {} : { search }),
    ...(options.length === 0 ? {} : { options }),
  };
  return Object.keys(filled).length === 0 ? undefined : filled;
}

function toCidr(ip: ResultIp): string {
  return `${formatAddr(ip.addr)}/${ip.prefixLength}`;
}

function toAddr(addr: Addr | undefined): string | undefined {
  return addr === undefined ? undefined : formatAddr(addr);
}
