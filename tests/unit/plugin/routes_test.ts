import { assertEquals } from "@std/assert";
import type { ResultIp, Route } from "../../../lib/cni/result.ts";
import { formatAddr, parseAddr } from "../../../lib/net/addr.ts";
import { parsePrefix } from "../../../lib/net/prefix.ts";
import { withGateways } from "../../../lib/plugin/routes.ts";

function ipOf(address: string, gateway?: string): ResultIp {
  return {
    addr: parseAddr(address),
    prefixLength: 24,
    ...(gateway === undefined ? {} : { gateway: parseAddr(gateway) }),
  };
}

function gatewaysOf(routes: readonly Route[], ips: readonly ResultIp[]): readonly string[] {
  return withGateways(routes, ips).map(({ gw }) => gw === undefined ? "none" : formatAddr(gw));
}

const V4: Route = { dst: parsePrefix("0.0.0.0/0") };
const V6: Route = { dst: parsePrefix("::/0") };
const OWN: Route = { dst: parsePrefix("10.7.0.0/16"), gw: parseAddr("10.1.0.9") };

Deno.test("withGateways() gives a route the gateway of the address of its family", () => {
  const ips = [ipOf("10.1.0.5", "10.1.0.1"), ipOf("fd00::5", "fd00::1")];
  assertEquals(gatewaysOf([V4, V6, OWN], ips), ["10.1.0.1", "fd00::1", "10.1.0.9"]);
});

Deno.test("withGateways() leaves gw out where the addresses differ in it, or have none", () => {
  const two = [ipOf("10.1.0.5", "10.1.0.1"), ipOf("10.2.0.5", "10.2.0.1")];
  assertEquals(gatewaysOf([V4, OWN], two), ["none", "10.1.0.9"]);
  const same = [ipOf("10.1.0.5", "10.1.0.1"), ipOf("10.1.0.6", "10.1.0.1"), ipOf("10.2.0.4")];
  assertEquals(gatewaysOf([V4, V6], same), ["10.1.0.1", "none"]);
  assertEquals(gatewaysOf([V4], []), ["none"]);
});
