/**
 * The routes of the netconf.
 *
 * @module
 */
import { type Addr, type Family, formatAddr, parseAddr } from "../net/addr.ts";
import { parsePrefix, type Prefix } from "../net/prefix.ts";
import type { Route } from "../cni/result.ts";
import type { RangeSet } from "./config.ts";
import { reasonOf, type Report } from "./mistakes.ts";
import type { RawRoute } from "./shape.ts";

/** Options of {@linkcode readRoutes}. */
export interface ReadRoutesOptions {
  /** Their gateways stand in for an absent `gw`. */
  readonly sets: readonly RangeSet[];
  /** Where mistakes go. */
  readonly report: Report;
}

const NUMBERS = [
  ["mtu", 0xffff_ffff],
  ["advmss", 0xffff_ffff],
  ["priority", 0xffff_ffff],
  ["table", 0xffff_ffff],
  ["scope", 255],
] as const;

/**
 * Reads the routes.
 *
 * @param routes As they are written, or `undefined`.
 * @param options The range sets, and where mistakes go.
 * @returns The routes in their order. An absent `gw` is the gateway of the route's family, as long
 * as all its ranges have the same one; otherwise it stays absent, and the main plugin uses the
 * gateway of the address that was granted.
 */
export function readRoutes(
  routes: readonly RawRoute[] | undefined,
  options: ReadRoutesOptions,
): Route[] {
  if (routes === undefined) return [];
  const gateways = { 4: onlyGateway(options.sets, 4), 6: onlyGateway(options.sets, 6) };
  return routes.flatMap((raw, index) => {
    const at = { path: `ipam.routes[${index}]`, report: options.report };
    const dst = readDst(raw.dst, at);
    const written = readGw(raw.gw, { ...at, dst });
    const numbers = readNumbers(raw, at);
    if (dst === undefined) return [];
    const gw = written ?? gateways[dst.family];
    return [{ dst, ...(gw === undefined ? {} : { gw }), ...numbers }];
  });
}

interface At {
  readonly path: string;
  readonly report: Report;
}

function readDst(text: string | undefined, { path, report }: At): Prefix | undefined {
  try {
    if (text !== undefined && text !== "") return parsePrefix(text);
    report.mistakes.push({
      path: `${path}.dst`,
      what: "is missing",
      repair: 'Write a prefix, such as "0.0.0.0/0"',
    });
  } catch (error) {
    report.mistakes.push({
      path: `${path}.dst`,
      what: reasonOf(error),
      repair: 'Write a prefix, such as "0.0.0.0/0"',
    });
  }
  return undefined;
}

function readGw(
  text: string | undefined,
  { path, report, dst }: At & { readonly dst: Prefix | undefined },
): Addr | undefined {
  if (text === undefined || text === "") return undefined;
  const repair = "Write an address of the family of dst, or leave it out";
  try {
    const gw = parseAddr(text);
    if (dst === undefined || gw.family === dst.family) return gw;
    const what = `${formatAddr(gw)} is not of the family of dst`;
    report.mistakes.push({ path: `${path}.gw`, what, repair });
  } catch (error) {
    report.mistakes.push({ path: `${path}.gw`, what: reasonOf(error), repair });
  }
  return undefined;
}

function readNumbers(raw: RawRoute, { path, report }: At): Partial<Route> {
  const numbers = NUMBERS.flatMap(([key, most]) => {
    const value = raw[key];
    if (value === undefined) return [];
    if (Number.isInteger(value) && value >= 0 && value <= most) return [[key, value] as const];
    report.mistakes.push({
      path: `${path}.${key}`,
      what: `${value} is not possible`,
      repair: `Write a whole number from 0 to ${most}`,
    });
    return [];
  });
  return Object.fromEntries(numbers);
}

function onlyGateway(sets: readonly RangeSet[], family: Family): Addr | undefined {
  const gateways = sets.filter((set) => set.family === family)
    .flatMap(({ ranges }) => ranges.map(({ gateway }) => gateway));
  const [first] = gateways;
  return gateways.every((gateway) => gateway?.value === first?.value) ? first : undefined;
}
