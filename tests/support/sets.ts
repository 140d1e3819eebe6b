/**
 * Range sets for tests of the allocator, without a netconf.
 *
 * @module
 */
import type { RangeSet, Wish } from "../../lib/config/config.ts";
import type { Retain } from "../../lib/config/retain.ts";
import { parseAddr } from "../../lib/net/addr.ts";
import { clipIntervals, mergeIntervals, subtractIntervals } from "../../lib/net/interval.ts";
import { firstOf, lastOf, parsePrefix } from "../../lib/net/prefix.ts";
import { parseRange } from "../../lib/net/range.ts";

/** One range of a set: its subnet, what random choice may grant (`a-b`, default all but the ends), and its gateway. */
export interface RangeText {
  readonly subnet: string;
  readonly random?: string;
  readonly exclude?: readonly string[];
  readonly gateway?: string;
  readonly retain?: Retain;
}

/** A range set from texts. Whatever of a subnet is not random is fixed. */
export function setOf(...ranges: readonly RangeText[]): RangeSet {
  const family = parsePrefix(ranges[0]?.subnet ?? "").family;
  return {
    family,
    ranges: ranges.map(({ subnet, random, exclude = [], gateway, retain = "none" }, index) => {
      const prefix = parsePrefix(subnet);
      const inner = { first: firstOf(prefix) + 1n, last: lastOf(prefix) - 1n };
      const kept = gateway === undefined ? [] : [parseRange(gateway)];
      const without = mergeIntervals([...exclude.map(parseRange), ...kept]);
      const usable = subtractIntervals([inner], without);
      const drawn = random === undefined ? usable : clipIntervals(usable, parseRange(random));
      return {
        subnet: prefix,
        gateway: gateway === undefined ? undefined : parseAddr(gateway),
        random: drawn,
        fixed: subtractIntervals(usable, drawn),
        retain,
        path: `ipam.ranges[0][${index}]`,
      };
    }),
  };
}

/** A wish for an address of the first range of a set. */
export function wishFor(ip: string, set = 0, range = 0): Wish {
  return {
    set,
    range,
    source: "args",
    addr: parseAddr(ip),
    length: undefined,
    text: ip,
    path: "args.cni.ips[0]",
  };
}
