/**
 * One range as it is written, with its defaults filled in and its mistakes told.
 *
 * Nothing is cut out yet: that needs all ranges of the netconf (`ranges.ts`).
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc3021} for /31, {@link
 * https://www.rfc-editor.org/rfc/rfc6164} for /127, {@link
 * https://www.rfc-editor.org/rfc/rfc4291#section-2.6.1} for the subnet-router anycast address.
 * @module
 */
import { type Addr, bitsOf, type Family, formatAddr, parseAddr } from "../net/addr.ts";
import type { Interval } from "../net/interval.ts";
import {
  contains,
  firstOf,
  formatPrefix,
  lastOf,
  parseAddrPrefix,
  parsePrefix,
  type Prefix,
  prefixOf,
} from "../net/prefix.ts";
import { type AddrRange, formatRange, parseRange } from "../net/range.ts";
import { reasonOf, type Report } from "./mistakes.ts";
import type { RawRange } from "./shape.ts";
import { refusedSubnet } from "./subnet.ts";

/** Addresses that are never granted, and where that is written. */
export interface Excluded extends AddrRange {
  /** Where it stands in the netconf. */
  readonly path: string;
}

/** A range before anything is cut out of it. */
export interface DraftRange {
  /** The prefix that holds all of it. */
  readonly subnet: Prefix;
  /** The router, if there is one. */
  readonly gateway: Addr | undefined;
  /** rangeStart..rangeEnd. */
  readonly window: Interval;
  /** fixedStart..fixedEnd. */
  readonly fixed: Interval | undefined;
  /** What `exclude` of this range names. */
  readonly excluded: readonly Excluded[];
  /** Addresses that have a meaning of their own in the subnet: network, broadcast, anycast. */
  readonly special: readonly Interval[];
  /** Where it stands in the netconf. */
  readonly path: string;
}

/** Where a value stands, and where mistakes go. */
export interface At {
  /** Where it stands in the netconf. */
  readonly path: string;
  /** Where mistakes go. */
  readonly report: Report;
}

const MEMBERS = ["gateway", "rangeStart", "rangeEnd", "fixedStart", "fixedEnd"] as const;

/**
 * Reads one range.
 *
 * @param raw As it is written.
 * @param at Its path, and where mistakes go.
 * @returns The range, or `undefined` when a mistake makes it useless.
 */
export function draftRange(raw: RawRange, at: At): DraftRange | undefined {
  const { path, report } = at;
  const before = report.mistakes.length;
  const excluded = readExclude(raw.exclude, at);
  const subnet = readSubnet(raw.subnet, at);
  if (subnet === undefined) {
    for (const key of MEMBERS) readAddr(key, { ...at, text: raw[key] });
    return undefined;
  }
  const inside = { ...at, subnet };
  const given = {
    gateway: readMember("gateway", { ...inside, text: raw.gateway }),
    start: readMember("rangeStart", { ...inside, text: raw.rangeStart }),
    end: readMember("rangeEnd", { ...inside, text: raw.rangeEnd }),
    fixedStart: readMember("fixedStart", { ...inside, text: raw.fixedStart }),
    fixedEnd: readMember("fixedEnd", { ...inside, text: raw.fixedEnd }),
  };
  const special = specialOf(subnet);
  const { family, network } = subnet;
  const gateway = given.gateway ??
    (hasHosts(subnet) ? { family, value: network + 1n } : undefined);
  if (gateway !== undefined && within(special, gateway.value)) {
    report.mistakes.push({
      path: `${path}.gateway`,
      what: `${formatAddr(gateway)} is the network or broadcast address of ${formatPrefix(subnet)}`,
      repair: "Write the address of the router",
    });
  }
  const window = {
    first: given.start?.value ?? (hasHosts(subnet) ? network + 2n : network),
    last: given.end?.value ?? defaultEnd(subnet),
  };
  checkOrder(window, { ...inside, keys: ["rangeStart", "rangeEnd"] });
  for (const [key, end] of [["rangeStart", given.start], ["rangeEnd", given.end]] as const) {
    if (end === undefined || !within(special, end.value)) continue;
    report.warnings.push({
      path: `${path}.${key}`,
      what: `${formatAddr(end)} is the network or broadcast address of ${formatPrefix(subnet)}`,
      repair: "It is never granted, the range goes without it",
    });
  }
  const fixed = readFixed(raw, { ...inside, ends: given });
  if (report.mistakes.length > before) return undefined;
  return { subnet, gateway, window, fixed, excluded, special, path };
}

/**
 * Reads a list of addresses that are never granted.
 *
 * @param list Addresses, prefixes and `first-last`.
 * @param at Path of what the list belongs to, and where mistakes go.
 * @returns Those that could be read.
 */
export function readExclude(list: readonly string[] | undefined, at: At): Excluded[] {
  return (list ?? []).flatMap((text, index) => {
    const path = `${at.path}.exclude[${index}]`;
    try {
      return [{ ...parseRange(text), path }];
    } catch (error) {
      at.report.mistakes.push({
        path,
        what: reasonOf(error),
        repair: 'Write an address, a prefix or "first-last"',
      });
      return [];
    }
  });
}

interface Inside extends At {
  readonly subnet: Prefix;
}

function readSubnet(text: string | undefined, { path, report }: At): Prefix | undefined {
  const at = `${path}.subnet`;
  if (report.mistakes.some((mistake) => mistake.path === at)) return undefined; // not even a text
  if (text === undefined || text === "") {
    report.mistakes.push({
      path: at,
      what: "is missing",
      repair: 'Write the prefix of the network, such as "10.188.0.0/16"',
    });
    return undefined;
  }
  try {
    const subnet = parsePrefix(text);
    const refused = refusedSubnet(subnet);
    if (refused === undefined) return subnet;
    report.mistakes.push({
      path: at,
      what: `${formatPrefix(subnet)} ${refused.what}`,
      repair: refused.repair,
    });
  } catch (error) {
    report.mistakes.push({
      path: at,
      what: reasonOf(error),
      repair: `Write the prefix of the network${suggestion(text)}`,
    });
  }
  return undefined;
}

/** The network that an address with host bits lies in; an example for anything else. */
function suggestion(text: string): string {
  try {
    const { addr, length } = parseAddrPrefix(text);
    if (length !== undefined) return `: "${formatPrefix(prefixOf(addr, length))}"`;
  } catch {
    // it is not nearly a prefix
  }
  return ', such as "10.188.0.0/16"';
}

function readMember(
  key: string,
  options: Inside & { readonly text: string | undefined },
): Addr | undefined {
  const { path, report, subnet } = options;
  const addr = readAddr(key, options);
  if (addr === undefined || contains(subnet, addr)) return addr;
  report.mistakes.push({
    path: `${path}.${key}`,
    what: `${formatAddr(addr)} is outside the subnet ${formatPrefix(subnet)}`,
    repair: `Write an address of the subnet ${formatPrefix(subnet)}`,
  });
  return undefined;
}

function readAddr(
  key: string,
  { path, report, text }: At & { readonly text: string | undefined },
): Addr | undefined {
  if (text === undefined || text === "") return undefined;
  try {
    return parseAddr(text);
  } catch (error) {
    report.mistakes.push({
      path: `${path}.${key}`,
      what: reasonOf(error),
      repair: "Write an address of the subnet",
    });
    return undefined;
  }
}

interface ReadFixedOptions extends Inside {
  readonly ends: { readonly fixedStart: Addr | undefined; readonly fixedEnd: Addr | undefined };
}

function readFixed(raw: RawRange, { ends, ...inside }: ReadFixedOptions): Interval | undefined {
  const hasStart = (raw.fixedStart ?? "") !== "";
  const hasEnd = (raw.fixedEnd ?? "") !== "";
  if (hasStart !== hasEnd) {
    const [missing, other] = hasStart ? ["fixedEnd", "fixedStart"] : ["fixedStart", "fixedEnd"];
    inside.report.mistakes.push({
      path: `${inside.path}.${missing}`,
      what: `is missing beside ${other}`,
      repair: "Write both, or none",
    });
  }
  const { fixedStart, fixedEnd } = ends;
  if (fixedStart === undefined || fixedEnd === undefined) return undefined;
  const fixed = { first: fixedStart.value, last: fixedEnd.value };
  checkOrder(fixed, { ...inside, keys: ["fixedStart", "fixedEnd"] });
  return fixed;
}

function checkOrder(
  { first, last }: Interval,
  { path, report, subnet, keys }: Inside & { readonly keys: readonly [string, string] },
): void {
  if (first <= last) return;
  const [start, end] = [first, last].map((value) => formatAddr({ family: subnet.family, value }));
  report.mistakes.push({
    path: `${path}.${keys[0]}`,
    what: `${start} is after ${keys[1]} ${end}`,
    repair: `Write both, ${keys[0]} not after ${keys[1]}; absent ones have their defaults`,
  });
}

function hasHosts({ family, length }: Prefix): boolean {
  return bitsOf(family) - length >= 2;
}

function defaultEnd(subnet: Prefix): bigint {
  const last = lastOf(subnet);
  if (subnet.family === 4) return hasHosts(subnet) ? last - 1n : last;
  const end = subnet.network + 0xffn;
  return end < last ? end : last;
}

function specialOf(subnet: Prefix): readonly Interval[] {
  if (!hasHosts(subnet)) return [];
  const first = { first: firstOf(subnet), last: firstOf(subnet) };
  return subnet.family === 6 ? [first] : [first, { first: lastOf(subnet), last: lastOf(subnet) }];
}

function within(list: readonly Interval[], value: bigint): boolean {
  return list.some(({ first, last }) => first <= value && value <= last);
}

/**
 * Writes an interval as people read it.
 *
 * @param interval The interval.
 * @param family Its family.
 * @returns `first-last`, or one address.
 */
export function formatInterval(interval: Interval, family: Family): string {
  return formatRange({ family, ...interval });
}
