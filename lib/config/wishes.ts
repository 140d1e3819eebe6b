/**
 * Addresses that the runtime asks for.
 *
 * @see {@link https://www.cni.dev/docs/conventions/}
 * @module
 */
import { type Addr, equalAddr, formatAddr, parseAddr } from "../net/addr.ts";
import { hasValue } from "../net/interval.ts";
import { contains, formatPrefix, parseAddrPrefix } from "../net/prefix.ts";
import type { CniArgs } from "../cni/args.ts";
import { CniError, CODES } from "../cni/errors.ts";
import type { Range, RangeSet, Wish } from "./config.ts";
import { reasonOf, type Report } from "./mistakes.ts";
import { formatInterval } from "./range.ts";
import type { RawNetconf } from "./shape.ts";

/** Options of {@linkcode readWishes}. */
export interface ReadWishesOptions {
  /** What CNI_ARGS says. */
  readonly args: CniArgs;
  /** The range sets: one address is taken of each. */
  readonly sets: readonly RangeSet[];
  /** Where mistakes go. */
  readonly report: Report;
}

/** What {@linkcode readWishes} found. */
export interface ReadWishes {
  /** At most one per set, in the order of the sets. */
  readonly wishes: readonly Wish[];
  /** One line for each address that cannot be granted. */
  readonly refused: readonly string[];
}

interface Asked {
  readonly source: Wish["source"];
  readonly addr: Addr;
  readonly length: number | undefined;
  readonly text: string;
  readonly path: string;
}

/**
 * Reads `runtimeConfig.ips`, `args.cni.ips` and `IP=` of CNI_ARGS. For each set the first of the
 * three that names an address of it wins; of one source a set takes at most one.
 *
 * @param netconf A netconf of the right shape.
 * @param options CNI_ARGS, the range sets, and where mistakes go.
 * @returns The wishes, and the addresses that no set can grant.
 */
export function readWishes(netconf: RawNetconf, options: ReadWishesOptions): ReadWishes {
  const { args, sets, report } = options;
  const chosen = new Map<number, Wish>();
  const refused: string[] = [];
  const sources = [
    { source: "runtimeConfig", path: "runtimeConfig.ips", texts: netconf.runtimeConfig?.ips ?? [] },
    { source: "args", path: "args.cni.ips", texts: netconf.args?.cni?.ips ?? [] },
    { source: "cniArgs", path: "CNI_ARGS IP", texts: args.ips },
  ] as const;
  for (const { source, path, texts } of sources) {
    const asked: Asked[] = [];
    texts.forEach((text, index) => {
      const read = readAsked(text, { source, path: `${path}[${index}]`, report });
      if (read === undefined) return;
      if (asked.some(({ addr }) => equalAddr(addr, read.addr))) return;
      asked.push(read);
    });
    for (const one of asked) {
      const line = choose(one, { sets, chosen, report });
      if (line !== undefined) refused.push(line);
    }
  }
  const wishes = [...chosen.values()].sort((a, b) => a.set - b.set);
  checkGateways({ args, sets, wishes, report });
  return { wishes, refused };
}

/**
 * Ends the call if an address that was asked for cannot be granted.
 *
 * @param refused One line for each.
 * @throws {CniError} Code 102 if there is one.
 */
export function refuseWishes(refused: readonly string[]): void {
  if (refused.length === 0) return;
  throw new CniError(CODES.outside, "Cannot allocate all requested addresses", {
    details: refused.join("\n"),
  });
}

interface ReadAskedOptions {
  readonly source: Wish["source"];
  readonly path: string;
  readonly report: Report;
}

function readAsked(text: string, { source, path, report }: ReadAskedOptions): Asked | undefined {
  try {
    return { source, path, text, ...parseAddrPrefix(text.trim()) };
  } catch (error) {
    report.mistakes.push({
      path,
      what: reasonOf(error),
      repair: 'Ask for an address, such as "10.188.0.20" or "10.188.0.20/16"',
    });
    return undefined;
  }
}

interface ChooseOptions {
  readonly sets: readonly RangeSet[];
  readonly chosen: Map<number, Wish>;
  readonly report: Report;
}

function choose(asked: Asked, { sets, chosen, report }: ChooseOptions): string | undefined {
  // Runtimes pass one wish in two ways.
  if ([...chosen.values()].some(({ addr }) => equalAddr(addr, asked.addr))) return undefined;
  const places = placesOf(asked.addr, sets);
  const free = places.find(({ set }) => !chosen.has(set));
  if (free !== undefined) {
    chosen.set(free.set, { ...asked, ...free });
    warnLength(asked, { range: sets[free.set]?.ranges[free.range], report });
    return undefined;
  }
  const [first] = places;
  const shown = `${asked.path}: ${formatAddr(asked.addr)}`;
  if (first === undefined) return `${shown} ${whyNot(asked.addr, sets)}`;
  const winner = chosen.get(first.set);
  if (winner === undefined || winner.source === asked.source) {
    return `${shown} is of the same range set as ${winner?.text}: one address is taken of each set`;
  }
  report.warnings.push({
    path: asked.path,
    what: `${formatAddr(asked.addr)} is not used`,
    repair: `${winner.path} ${winner.text} comes first for this range set`,
  });
  return undefined;
}

interface Place {
  readonly set: number;
  readonly range: number;
}

function placesOf(addr: Addr, sets: readonly RangeSet[]): Place[] {
  return sets.flatMap((rangeSet, set) => {
    if (rangeSet.family !== addr.family) return [];
    const range = rangeSet.ranges.findIndex(({ random, fixed }) =>
      hasValue(random, addr.value) || hasValue(fixed, addr.value)
    );
    return range < 0 ? [] : [{ set, range }];
  });
}

function whyNot(addr: Addr, sets: readonly RangeSet[]): string {
  const ranges = sets.flatMap((set) => set.ranges).filter(({ subnet }) =>
    subnet.family === addr.family
  );
  const router = ranges.find(({ gateway }) => gateway !== undefined && equalAddr(gateway, addr));
  if (router !== undefined) return `is the gateway of ${router.path}`;
  const home = ranges.find(({ subnet }) => contains(subnet, addr));
  const shown = ranges.map(showRange).join(", ");
  if (home !== undefined) {
    return `is kept out of ${
      formatPrefix(home.subnet)
    } (network, broadcast, excluded, or neither random nor fixed): ask of ${shown}`;
  }
  return ranges.length === 0
    ? `is IPv${addr.family}, of which there is no range`
    : `is outside the ranges: ask of ${shown}`;
}

function showRange({ subnet, random, fixed }: Range): string {
  const parts = [...random, ...fixed].sort((a, b) => a.first < b.first ? -1 : 1).slice(0, 4)
    .map((interval) => formatInterval(interval, subnet.family));
  const more = random.length + fixed.length > parts.length ? " ..." : "";
  return `${parts.join(" ")}${more} in ${formatPrefix(subnet)}`;
}

function warnLength(
  { addr, length, path }: Asked,
  { range, report }: { readonly range: Range | undefined; readonly report: Report },
): void {
  if (range === undefined || length === undefined || length === range.subnet.length) return;
  report.warnings.push({
    path,
    what: `the prefix length of ${formatAddr(addr)}/${length} is not that of the subnet`,
    repair: `/${range.subnet.length} of ${formatPrefix(range.subnet)} is used`,
  });
}

interface CheckGatewaysOptions extends ReadWishesOptions {
  readonly wishes: readonly Wish[];
}

// GATEWAY= is of the static plugin. Here the range decides, so it may only repeat what stands there.
function checkGateways({ args, sets, wishes, report }: CheckGatewaysOptions): void {
  const known = wishes.filter(({ source }) => source === "cniArgs").flatMap(({ set, range }) =>
    sets[set]?.ranges[range]?.gateway ?? []
  );
  args.gateways.forEach((text, index) => {
    const path = `CNI_ARGS GATEWAY[${index}]`;
    try {
      const gateway = parseAddr(text.trim());
      if (known.some((addr) => equalAddr(addr, gateway))) return;
      report.mistakes.push({
        path,
        what: args.ips.length === 0
          ? `${formatAddr(gateway)} stands without IP`
          : `${formatAddr(gateway)} is not the gateway of the range, ${
            known.map(formatAddr).join(", ") || "which has none"
          }`,
        repair: "Leave GATEWAY out: the gateway of the range is used",
      });
    } catch (error) {
      report.mistakes.push({
        path,
        what: reasonOf(error),
        repair: "Leave GATEWAY out: the gateway of the range is used",
      });
    }
  });
}
