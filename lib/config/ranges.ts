/**
 * From the ranges as they are written to range sets: what may be granted, and to whom.
 *
 * @module
 */
import {
  clipIntervals,
  type Interval,
  type Intervals,
  mergeIntervals,
  subtractIntervals,
} from "../net/interval.ts";
import type { Family } from "../net/addr.ts";
import { firstOf, formatPrefix, lastOf } from "../net/prefix.ts";
import { atLeast, type CniVersion } from "../cni/version.ts";
import type { Range, RangeSet } from "./config.ts";
import type { Report } from "./mistakes.ts";
import {
  type DraftRange,
  draftRange,
  type Excluded,
  formatInterval,
  readExclude,
} from "./range.ts";
import type { Retain } from "./retain.ts";
import { readRetain } from "./scalars.ts";
import type { RawNetconf } from "./shape.ts";
import { isInside, writtenSets } from "./written_sets.ts";

/** One address is taken of each set, all in one transaction: etcd takes 128 operations. */
const MOST_SETS = 16;

const WITHOUT = "without the gateway, the network and broadcast address, and what is excluded";

/** Options of {@linkcode readRangeSets}. */
export interface ReadRangeSetsOptions {
  /** The version of the protocol. */
  readonly cniVersion: CniVersion;
  /** Where mistakes go. */
  readonly report: Report;
  /** Whether a netconf without any range is a mistake. */
  readonly required: boolean;
}

interface DraftSet {
  readonly path: string;
  readonly ranges: readonly Draft[];
}

interface Draft extends DraftRange {
  readonly retain: Retain;
}

/**
 * Reads all range sets: `runtimeConfig.ipRanges`, then `subnet` in `ipam`, then `ipam.ranges`.
 *
 * @param netconf A netconf of the right shape.
 * @param options The version, where mistakes go, and whether there must be a range.
 * @returns The sets; those with mistakes are left out.
 */
export function readRangeSets(netconf: RawNetconf, options: ReadRangeSetsOptions): RangeSet[] {
  const { report } = options;
  const { ipam } = netconf;
  const common = readRetain(ipam.retain, { path: "ipam.retain", report }) ?? "none";
  const sets = writtenSets(netconf, options).map(({ path, ranges }): DraftSet => ({
    path,
    ranges: ranges.flatMap(({ raw, path }): Draft[] => {
      const draft = draftRange(raw, { path, report });
      const own = raw === ipam
        ? undefined
        : readRetain(raw.retain, { path: `${path}.retain`, report });
      return draft === undefined ? [] : [{ ...draft, retain: own ?? common }];
    }),
  }));
  // With a subnet beside it, the list was read as a part of that range.
  const hasSubnet = (ipam.subnet ?? "") !== "";
  const beside = hasSubnet ? undefined : ipam.exclude;
  const excluded = readExclude(beside, { path: "ipam", report });
  if (sets.length > MOST_SETS) {
    report.mistakes.push({
      path: "ipam.ranges",
      what:
        `there are ${sets.length} range sets, and one transaction takes addresses of ${MOST_SETS}`,
      repair: "Put ranges of one family into one set where one address of them is enough",
    });
    return [];
  }
  checkFamilies(sets, options);
  checkOverlaps(sets.flatMap(({ ranges }) => ranges), report);
  return cutOut(sets, { excluded, report });
}

function checkFamilies(sets: readonly DraftSet[], options: ReadRangeSetsOptions): void {
  const { report, cniVersion } = options;
  const firsts = new Map<Family, string>();
  for (const { path, ranges } of sets) {
    const [first, ...others] = ranges;
    if (first === undefined) continue;
    const { family } = first.subnet;
    const other = others.find(({ subnet }) => subnet.family !== family);
    if (other !== undefined) {
      report.mistakes.push({
        path: other.path,
        what: `is IPv${other.subnet.family}, but ${first.path} is IPv${family}`,
        repair: "Put each family into a set of its own: one address is taken of each set",
      });
    }
    const earlier = firsts.get(family);
    if (earlier === undefined) firsts.set(family, path);
    else if (!atLeast(cniVersion, "0.3.0")) {
      report.mistakes.push({
        path,
        what: `is the second range set of IPv${family} after ${earlier}, ` +
          `which cniVersion ${cniVersion} has no result for`,
        repair: 'Write "cniVersion": "1.0.0", or one set of each family',
      });
    }
  }
}

function checkOverlaps(ranges: readonly DraftRange[], report: Report): void {
  ranges.forEach((range, index) => {
    const { family } = range.subnet;
    for (const other of ranges.slice(0, index)) {
      if (other.subnet.family !== family || !meets(range.window, other.window)) continue;
      report.mistakes.push({
        path: range.path,
        what: `${formatInterval(range.window, family)} overlaps ${other.path}, ` +
          formatInterval(other.window, family),
        repair: "Write ranges that share no address",
      });
    }
  });
}

function meets(a: Interval, b: Interval): boolean {
  return a.first <= b.last && b.first <= a.last;
}

interface CutOutOptions {
  /** Excluded beside all ranges, in `ipam` itself. */
  readonly excluded: readonly Excluded[];
  readonly report: Report;
}

function cutOut(sets: readonly DraftSet[], { excluded, report }: CutOutOptions): RangeSet[] {
  const drafts = sets.flatMap(({ ranges }) => ranges);
  const allExcluded = [...excluded, ...drafts.flatMap((draft) => draft.excluded)];
  warnStrays(allExcluded, { drafts, report });
  const shared = new Map<Family, Shared>();
  for (const family of [4, 6] as const) {
    const mine = drafts.filter(({ subnet }) => subnet.family === family);
    if (mine.length === 0) continue;
    shared.set(family, {
      never: mergeIntervals([
        ...allExcluded.filter((range) => range.family === family),
        ...mine.flatMap(({ special }) => special),
        ...mine.flatMap(({ gateway }) => gateway === undefined ? [] : [only(gateway.value)]),
      ]),
      fixed: mergeIntervals(mine.flatMap(({ fixed }) => fixed ?? [])),
      windows: mergeIntervals(mine.map(({ window }) => window)),
    });
  }
  return sets.flatMap(({ ranges }): RangeSet[] => {
    const family = ranges[0]?.subnet.family;
    const common = family === undefined ? undefined : shared.get(family);
    if (family === undefined || common === undefined) return [];
    const alike = ranges.filter(({ subnet }) => subnet.family === family);
    return [{ family, ranges: alike.map((draft) => cutRange(draft, { common, report })) }];
  });
}

/** What the ranges of one family have in common: addresses that all of them go without. */
interface Shared {
  /** Excluded, gateways, network and broadcast addresses. */
  readonly never: Intervals;
  /** Every fixedStart..fixedEnd. */
  readonly fixed: Intervals;
  /** Every rangeStart..rangeEnd. */
  readonly windows: Intervals;
}

interface CutRangeOptions {
  readonly common: Shared;
  readonly report: Report;
}

function cutRange(draft: Draft, { common, report }: CutRangeOptions): Range {
  const { subnet, gateway, path, retain } = draft;
  const whole = { first: firstOf(subnet), last: lastOf(subnet) };
  const window = subtractIntervals([draft.window], common.never);
  const random = subtractIntervals(window, common.fixed);
  // What another range names as fixed is that range's, with its gateway and its `retain`.
  const reach = draft.fixed === undefined
    ? subtractIntervals(subtractIntervals([whole], common.windows), common.fixed)
    : clipIntervals([draft.fixed], whole);
  const fixed = subtractIntervals(reach, common.never);
  if (draft.fixed !== undefined && fixed.length === 0) {
    report.warnings.push({
      path: `${path}.fixedStart`,
      what: `nothing is left of ${formatInterval(draft.fixed, subnet.family)} ${WITHOUT}`,
      repair: "No pod can ask for an address of it",
    });
  }
  if (random.length === 0) {
    const shown = formatInterval(draft.window, subnet.family);
    if (window.length > 0) {
      report.warnings.push({
        path,
        what: `all of ${shown} is fixed`,
        repair: "Only pods that ask for an address get one of it",
      });
    } else {
      report.mistakes.push({
        path,
        what: `nothing is left of ${shown} in ${formatPrefix(subnet)} ${WITHOUT}`,
        repair: "Write a wider range or exclude less",
      });
    }
  }
  return {
    subnet,
    gateway,
    random,
    fixed,
    retain,
    path,
  };
}

interface WarnStraysOptions {
  readonly drafts: readonly DraftRange[];
  readonly report: Report;
}

function warnStrays(list: readonly Excluded[], { drafts, report }: WarnStraysOptions): void {
  if (drafts.length === 0) return;
  for (const range of list) {
    if (drafts.some(({ subnet }) => isInside(range, subnet))) continue;
    report.warnings.push({
      path: range.path,
      what: `${formatInterval(range, range.family)} is outside every subnet`,
      repair: "It has no effect",
    });
  }
}

function only(value: bigint): Interval {
  return { first: value, last: value };
}
