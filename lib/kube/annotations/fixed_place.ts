/**
 * Where in a network an address is at home, and why it cannot be given by annotation.
 *
 * @module
 */
import type { Range, RangeSet } from "../../config/config.ts";
import { formatInterval } from "../../config/range.ts";
import { type Family, formatAddr } from "../../net/addr.ts";
import { clipIntervals, type Intervals } from "../../net/interval.ts";
import { firstOf, formatPrefix, lastOf } from "../../net/prefix.ts";
import { type AddrRange, formatRange } from "../../net/range.ts";
import type { AnnotationReport, Complaint } from "./report.ts";
import type { Multus } from "./multus.ts";

/** A range, and where it stands. */
export interface Home {
  /** Index of its set. */
  readonly set: number;
  /** Index in its set. */
  readonly index: number;
  /** The range. */
  readonly range: Range;
}

/** What addresses are placed in. */
export interface Scope {
  /** The netconf's name. */
  readonly network: string;
  /** CNI_IFNAME. */
  readonly ifName: string;
  /** All ranges of the network. */
  readonly homes: readonly Home[];
  /** Sets whose address the runtime names. */
  readonly taken: ReadonlySet<number>;
  /** The other networks of the pod. */
  readonly multus: Multus;
  /** The annotation names this network. */
  readonly specific: boolean;
  /** Where mistakes go. */
  readonly report: AnnotationReport;
}

const SHOWN = 4;
const EXAMPLES = { 4: "10.188.0.20", 6: "fd00::20" } as const;

/**
 * Lists all ranges of a network.
 *
 * @param sets Its range sets.
 * @returns The ranges in the order of the netconf.
 */
export function homesOf(sets: readonly RangeSet[]): readonly Home[] {
  return sets.flatMap(({ ranges }, set) => ranges.map((range, index) => ({ set, index, range })));
}

/**
 * Tells whether a subnet and some addresses meet.
 *
 * @param home The range of the subnet.
 * @param span The addresses.
 * @returns Whether at least one lies in the subnet.
 */
export function meets({ range: { subnet } }: Home, span: AddrRange): boolean {
  return subnet.family === span.family && firstOf(subnet) <= span.last &&
    span.first <= lastOf(subnet);
}

/**
 * Finds an address that an annotation may name.
 *
 * @param homes The ranges of the network.
 * @param family Its family; any where it does not matter.
 * @returns An address of this network, if one may be fixed.
 */
export function exampleOf(homes: readonly Home[], family?: Family): string {
  const own = homes.find(({ range: { subnet, fixed } }) =>
    fixed.length > 0 && (family === undefined || subnet.family === family)
  );
  const value = own?.range.fixed[0]?.first;
  if (own === undefined || value === undefined) {
    return EXAMPLES[family ?? homes[0]?.range.subnet.family ?? 4];
  }
  return formatAddr({ family: own.range.subnet.family, value });
}

/**
 * Tells why addresses of a subnet of this network cannot be given by annotation.
 *
 * @param span The addresses.
 * @param homes The ranges of the network.
 * @returns What is wrong, and what may be written instead.
 */
export function whyNotFixed(span: AddrRange, homes: readonly Home[]): Complaint {
  const { family, first, last } = span;
  const shown = `Cannot give ${formatRange(span)}`;
  const here = homes.filter((home) => meets(home, span));
  const router = homes.find(({ range: { gateway } }) =>
    first === last && gateway?.family === family && gateway.value === first
  );
  const drawn = homes.find(({ range: { subnet, random } }) =>
    subnet.family === family && clipIntervals(random, span).length > 0
  );
  const repair = whatMayBeFixed(drawn === undefined ? here : [drawn, ...here]);
  if (router !== undefined) {
    return { what: `${shown} as it is the gateway of ${router.range.path}`, repair };
  }
  if (drawn !== undefined) {
    const within = drawn.range.random.filter((one) => one.first <= last && first <= one.last);
    const verb = first === last ? "is one" : "has some";
    return {
      what: `${shown} as it ${verb} of the addresses that any pod may get: ` +
        `${showIntervals(within, family)} of ${drawn.range.path}`,
      repair,
    };
  }
  const [home] = here;
  if (home === undefined) return { what: `${shown} as it is outside`, repair };
  return { what: `${shown} as it is ${whatItIs(span, home)}`, repair };
}

function whatItIs({ first, last }: AddrRange, { range: { subnet, path } }: Home): string {
  const prefix = formatPrefix(subnet);
  if (first === last && first === firstOf(subnet)) return `the network address of ${prefix}`;
  if (first === last && first === lastOf(subnet) && subnet.family === 4) {
    return `the broadcast address of ${prefix}`;
  }
  return `excluded from ${prefix}, or neither in the random nor in the fixed addresses of ${path}`;
}

/** Says what an annotation may name in these ranges, or what makes room for it. */
function whatMayBeFixed(homes: readonly Home[]): string {
  const open = homes.filter(({ range }) => range.fixed.length > 0);
  if (open.length > 0) {
    const shown = new Set(
      open.map(({ range: { fixed, subnet, path } }) =>
        `${showIntervals(fixed, subnet.family)} (${path} in ${formatPrefix(subnet)})`
      ),
    );
    return `Name one of ${[...shown].join(", ")}`;
  }
  const [home] = homes;
  if (home === undefined) return "Name an address of this network";
  const { path, subnet } = home.range;
  return `Nothing of ${formatPrefix(subnet)} may be fixed: set ${path}.fixedStart and ` +
    `${path}.fixedEnd in the network configuration, or narrow ${path}.rangeStart and ${path}.rangeEnd`;
}

/**
 * Tells that addresses are in no subnet of this network.
 *
 * @param span The addresses.
 * @param scope The network.
 * @returns What is wrong, and what may be written instead.
 */
export function whyOutside(
  span: AddrRange,
  { network, homes }: Pick<Scope, "network" | "homes">,
): Complaint {
  const subnets = [...new Set(homes.map(({ range }) => formatPrefix(range.subnet)))];
  const alike = homes.filter(({ range }) => range.subnet.family === span.family);
  const known = `network ${network} (${subnets.join(", ")})`;
  return {
    what: alike.length === 0
      ? `Cannot give ${formatRange(span)} as there is no range of IPv${span.family} in ${known}`
      : `Cannot give ${formatRange(span)} as it is outside the subnets of ${known}`,
    repair: whatMayBeFixed(alike.length === 0 ? homes : alike),
  };
}

/**
 * Tells that the runtime names the address of a set, so that an annotation does not count.
 *
 * @param span The addresses of the annotation.
 * @param home A range of the set.
 * @returns What is not used, and why.
 */
export function unused(span: AddrRange, { range: { path } }: Home): Complaint {
  return {
    what: `${formatRange(span)} is not used`,
    repair:
      "runtimeConfig.ips, args.cni.ips or IP= of CNI_ARGS names the address of the range set " +
      `of ${path}, and comes first`,
  };
}

/**
 * Writes a set of addresses, the first few of them.
 *
 * @param list The set.
 * @param family Its family.
 * @returns `first-last first-last ...`
 */
export function showIntervals(list: Intervals, family: Family): string {
  const shown = list.slice(0, SHOWN).map((interval) => formatInterval(interval, family));
  return [...shown, ...(list.length > SHOWN ? ["..."] : [])].join(", ");
}
