/**
 * Checks the types of a netconf, and finds its unknown keys.
 *
 * @module
 */
import { isRecord } from "../cni/values.ts";
import type { Fault, Kind, Shape, Stranger } from "../shape/shape.ts";
import type { Netconf } from "./config.ts";
import { formatPath, refuseMistakes, type Report } from "./mistakes.ts";
import { nearest } from "./nearest.ts";
import { argsShape, ipamShape, type RawNetconf, runtimeShape } from "./shape.ts";

/** Options of {@linkcode readShape}. */
export interface ReadShapeOptions {
  /** Where mistakes go. */
  readonly report: Report;
  /** Whether `args` and `runtimeConfig.ips` matter to the command. */
  readonly wishes: boolean;
}

/** A key that nobody reads: most of them are misspelt. */
export interface UnknownKey {
  /** Where it stands in the netconf. */
  readonly path: string;
  /** The key as it is written. */
  readonly key: string;
  /** The known key of the same object that was probably meant. */
  readonly nearest: string | undefined;
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
  const { report } = options;
  if (!isRecord(netconf["ipam"])) missingIpam(netconf, report);
  const faults: Fault[] = [];
  const strangers: Stranger[] = [];
  const read = <T>(key: string, shape: Shape<T>, strangers?: Stranger[]): T | undefined => {
    const value = netconf[key] ?? undefined;
    if (value === undefined) return undefined;
    return shape.read(value, { path: [key], faults, strangers, isNullAbsent: true });
  };
  const raw: RawNetconf = {
    ipam: read("ipam", ipamShape, strangers) ?? {},
    args: read("args", argsShape),
    runtimeConfig: read("runtimeConfig", runtimeShape),
  };
  for (const fault of faults) tell(fault, options);
  const unknown = strangers.map(toUnknown);
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

function tell(
  { path, expected, value }: Fault,
  { report, wishes }: ReadShapeOptions,
): void {
  const isWish = path[0] === "args" || (path[0] === "runtimeConfig" && path[1] === "ips");
  (isWish && !wishes ? report.warnings : report.mistakes).push({
    path: formatPath(path),
    what: `is ${nameOf(value)}`,
    repair: repairOf(expected, value),
  });
}

function toUnknown({ path, key, known }: Stranger): UnknownKey {
  return { path: formatPath(path), key, nearest: nearest(key, known) };
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

const EXPECTED: Readonly<Record<Kind, string>> = {
  text: "a text in double quotes",
  list: "a list, [ ]",
  object: "an object, { }",
  flag: "true or false",
  number: "a number without quotes",
  any: "another value",
};

function repairOf(expected: Kind, value: unknown): string {
  const isFlat = isRecord(value) && expected === "list";
  return `Write ${EXPECTED[expected]}${isFlat ? " around it" : ""}`;
}
