/**
 * Checks the types of a netconf, and finds its unknown keys.
 *
 * @module
 */
import * as z from "./zod.ts";
import type { Netconf } from "./config.ts";
import { isRecord } from "../cni/values.ts";
import { formatPath, type PathPart, refuseMistakes, type Report } from "./mistakes.ts";
import { nearest } from "./nearest.ts";
import { ipamShape, netconfShape, type RawNetconf } from "./shape.ts";
import { findUnknownKeys, type UnknownKey } from "./unknown_keys.ts";

/** Options of {@linkcode readShape}. */
export interface ReadShapeOptions {
  /** Where mistakes go. */
  readonly report: Report;
  /** Whether `args` and `runtimeConfig.ips` matter to the command. */
  readonly wishes: boolean;
}

/** What {@linkcode readShape} found. */
export interface ReadShape {
  /** As it is written, of the right types. */
  readonly raw: RawNetconf;
  /** Keys of `ipam` and below that nobody reads. */
  readonly unknown: readonly UnknownKey[];
}

/**
 * Checks the types. What has the wrong one is told and left out, so that the rest can be checked
 * too; `null` counts as absent, as it does for Go's decoder.
 *
 * @param netconf The netconf.
 * @param options Where mistakes go, and what matters.
 * @returns The values of the right types, and the unknown keys.
 * @throws {CniError} Code 7 if there is no `ipam` object.
 */
export function readShape(netconf: Netconf, options: ReadShapeOptions): ReadShape {
  const { report, wishes } = options;
  const ipam = netconf["ipam"];
  if (!isRecord(ipam)) missingIpam(netconf, report);
  const { args, runtimeConfig } = netconf;
  const raw = parse({ ipam, args, runtimeConfig }, { report, wishes });
  const unknown = findUnknownKeys(ipam, { shape: ipamShape, at: ["ipam"] });
  const strict = raw.ipam.strict === true;
  for (const { path, nearest } of unknown) {
    (strict ? report.mistakes : report.warnings).push({
      path,
      what: "is not a known key",
      repair: nearest === undefined ? "Remove it" : `Did you mean "${nearest}"?`,
      essential: false,
    });
  }
  return { raw, unknown };
}

function missingIpam(netconf: Netconf, report: Report): void {
  const others = Object.keys(netconf).filter((key) => key !== "ipam");
  const near = nearest("ipam", others);
  report.mistakes.push({
    path: "ipam",
    what: Object.hasOwn(netconf, "ipam") ? "is not an object" : "is missing",
    repair: near === undefined
      ? 'Write "ipam": { "type": "kube-ipam", "subnet": "10.188.0.0/16" }'
      : `Rename "${near}" to "ipam"`,
  });
  refuseMistakes(report);
}

function parse(netconf: Netconf, { report, wishes }: ReadShapeOptions): RawNetconf {
  const first = z.safeParse(netconfShape, netconf, { jitless: true });
  if (first.success) return first.data;
  const rest: unknown = structuredClone(netconf);
  for (const issue of first.error.issues) {
    const path = issue.path.filter((part) => typeof part !== "symbol");
    const value = valueAt(netconf, path);
    cut(rest, path);
    if (value === null && typeof path.at(-1) === "string") continue;
    const isWish = path[0] === "args" || (path[0] === "runtimeConfig" && path[1] === "ips");
    (isWish && !wishes ? report.warnings : report.mistakes).push({
      path: formatPath(path),
      what: `is ${nameOf(value)}`,
      repair: repairOf(issue, value),
    });
  }
  return z.parse(netconfShape, rest, { jitless: true });
}

function valueAt(value: unknown, path: readonly PathPart[]): unknown {
  return path.reduce<unknown>(
    (inner, part) =>
      typeof inner === "object" && inner !== null ? Reflect.get(inner, part) : undefined,
    value,
  );
}

/** Removes the innermost key of a path. Elements of arrays stay together: later paths count them. */
function cut(value: unknown, path: readonly PathPart[]): void {
  const end = path.findLastIndex((part) => typeof part === "string");
  const key = path[end];
  const parent = valueAt(value, path.slice(0, end));
  if (key !== undefined && typeof parent === "object" && parent !== null) {
    Reflect.deleteProperty(parent, key);
  }
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return "a text";
    case "object":
      return "an object";
    default:
      return `the ${typeof value} ${String(value)}`;
  }
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: "a text in double quotes",
  array: "a list, [ ]",
  object: "an object, { }",
  boolean: "true or false",
  number: "a number without quotes",
};

function repairOf(issue: z.core.$ZodIssue, value: unknown): string {
  const expected = issue.code === "invalid_type" ? EXPECTED[issue.expected] : undefined;
  const isFlat = isRecord(value) && expected === EXPECTED["array"];
  return `Write ${expected ?? "another value"}${isFlat ? " around it" : ""}`;
}
