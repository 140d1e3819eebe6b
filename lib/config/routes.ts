/**
 * The routes of the netconf.
 *
 * @module
 */
import { type Addr, formatAddr, parseAddr } from "../net/addr.ts";
import { parsePrefix, type Prefix } from "../net/prefix.ts";
import type { Route } from "../cni/result.ts";
import { reasonOf, type Report } from "./mistakes.ts";
import type { RawRoute } from "./shape.ts";

/** Options of {@linkcode readRoutes}. */
export interface ReadRoutesOptions {
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
 * @param options Where mistakes go.
 * @returns The routes in their order.
 */
export function readRoutes(
  routes: readonly RawRoute[] | undefined,
  options: ReadRoutesOptions,
): Route[] {
  if (routes === undefined) return [];
  return routes.flatMap((raw, index) => {
    const at = { path: `ipam.routes[${index}]`, report: options.report };
    const dst = readDst(raw.dst, at);
    const gw = readGw(raw.gw, { ...at, dst });
    const numbers = readNumbers(raw, at);
    if (dst === undefined) return [];
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
