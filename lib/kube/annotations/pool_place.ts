/**
 * Where the addresses of `kube-ipam.pool` are at home.
 *
 * @module
 */
import {
  clipIntervals,
  type Intervals,
  mergeIntervals,
  subtractIntervals,
} from "../../net/interval.ts";
import { firstOf, formatPrefix, lastOf } from "../../net/prefix.ts";
import { type AddrRange, formatRange } from "../../net/range.ts";
import { formatComplaint, type Item } from "./report.ts";
import { type Home, meets, type Scope, unused, whyNotFixed, whyOutside } from "./fixed_place.ts";
import { isLastInterface } from "./multus.ts";

/** One item of a pool. */
export interface PoolItem {
  /** Its addresses. */
  readonly span: AddrRange;
  /** Where it is written. */
  readonly item: Item;
}

/** Addresses of one item in one range. */
export interface PoolPart {
  /** The range. */
  readonly home: Home;
  /** Its addresses that may be given, at least one. */
  readonly members: Intervals;
}

/** Options of {@linkcode placePool}. */
export interface PlacePoolOptions {
  /** The network. */
  readonly scope: Scope;
  /** Sets for which `kube-ipam.ip` names an address. */
  readonly wished: ReadonlySet<number>;
}

/**
 * Finds the ranges of a pool. Each address is of one part only.
 *
 * @param items The pool, in the order written.
 * @param options The network, and the sets that need no pool.
 * @returns The parts, in the order written.
 */
export function placePool(
  items: readonly PoolItem[],
  options: PlacePoolOptions,
): readonly PoolPart[] {
  const { scope } = options;
  const parts: PoolPart[] = [];
  const outside: PoolItem[] = [];
  for (const one of items) {
    const here = scope.homes.filter((home) => meets(home, one.span));
    if (here.length === 0) outside.push(one);
    else if (isPossible(one, { here, scope })) parts.push(...partsOf(one, { ...options, parts }));
  }
  tellOutside(outside, { scope, isAlone: outside.length === items.length });
  return parts;
}

/** Whether all of an item may be asked for; what is wrong is told. */
function isPossible(
  { span, item }: PoolItem,
  { here, scope }: { readonly here: readonly Home[]; readonly scope: Scope },
): boolean {
  const { homes, taken, report } = scope;
  if (here.every(({ set }) => taken.has(set))) return true;
  const [home] = here;
  const isInside = here.some(({ range: { subnet } }) =>
    firstOf(subnet) <= span.first && span.last <= lastOf(subnet)
  );
  if (home !== undefined && !isInside) {
    const subnet = formatPrefix(home.range.subnet);
    report.outside.push(formatComplaint(item, {
      what: `Cannot give ${formatRange(span)} as it reaches beyond the subnet ${subnet}`,
      repair: `Write addresses of ${subnet} only, those of each subnet as an item of its own`,
    }));
    return false;
  }
  const isDrawn = homes.some(({ range: { subnet, random } }) =>
    subnet.family === span.family && clipIntervals(random, span).length > 0
  );
  const isFixed = here.some(({ range }) => clipIntervals(range.fixed, span).length > 0);
  if (!isDrawn && isFixed) return true;
  report.outside.push(formatComplaint(item, whyNotFixed(span, homes)));
  return false;
}

/** The addresses of an item that no earlier one has, each in the first set that is free for it. */
function partsOf(
  { span, item }: PoolItem,
  { scope, wished, parts }: PlacePoolOptions & { readonly parts: readonly PoolPart[] },
): readonly PoolPart[] {
  const { homes, taken, report } = scope;
  const earlier = parts.filter(({ home }) => home.range.subnet.family === span.family);
  const seen = mergeIntervals(earlier.flatMap(({ members }) => members));
  const all: Intervals = [{ first: span.first, last: span.last }];
  let left = subtractIntervals(all, seen);
  const here = homes.filter((home) => meets(home, span));
  const found: PoolPart[] = [];
  const lost: Home[] = here.every(({ set }) => taken.has(set)) ? [...here] : [];
  for (const home of here) {
    const members = left.flatMap((interval) => clipIntervals(home.range.fixed, interval));
    if (members.length === 0) continue;
    if (taken.has(home.set) || wished.has(home.set)) {
      lost.push(home);
      continue;
    }
    found.push({ home, members });
    left = subtractIntervals(left, members);
  }
  if (found.length > 0) return found;
  const doubled = lost.find(({ set }) => wished.has(set));
  const [runtime] = lost;
  if (doubled !== undefined) {
    report.malformed.push(formatComplaint(item, {
      what: `Cannot use the pool as kube-ipam.ip names an address of the same range set, that of ` +
        doubled.range.path,
      repair: "Write one of the two",
    }));
    return [];
  }
  report.warnings.push(formatComplaint(
    item,
    runtime === undefined
      ? { what: `${formatRange(span)} adds nothing to the pool`, repair: "earlier items have it" }
      : unused(span, runtime),
  ));
  return [];
}

interface TellOutsideOptions {
  readonly scope: Scope;
  /** No item is of this network. */
  readonly isAlone: boolean;
}

/** With Multus, items outside of all subnets are taken to be another network's. */
function tellOutside(
  outside: readonly PoolItem[],
  { scope, isAlone }: TellOutsideOptions,
): void {
  const { network, ifName, multus, specific, report } = scope;
  const isLost = isAlone && isLastInterface(multus, ifName);
  const isOnly = multus.kind === "list" && multus.networks.length === 1;
  const isWrong = specific || multus.kind === "none" || (isLost && isOnly);
  for (const { span, item } of outside) {
    if (isWrong) {
      const { what, repair } = whyOutside(span, scope);
      const advice = multus.kind === "none" || specific
        ? ""
        : `, or say which network it is for: kube-ipam.pool.<network>, here kube-ipam.pool.${network}`;
      report.outside.push(formatComplaint(item, { what, repair: repair + advice }));
    } else if (isLost || multus.kind === "unreadable") {
      report.warnings.push(formatComplaint(item, {
        what: `${formatRange(span)} is outside network ${network}`,
        repair: "it is taken to be of another network",
      }));
    }
  }
}
