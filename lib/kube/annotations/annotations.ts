/**
 * From a pod's annotations to what its ADD asks for.
 *
 * Nothing here waits. A fixed pod gets what it asks for or an error that says what to write instead:
 * where an annotation is nearly right, this is an error and never a random address.
 *
 * @module
 */
import type { PoolWish, RangeSet, Wish } from "../../config/config.ts";
import type { Retain } from "../../config/retain.ts";
import type { Owner } from "../../ipam/request.ts";
import { MULTUS_NETWORKS } from "./keys.ts";
import { chooseAnnotations, type Chosen } from "./chosen.ts";
import {
  type Annotation,
  type AnnotationReport,
  formatComplaint,
  newAnnotationReport,
  refuseAnnotations,
} from "./report.ts";
import { readAsked } from "./asked.ts";
import { placeAddresses, type Stray } from "./fixed_address.ts";
import { type Home, homesOf } from "./fixed_place.ts";
import { parseMultus } from "./multus.ts";
import { drawnGateway } from "./on_link.ts";
import { readOwner } from "./owner.ts";
import type { Pod } from "../pod.ts";
import { readPoolOrder } from "./pool_order.ts";
import { readPool, readPoolItems } from "./pool_wish.ts";
import { readResultWishes } from "./result_wish.ts";

export type { Stray } from "./fixed_address.ts";

/** Options of {@linkcode readAnnotations}. */
export interface AnnotationsOptions {
  /** The netconf's name. */
  readonly network: string;
  /** CNI_IFNAME. */
  readonly ifName: string;
  /** One address is taken of each. */
  readonly sets: readonly RangeSet[];
  /** Sets for which `runtimeConfig.ips`, `args.cni.ips` or `IP=` names an address, which comes first. */
  readonly taken: ReadonlySet<number>;
}

/** What a pod asks for. */
export interface PodWishes {
  /** In the order of the sets; those of one set are tried in the order written. */
  readonly wishes: readonly Wish[];
  /** At most one per set, for sets without a wish. */
  readonly pools: readonly PoolWish[];
  /** Whose the addresses stay when they are retained. */
  readonly owner: Owner | undefined;
  /** How long they stay; undefined: as the range says. */
  readonly retain: Retain | undefined;
  /** Addresses of no subnet of this network, on the pod's last interface: it must hold them on another network. */
  readonly strays: readonly Stray[];
  /** What deserves a line in the log. */
  readonly warnings: readonly string[];
  /** The annotations that had an effect, for the log. */
  readonly used: Readonly<Record<string, string>>;
}

/**
 * Reads what a pod asks for on one network.
 *
 * @param pod The pod.
 * @param options The network.
 * @returns What it asks for.
 * @throws {CniError} Code 103 if an annotation is malformed; 102 if it names an address that this
 * network does not give by annotation.
 */
export function readAnnotations(pod: Pod, options: AnnotationsOptions): PodWishes {
  const { network, ifName, sets, taken } = options;
  const report = newAnnotationReport();
  const multus = parseMultus(pod.annotations[MULTUS_NETWORKS]);
  const homes = homesOf(sets);
  const chosen = chooseAnnotations(pod, { network, multus, report });
  const { ip, pool, order, specific } = chosen;
  const { owner, from, retain } = readOwner(pod, { chosen, report });
  const addresses = readAsked(ip, { homes, report });
  const items = readPoolItems(pool, { homes, report });
  const ordinal = pool === undefined ? undefined : readPoolOrder(order, { pod, report });
  refuseAnnotations(report); // what follows counts the items
  const families = new Set(items.map(({ span }) => span.family));
  const results = readResultWishes(chosen, { addresses, pools: families, homes, report });
  refuseAnnotations(report);
  const scope = { network, ifName, homes, taken, multus, specific, report };
  const placed = placeAddresses(addresses, { scope, results: results.addresses });
  const wished = new Set(placed.wishes.map(({ set }) => set));
  const pooled = pool === undefined ? { pools: [], wishes: [] } : readPool(items, {
    scope,
    wished,
    pool,
    sets,
    results: results.pools,
    ordinal,
    pod,
  });
  refuseAnnotations(report);
  const wishes = [...placed.wishes, ...pooled.wishes].sort((a, b) => a.set - b.set);
  const { pools } = pooled;
  warnGateways([...wishes, ...pools], { chosen, homes, report });
  return {
    wishes,
    pools,
    owner,
    retain,
    strays: placed.strays,
    warnings: report.warnings,
    used: usedOf(chosen, { wishes, pools, from: owner && from, keeps: owner && retain }),
  };
}

interface WarnGatewaysOptions {
  readonly chosen: Chosen;
  readonly homes: readonly Home[];
  readonly report: AnnotationReport;
}

function warnGateways(
  all: readonly (Wish | PoolWish)[],
  { chosen, homes, report }: WarnGatewaysOptions,
): void {
  const lines = all.flatMap(({ result }) => {
    const drawn = drawnGateway(result?.gateway, homes);
    if (chosen.gateway === undefined || drawn === undefined) return [];
    return formatComplaint(chosen.gateway, {
      what:
        `any pod may get this gateway, as it is one of the random addresses of ${drawn.range.path}`,
      repair: "exclude it in the network configuration",
    });
  });
  report.warnings.push(...new Set(lines));
}

interface UsedOptions extends Pick<PodWishes, "wishes" | "pools"> {
  readonly from: Annotation | undefined;
  readonly keeps: Retain | undefined;
}

function usedOf(chosen: Chosen, { wishes, pools, from, keeps }: UsedOptions): PodWishes["used"] {
  const all = [...wishes.filter(({ length }) => length === undefined), ...pools];
  const paths = new Set([...wishes, ...pools].map(({ path }) => path));
  const isOrdered = wishes.some(({ path }) => path === chosen.pool?.key);
  const used: readonly (readonly [Annotation | undefined, boolean])[] = [
    [chosen.ip, paths.has(chosen.ip?.key ?? "")],
    [chosen.netmask, all.some(({ result }) => result?.prefixLength !== undefined)],
    [chosen.gateway, [...wishes, ...pools].some(({ result }) => result?.gateway !== undefined)],
    [chosen.pool, paths.has(chosen.pool?.key ?? "")],
    [chosen.order, isOrdered],
    [from, true],
    [chosen.retain, keeps !== undefined],
  ];
  return Object.fromEntries(
    used.flatMap(([annotation, isUsed]) =>
      annotation === undefined || !isUsed ? [] : [[annotation.key, annotation.value]]
    ),
  );
}
