/**
 * From `kube-ipam.pool` to what each range set may be asked for.
 *
 * @module
 */
import type { PoolWish, RangeSet, ResultWish, Wish } from "../../config/config.ts";
import { formatInterval } from "../../config/range.ts";
import { type Family, formatAddr } from "../../net/addr.ts";
import { clipIntervals, type Intervals, mergeIntervals } from "../../net/interval.ts";
import { parseRange } from "../../net/range.ts";
import { readItems } from "./list.ts";
import { type Annotation, type AnnotationReport, formatComplaint } from "./report.ts";
import { exampleOf, type Home } from "./fixed_place.ts";
import { keepOnLink } from "./on_link.ts";
import { placePool, type PlacePoolOptions, type PoolItem, type PoolPart } from "./pool_place.ts";
import type { Pod } from "../pod.ts";

/** What {@linkcode readPool} found. */
export interface PoolWishes {
  /** At most one per set, in the order of the sets. */
  readonly pools: readonly PoolWish[];
  /** Instead of them, where each pod has its own place in the pool. */
  readonly wishes: readonly Wish[];
}

/** Options of {@linkcode readPool}. */
export interface ReadPoolOptions extends PlacePoolOptions {
  /** The annotation. */
  readonly pool: Annotation;
  /** The range sets of the network. */
  readonly sets: readonly RangeSet[];
  /** What the result says, for each family. */
  readonly results: Readonly<Record<Family, ResultWish>>;
  /** The pod's place in the pool, from 0; undefined where any will do. */
  readonly ordinal: number | undefined;
  /** The pod, for messages. */
  readonly pod: Pod;
}

/**
 * Reads the items of a pool.
 *
 * @param pool The annotation; undefined where it is not set.
 * @param options The ranges of the network, for an example, and where mistakes go.
 * @returns The items in the order written.
 */
export function readPoolItems(
  pool: Annotation | undefined,
  { homes, report }: { readonly homes: readonly Home[]; readonly report: AnnotationReport },
): readonly PoolItem[] {
  return readItems(pool, {
    parse: (item): PoolItem => ({ span: parseRange(item.text), item }),
    repair: `Write "first-last", a prefix or an address, such as "${examplePool(homes)}"`,
    report,
  });
}

/**
 * Places a pool in the range sets.
 *
 * @param items The pool, in the order written.
 * @param options The network, and what the results say.
 * @returns The pools, or the one address of this pod.
 */
export function readPool(items: readonly PoolItem[], options: ReadPoolOptions): PoolWishes {
  const { sets, ordinal } = options;
  const parts = placePool(items, options);
  const pools: PoolWish[] = [];
  const wishes: Wish[] = [];
  for (const [set, rangeSet] of sets.entries()) {
    const mine = parts.filter(({ home }) => home.set === set);
    const kept = mine.length === 0 ? undefined : membersOf(mine, { ...options, rangeSet });
    if (kept === undefined) continue;
    if (ordinal === undefined) pools.push(poolOf(kept, { ...options, set }));
    else wishes.push(...wishOf(mine, { ...options, set, kept, ordinal }));
  }
  return { pools, wishes };
}

/** For each range of a set its members; undefined where netmask and gateway do not fit, which is told. */
function membersOf(
  parts: readonly PoolPart[],
  { rangeSet, results, scope, pool }: ReadPoolOptions & { readonly rangeSet: RangeSet },
): readonly Intervals[] | undefined {
  const { report } = scope;
  const result = results[rangeSet.family];
  const all: Intervals[] = [];
  for (const [index, range] of rangeSet.ranges.entries()) {
    const mine = parts.filter(({ home }) => home.index === index);
    const members = mergeIntervals(mine.flatMap((part) => part.members));
    if (members.length === 0) {
      all.push([]);
      continue;
    }
    const checked = keepOnLink(members, { range, result });
    if (checked.kind === "wrong") {
      report.malformed.push(formatComplaint(pool, checked.complaint));
      return undefined;
    }
    all.push(checked.members);
  }
  if (all.every((members) => members.length === 0)) {
    report.malformed.push(formatComplaint(pool, {
      what: "Cannot use the pool as nothing is left of it without the gateway, the network and " +
        "the broadcast address",
      repair: "Write a larger pool, or another kube-ipam.netmask or kube-ipam.gateway",
    }));
    return undefined;
  }
  return all;
}

/** At most ten addresses that may be fixed. */
function examplePool(homes: readonly Home[]): string {
  const range = homes.find((home) => home.range.fixed.length > 0)?.range;
  const [interval] = range?.fixed ?? [];
  if (range === undefined || interval === undefined) return exampleOf(homes);
  const [most] = clipIntervals([interval], { ...interval, last: interval.first + 9n });
  return formatInterval(most ?? interval, range.subnet.family);
}

interface OfSet extends ReadPoolOptions {
  readonly set: number;
}

function poolOf(members: readonly Intervals[], { set, ...options }: OfSet): PoolWish {
  const { pool } = options;
  return { set, members, ...resultOf(set, options), text: pool.value, path: pool.key };
}

/** The address at the pod's place, in the order written. */
function wishOf(
  parts: readonly PoolPart[],
  { set, kept, ordinal, ...options }: OfSet & {
    readonly kept: readonly Intervals[];
    readonly ordinal: number;
  },
): readonly Wish[] {
  const { pool, pod, scope, sets } = options;
  let left = BigInt(ordinal);
  let size = 0n;
  for (const { home, members } of parts) {
    for (const interval of members) {
      for (const { first, last } of clipIntervals(kept[home.index] ?? [], interval)) {
        const count = last - first + 1n;
        if (left < count) {
          const addr = { family: home.range.subnet.family, value: first + left };
          return [{
            set,
            range: home.index,
            source: "annotation",
            addr,
            length: undefined,
            ...resultOf(set, options),
            text: formatAddr(addr),
            path: pool.key,
          }];
        }
        left -= count;
        size += count;
      }
    }
  }
  const family = sets[set]?.family ?? 4;
  scope.report.outside.push(formatComplaint(pool, {
    what:
      `Cannot give pod ${pod.namespace}/${pod.name} address number ${ordinal + 1} of the pool ` +
      `as it has ${size} of IPv${family}`,
    repair: `Write a larger pool, or fewer replicas`,
  }));
  return [];
}

function resultOf(
  set: number,
  { sets, results }: Pick<ReadPoolOptions, "sets" | "results">,
): { readonly result?: ResultWish } {
  const result = results[sets[set]?.family ?? 4];
  const isPlain = result.prefixLength === undefined && result.gateway === undefined;
  return isPlain ? {} : { result };
}
