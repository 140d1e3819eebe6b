/**
 * The routes of a result.
 *
 * @module
 */
import type { ResultIp, Route } from "../cni/result.ts";
import { type Addr, equalAddr, type Family } from "../net/addr.ts";

/**
 * Gives routes without a next hop the gateway of the granted addresses of their family.
 *
 * @param routes The routes of the netconf.
 * @param ips The addresses that were granted.
 * @returns The routes. Where the addresses of one family have several gateways, `gw` stays absent: the main plugin chooses.
 */
export function withGateways(routes: readonly Route[], ips: readonly ResultIp[]): readonly Route[] {
  return routes.map((route) => {
    const gw = route.gw ?? onlyGateway(route.dst.family, ips);
    return gw === undefined ? route : { ...route, gw };
  });
}

function onlyGateway(family: Family, ips: readonly ResultIp[]): Addr | undefined {
  const [first, ...others] = ips.flatMap(({ addr, gateway }) =>
    addr.family === family && gateway !== undefined ? [gateway] : []
  );
  return others.every((gateway) => first !== undefined && equalAddr(gateway, first))
    ? first
    : undefined;
}
