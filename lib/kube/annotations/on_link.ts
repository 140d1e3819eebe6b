/**
 * Whether a netmask and a gateway fit the address that they are asked for with.
 *
 * @module
 */
import type { Range, ResultWish } from "../../config/config.ts";
import { refusedSubnet } from "../../config/subnet.ts";
import { type Addr, bitsOf, equalAddr, formatAddr } from "../../net/addr.ts";
import { hasValue, type Intervals, subtractIntervals } from "../../net/interval.ts";
import {
  contains,
  firstOf,
  formatPrefix,
  lastOf,
  type Prefix,
  prefixOf,
} from "../../net/prefix.ts";
import type { Complaint } from "./report.ts";
import type { Home } from "./fixed_place.ts";

/** What is asked for with an address. */
export interface OnLinkOptions {
  /** The range of the address. */
  readonly range: Range;
  /** Netmask and gateway, as far as they are given. */
  readonly result: ResultWish;
}

/**
 * Checks an address with its netmask and gateway.
 *
 * @param addr The address.
 * @param options Its range, netmask and gateway.
 * @returns What is wrong, if anything is.
 */
export function checkOnLink(addr: Addr, options: OnLinkOptions): Complaint | undefined {
  const { range, result } = options;
  const net = prefixOf(addr, result.prefixLength ?? range.subnet.length);
  if (result.prefixLength !== undefined) {
    if (hasValue(specialOf(net), addr.value)) {
      const end = addr.value === firstOf(net) ? "network" : "broadcast";
      return {
        what: `Cannot give ${formatAddr(addr)} as it is the ${end} address of ` +
          `${formatPrefix(net)}, its own netmask`,
        repair: "Write a shorter prefix, or another address",
      };
    }
  }
  if (result.gateway !== undefined && equalAddr(result.gateway, addr)) {
    return {
      what: `Cannot use kube-ipam.gateway ${formatAddr(addr)} as it must not be the address itself`,
      repair: "Write the address of the router",
    };
  }
  return checkNet(net, options);
}

/** Which addresses of a pool remain, or what is wrong. */
export type OnLinkPool =
  | { readonly kind: "kept"; readonly members: Intervals }
  | { readonly kind: "wrong"; readonly complaint: Complaint };

/**
 * Checks the part of a pool that one range holds with its netmask and gateway.
 *
 * @param members The addresses, at least one.
 * @param options Their range, netmask and gateway.
 * @returns Those that are neither the gateway nor the network or broadcast address, or what is wrong.
 */
export function keepOnLink(members: Intervals, options: OnLinkOptions): OnLinkPool {
  const { range: { subnet }, result } = options;
  const first = { family: subnet.family, value: members[0]?.first ?? subnet.network };
  const last = { family: subnet.family, value: members.at(-1)?.last ?? subnet.network };
  const net = prefixOf(first, result.prefixLength ?? subnet.length);
  if (!isFull(net) && !contains(net, last)) {
    return {
      kind: "wrong",
      complaint: {
        what: `Cannot use netmask /${net.length} as it must cover the pool from ` +
          `${formatAddr(first)} to ${formatAddr(last)}: current value is ${formatPrefix(net)}`,
        repair: "Write a shorter prefix, or a smaller pool",
      },
    };
  }
  const complaint = checkNet(net, options);
  if (complaint !== undefined) return { kind: "wrong", complaint };
  const { gateway } = result;
  const special = result.prefixLength === undefined ? [] : specialOf(net);
  const kept = subtractIntervals(members, special);
  if (gateway === undefined || gateway.family !== subnet.family) {
    return { kind: "kept", members: kept };
  }
  const router = { first: gateway.value, last: gateway.value };
  return { kind: "kept", members: subtractIntervals(kept, [router]) };
}

/**
 * Tells that random choice may give a gateway to a pod.
 *
 * @param gateway The gateway that is asked for.
 * @param homes The ranges of the network.
 * @returns The range that it is part of.
 */
export function drawnGateway(
  gateway: Addr | undefined,
  homes: readonly Home[],
): Home | undefined {
  return gateway === undefined
    ? undefined
    : homes.find(({ range: { subnet, random } }) =>
      subnet.family === gateway.family && hasValue(random, gateway.value)
    );
}

/** What is wrong with the network of an address, and with the gateway in it. */
function checkNet(net: Prefix, { range, result }: OnLinkOptions): Complaint | undefined {
  const refused = result.prefixLength === undefined ? undefined : refusedSubnet(net);
  if (refused !== undefined) {
    return {
      what: `Cannot use netmask /${net.length} as ${formatPrefix(net)} ${refused.what}`,
      repair: refused.repair,
    };
  }
  const given = result.gateway;
  const gateway = given ?? (result.prefixLength === undefined ? undefined : range.gateway);
  if (gateway === undefined) return undefined;
  const rule = brokenRule(gateway, net);
  if (rule === undefined) return undefined;
  if (given === undefined) {
    return {
      what: `Cannot use netmask /${net.length} as the gateway of ${range.path} ${rule}: ` +
        `current value is ${formatAddr(gateway)}`,
      repair: `Add kube-ipam.gateway with an address of ${formatPrefix(net)}`,
    };
  }
  return {
    what: `Cannot use kube-ipam.gateway as it ${rule}: current value is ${formatAddr(gateway)}`,
    repair: isFull(net)
      ? "Write the address of the router"
      : `Write an address of ${formatPrefix(net)}, or another kube-ipam.netmask`,
  };
}

function brokenRule(gateway: Addr, net: Prefix): string | undefined {
  if (isFull(net)) {
    const refused = refusedSubnet(prefixOf(gateway, bitsOf(gateway.family)));
    return refused === undefined ? undefined : `must not be reserved, but ${refused.what}`;
  }
  if (!contains(net, gateway)) return `must lie in the network ${formatPrefix(net)}`;
  if (!hasValue(specialOf(net), gateway.value)) return undefined;
  return `must not be the network or broadcast address of ${formatPrefix(net)}`;
}

function isFull({ family, length }: Prefix): boolean {
  return length === bitsOf(family);
}

/** Addresses of a network that no host has; IPv6 has no broadcast address. */
function specialOf(net: Prefix): Intervals {
  if (bitsOf(net.family) - net.length < 2) return [];
  const first = { first: firstOf(net), last: firstOf(net) };
  return net.family === 6 ? [first] : [first, { first: lastOf(net), last: lastOf(net) }];
}
