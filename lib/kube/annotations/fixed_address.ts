/**
 * From the addresses of `kube-ipam.ip` to wishes of this network.
 *
 * @module
 */
import type { ResultWish, Wish } from "../../config/config.ts";
import { type Addr, formatAddr } from "../../net/addr.ts";
import { hasValue } from "../../net/interval.ts";
import { type AnnotationReport, formatComplaint } from "./report.ts";
import type { AskedAddress } from "./asked.ts";
import { type Home, meets, type Scope, unused, whyNotFixed, whyOutside } from "./fixed_place.ts";
import { MULTUS_NETWORKS } from "./keys.ts";
import { isLastInterface } from "./multus.ts";
import { checkOnLink } from "./on_link.ts";

/** An address that must be proved to be held on another network of the pod. */
export interface Stray {
  /** The address. */
  readonly addr: Addr;
  /** As it was written. */
  readonly text: string;
  /** Where it was written: `kube-ipam.ip`. */
  readonly path: string;
}

/** What {@linkcode placeAddresses} found. */
export interface PlacedAddresses {
  /** In the order of the sets, and of one set in the order written. */
  readonly wishes: readonly Wish[];
  /** Addresses of another network, if this is the last one that could have them. */
  readonly strays: readonly Stray[];
}

/** Options of {@linkcode placeAddresses}. */
export interface PlaceAddressesOptions {
  /** The network. */
  readonly scope: Scope;
  /** What the result says, for each address. */
  readonly results: readonly ResultWish[];
}

/**
 * Finds the range of each address.
 *
 * @param addresses The addresses, in the order written.
 * @param options The network, and what the results say.
 * @returns The wishes, and the addresses that must be proved to be held elsewhere.
 */
export function placeAddresses(
  addresses: readonly AskedAddress[],
  { scope, results }: PlaceAddressesOptions,
): PlacedAddresses {
  const wishes: Wish[] = [];
  const outside: AskedAddress[] = [];
  for (const [index, asked] of addresses.entries()) {
    const place = placeOf(asked, { scope, wishes });
    if (place === "outside") outside.push(asked);
    else if (place !== undefined) {
      const wish = wishAt(place, { asked, result: results[index] ?? {}, report: scope.report });
      if (wish !== undefined) wishes.push(wish);
    }
  }
  wishes.sort((a, b) => a.set - b.set);
  return { wishes, strays: straysOf(outside, scope) };
}

/** The range that has an address in its fixed ones; undefined where there is none, which is told. */
function placeOf(
  { addr, item }: AskedAddress,
  { scope, wishes }: { readonly scope: Scope; readonly wishes: readonly Wish[] },
): Home | "outside" | undefined {
  const { homes, taken, report } = scope;
  const span = { family: addr.family, first: addr.value, last: addr.value };
  const here = homes.filter((home) => meets(home, span));
  if (here.length === 0) return "outside";
  const places = here.filter(({ range }) => hasValue(range.fixed, addr.value));
  const open = places.filter(({ set }) => !taken.has(set));
  const best = open.find(({ set }) => !wishes.some((wish) => wish.set === set)) ?? open[0];
  if (best !== undefined) return best;
  const [lost] = places.length > 0 ? places : here.every(({ set }) => taken.has(set)) ? here : [];
  if (lost === undefined) {
    report.outside.push(formatComplaint(item, whyNotFixed(span, homes)));
  } else {
    report.warnings.push(formatComplaint(item, unused(span, lost)));
  }
  return undefined;
}

interface WishAtOptions {
  readonly asked: AskedAddress;
  readonly result: ResultWish;
  readonly report: AnnotationReport;
}

function wishAt(
  { set, index, range }: Home,
  { asked: { addr, length, item }, result, report }: WishAtOptions,
): Wish | undefined {
  const complaint = checkOnLink(addr, { range, result });
  if (complaint !== undefined) {
    report.malformed.push(formatComplaint(item, complaint));
    return undefined;
  }
  const isPlain = result.prefixLength === undefined && result.gateway === undefined;
  return {
    set,
    range: index,
    source: "annotation",
    addr,
    length,
    ...(isPlain ? {} : { result }),
    text: item.text,
    path: item.of.key,
  };
}

/** What becomes of addresses outside of all subnets: with Multus they are taken to be another network's. */
function straysOf(
  outside: readonly AskedAddress[],
  { network, ifName, homes, multus, specific, report }: Scope,
): readonly Stray[] {
  const [first] = outside;
  if (first === undefined) return [];
  if (specific || multus.kind === "none") {
    for (const { addr, item } of outside) {
      const span = { family: addr.family, first: addr.value, last: addr.value };
      report.outside.push(formatComplaint(item, whyOutside(span, { network, homes })));
    }
    return [];
  }
  if (multus.kind === "unreadable") {
    report.malformed.push(formatComplaint(first.item, {
      what: `Cannot tell the network of ${formatAddr(first.addr)} as it is outside network ` +
        `${network}, and the list of Multus cannot be read`,
      repair: `Mend the annotation ${MULTUS_NETWORKS}, or write kube-ipam.ip.<network>`,
    }));
    return [];
  }
  if (!isLastInterface(multus, ifName)) return [];
  return outside.map(({ addr, item }) => ({ addr, text: item.text, path: item.of.key }));
}
