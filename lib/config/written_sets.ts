/**
 * Collects range sets from the three places where they may be written.
 *
 * @module
 */
import type { AddrRange } from "../net/range.ts";
import { firstOf, lastOf, type Prefix } from "../net/prefix.ts";
import type { Report } from "./mistakes.ts";
import type { RawIpam, RawNetconf, RawRange } from "./shape.ts";

/** A range set as it is written, each range with its path. */
export interface WrittenSet {
  /** Where it stands in the netconf. */
  readonly path: string;
  /** In the order in which they are written. */
  readonly ranges: readonly { readonly raw: RawRange; readonly path: string }[];
}

/** Options of {@linkcode writtenSets}. */
export interface WrittenSetsOptions {
  /** Where mistakes go. */
  readonly report: Report;
  /** Whether a netconf without any range is a mistake. */
  readonly required: boolean;
}

/**
 * Collects the range sets: `runtimeConfig.ipRanges`, then `subnet` in `ipam`, then `ipam.ranges`.
 *
 * @param netconf A netconf of the right shape.
 * @param options Where mistakes go, and whether there must be a range.
 * @returns The sets in the order in which addresses are taken of them.
 */
export function writtenSets(netconf: RawNetconf, options: WrittenSetsOptions): WrittenSet[] {
  const { ipam } = netconf;
  const { report, required } = options;
  const sets = [
    ...listed(netconf.runtimeConfig?.ipRanges, { path: "runtimeConfig.ipRanges", report }),
    ...besideSubnet(ipam, report),
    ...listed(ipam.ranges, { path: "ipam.ranges", report }),
  ];
  if (sets.length === 0 && required) {
    report.mistakes.push({
      path: "ipam",
      what: "there is no range to take addresses of",
      repair: 'Write "subnet", or "ranges": [[{ "subnet": "10.188.0.0/16" }]]',
    });
  }
  return sets;
}

/**
 * Tells whether a range and a subnet share an address.
 *
 * @param range The range.
 * @param subnet The subnet.
 * @returns `true` if at least one address is in both.
 */
export function isInside(range: AddrRange, subnet: Prefix): boolean {
  return range.family === subnet.family && range.first <= lastOf(subnet) &&
    firstOf(subnet) <= range.last;
}

function listed(
  sets: RawIpam["ranges"],
  { path, report }: { readonly path: string; readonly report: Report },
): WrittenSet[] {
  return (sets ?? []).map((ranges, index) => {
    const at = `${path}[${index}]`;
    if (ranges.length === 0) {
      report.mistakes.push({
        path: at,
        what: "is a set without ranges",
        repair: 'Write [{ "subnet": "10.188.0.0/16" }], or remove it',
      });
    }
    return { path: at, ranges: ranges.map((raw, member) => ({ raw, path: `${at}[${member}]` })) };
  });
}

const NEEDS_SUBNET = ["rangeStart", "rangeEnd", "gateway", "fixedStart", "fixedEnd"] as const;

function besideSubnet(ipam: RawIpam, report: Report): WrittenSet[] {
  if (ipam.subnet !== undefined && ipam.subnet !== "") {
    return [{ path: "ipam", ranges: [{ raw: ipam, path: "ipam" }] }];
  }
  if (report.mistakes.some(({ path }) => path === "ipam.subnet")) return [];
  for (const key of NEEDS_SUBNET) {
    if (ipam[key] === undefined || ipam[key] === "") continue;
    report.mistakes.push({
      path: `ipam.${key}`,
      what: "has no subnet beside it",
      repair: 'Write "subnet" beside it, or move it into the range that it is for',
    });
  }
  return [];
}
