/**
 * What a pod wants its result to say: `kube-ipam.netmask` and `kube-ipam.gateway`.
 *
 * @module
 */
import type { ResultWish } from "../../config/config.ts";
import { type Addr, type Family, formatAddr, parseAddr } from "../../net/addr.ts";
import type { Chosen } from "./chosen.ts";
import { readItems } from "./list.ts";
import { type AnnotationReport, formatComplaint, type Item } from "./report.ts";
import type { AskedAddress } from "./asked.ts";
import { exampleOf, type Home } from "./fixed_place.ts";
import { type Netmask, parseNetmask } from "./netmask.ts";

/** What is asked for, so what a netmask and a gateway may belong to. */
export interface ReadResultWishesOptions {
  /** The addresses, in the order written. */
  readonly addresses: readonly AskedAddress[];
  /** The families of the pool. */
  readonly pools: ReadonlySet<Family>;
  /** The ranges of the network. */
  readonly homes: readonly Home[];
  /** Where mistakes go. */
  readonly report: AnnotationReport;
}

/** What the result says for each that is asked for. */
export interface ResultWishes {
  /** For each address; empty where it says what the range says. */
  readonly addresses: readonly ResultWish[];
  /** For the pool of each family. */
  readonly pools: Readonly<Record<Family, ResultWish>>;
}

interface Given<T> {
  readonly family: Family;
  readonly value: T;
  readonly item: Item;
}

/**
 * Gives each address and each pool its netmask and its gateway.
 *
 * @param chosen The annotations.
 * @param options What is asked for.
 * @returns What the results say.
 */
export function readResultWishes(
  chosen: Pick<Chosen, "netmask" | "gateway">,
  options: ReadResultWishesOptions,
): ResultWishes {
  const masks = share(readNetmasks(chosen, options), { ...options, what: "netmask" });
  const gateways = share(readGateways(chosen, options), { ...options, what: "gateway" });
  return {
    addresses: options.addresses.map((asked, index) => {
      const mask = masks.addresses[index];
      checkLength(asked, { mask, report: options.report });
      return resultOf(mask?.value ?? asked.length, gateways.addresses[index]?.value);
    }),
    pools: {
      4: resultOf(masks.pools[4]?.value, gateways.pools[4]?.value),
      6: resultOf(masks.pools[6]?.value, gateways.pools[6]?.value),
    },
  };
}

function readNetmasks(
  { netmask }: Pick<Chosen, "netmask">,
  { addresses, pools, homes, report }: ReadResultWishesOptions,
): readonly Given<number>[] {
  const open = { 4: 0, 6: 0 };
  for (const { addr } of addresses) open[addr.family]++;
  for (const family of pools) open[family] ||= 1;
  const length = homes[0]?.range.subnet.length ?? 16;
  return readItems(netmask, {
    parse: (item) => {
      const read: Netmask = parseNetmask(item.text, open);
      open[read.family]--;
      return { family: read.family, value: read.length, item };
    },
    repair: `Write prefix lengths or IPv4 netmasks, such as "${length}"`,
    report,
  });
}

function readGateways(
  { gateway }: Pick<Chosen, "gateway">,
  { homes, report }: ReadResultWishesOptions,
): readonly Given<Addr>[] {
  const known = homes.find(({ range }) => range.gateway !== undefined)?.range.gateway;
  const example = known === undefined ? exampleOf(homes) : formatAddr(known);
  return readItems(gateway, {
    parse: (item) => {
      const value = parseAddr(item.text);
      return { family: value.family, value, item };
    },
    repair: `Write addresses, such as "${example}"`,
    report,
  });
}

interface Shared<T> {
  readonly addresses: readonly (Given<T> | undefined)[];
  readonly pools: Readonly<Record<Family, Given<T> | undefined>>;
}

/** One of a family is for all of it; as many as there are addresses are for one each, in order. */
function share<T>(
  given: readonly Given<T>[],
  options: ReadResultWishesOptions & { readonly what: string },
): Shared<T> {
  const { addresses, pools } = options;
  const left = { 4: listFor(4, { ...options, given }), 6: listFor(6, { ...options, given }) };
  const only = { 4: left[4].length === 1, 6: left[6].length === 1 };
  const shared = {
    4: pools.has(4) && only[4] ? left[4][0] : undefined,
    6: pools.has(6) && only[6] ? left[6][0] : undefined,
  };
  return {
    addresses: addresses.map(({ addr: { family } }) =>
      only[family] ? left[family][0] : left[family].shift()
    ),
    pools: shared,
  };
}

/** Those of one family, if their number is right. */
function listFor<T>(
  family: Family,
  { given, addresses, pools, what, report }: ReadResultWishesOptions & {
    readonly given: readonly Given<T>[];
    readonly what: string;
  },
): Given<T>[] {
  const mine = given.filter((one) => one.family === family);
  const [first] = mine;
  if (first === undefined) return [];
  const count = addresses.filter(({ addr }) => addr.family === family).length;
  if (count === 0 && !pools.has(family)) {
    report.malformed.push(formatComplaint(first.item, {
      what: `Cannot use a ${what} of IPv${family} as no address of IPv${family} is asked for`,
      repair: "Remove it, or ask for such an address",
    }));
    return [];
  }
  if (mine.length === 1 || (mine.length === count && !pools.has(family))) return mine;
  const each = pools.has(family) || count === 1
    ? ""
    : `, or one for each of the ${count} addresses in their order`;
  report.malformed.push(formatComplaint(first.item.of, {
    what: `Cannot use ${mine.length} ${what}s of IPv${family} as there must be one for all${each}`,
    repair: "Write one",
  }));
  return [];
}

function checkLength(
  { item, length }: AskedAddress,
  { mask, report }: {
    readonly mask: Given<number> | undefined;
    readonly report: AnnotationReport;
  },
): void {
  if (length === undefined || mask === undefined || mask.value === length) return;
  report.malformed.push(formatComplaint(mask.item, {
    what: `Cannot use the netmask /${mask.value} as ${item.of.key} says ${item.text}`,
    repair: "Write the prefix length in one of the two",
  }));
}

function resultOf(prefixLength: number | undefined, gateway: Addr | undefined): ResultWish {
  return {
    ...(prefixLength === undefined ? {} : { prefixLength }),
    ...(gateway === undefined ? {} : { gateway }),
  };
}
