/**
 * `prevResult`: what the runtime says that ADD has made, read for CHECK.
 *
 * @see https://www.cni.dev/docs/spec/#check-check-containers-networking-is-as-expected
 * @module
 */
import { type Addr, type Family, parseAddr } from "../net/addr.ts";
import { parseAddrPrefix } from "../net/prefix.ts";
import { isRecord, show } from "./values.ts";
import { CniError, CODES } from "./errors.ts";
import type { ResultIp } from "./result.ts";
import { atLeast, type CniVersion, VERSIONS } from "./version.ts";

/** Options of {@linkcode parsePrevResult}. */
export interface ParsePrevResultOptions {
  /** The version of the configuration: it decides on the shape. */
  readonly version: CniVersion;
  /** `CNI_IFNAME`. */
  readonly ifName: string;
  /** `CNI_NETNS`. */
  readonly netns: string;
}

type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON value and where it stands. */
interface Located {
  readonly value: unknown;
  readonly path: string;
}

/**
 * Reads the addresses that count for our interface: those without an interface, and those whose
 * interface has our name and stands in our network namespace.
 *
 * A later plugin of the chain may have added interfaces, addresses and routes of its own.
 *
 * @param value `prevResult` as JSON gave it.
 * @param options The version of the configuration, and which interface is ours.
 * @returns The addresses, in order; maybe none.
 * @throws {CniError} Code 7 if it is missing, or if it does not have the shape of its version; the
 * details name the place.
 * @see https://www.cni.dev/docs/spec/#add-success
 */
export function parsePrevResult(
  value: unknown,
  options: ParsePrevResultOptions,
): readonly ResultIp[] {
  if (value === undefined || value === null) {
    throw new CniError(CODES.invalidConfig, "Required prevResult missing", {
      details: "Set prevResult to the result of the last ADD of this attachment",
    });
  }
  const result = toObject({ value, path: "prevResult" });
  checkShape(result, options.version);
  if (!atLeast(options.version, "0.3.0")) {
    return [...readFamily(result, 4), ...readFamily(result, 6)];
  }
  const interfaces = toList({ value: result["interfaces"], path: "prevResult.interfaces" })
    .map(toObject);
  const ours = interfaces.map((entry, index) => isOurs(entry, { ...options, index }));
  const ips = toList({ value: result["ips"], path: "prevResult.ips" });
  return ips.flatMap((ip) => readIp(ip, { ours, version: options.version }));
}

/** The result may leave its version out; what it states must have the shape that is read here. */
function checkShape(result: JsonObject, version: CniVersion): void {
  const stated = result["cniVersion"];
  if (stated === undefined || stated === null || stated === "") return;
  const known = VERSIONS.find((item) => item === stated);
  if (known !== undefined && shapeOf(known) === shapeOf(version)) return;
  throw malformed(
    { value: stated, path: "prevResult.cniVersion" },
    `it must agree with cniVersion ${show(version)} of the configuration`,
  );
}

function shapeOf(version: CniVersion): "family" | "versioned" | "plain" {
  if (!atLeast(version, "0.3.0")) return "family";
  return atLeast(version, "1.0.0") ? "plain" : "versioned";
}

function readFamily(result: JsonObject, family: Family): readonly ResultIp[] {
  const path = `prevResult.ip${family}`;
  const value = result[`ip${family}`];
  if (value === undefined || value === null) return [];
  const entry = toObject({ value, path });
  const address = { value: entry["ip"], path: `${path}.ip` };
  const ip = readAddress(address, { value: entry["gateway"], path: `${path}.gateway` });
  if (ip.addr.family !== family) throw malformed(address, `it must be an IPv${family} address`);
  return [ip];
}

function readIp(
  ip: Located,
  options: { readonly ours: readonly boolean[]; readonly version: CniVersion },
): readonly ResultIp[] {
  const { path } = ip;
  const { ours } = options;
  const entry = toObject(ip);
  const parsed = readAddress(
    { value: entry["address"], path: `${path}.address` },
    { value: entry["gateway"], path: `${path}.gateway` },
  );
  if (!atLeast(options.version, "1.0.0")) {
    const version = { value: entry["version"], path: `${path}.version` };
    const stated = toText(version);
    if (stated !== "" && stated !== String(parsed.addr.family)) {
      throw malformed(version, "it must be the family of the address");
    }
  }
  const index = entry["interface"];
  if (index === undefined || index === null) return [parsed];
  const counts = typeof index === "number" ? ours[index] : undefined;
  if (counts === undefined) {
    throw malformed(
      { value: index, path: `${path}.interface` },
      `it must be an index of prevResult.interfaces, which has ${ours.length} entries`,
    );
  }
  return counts ? [parsed] : [];
}

function isOurs(
  entry: JsonObject,
  options: ParsePrevResultOptions & { readonly index: number },
): boolean {
  const path = `prevResult.interfaces[${options.index}]`;
  const name = toText({ value: entry["name"], path: `${path}.name` });
  const sandbox = toText({ value: entry["sandbox"], path: `${path}.sandbox` });
  return name === options.ifName && sandbox === options.netns;
}

function readAddress(address: Located, gateway: Located): ResultIp {
  const { addr, length } = readWith(address, parseAddrPrefix);
  if (length === undefined) throw malformed(address, "it must have a prefix length");
  if (toText(gateway) === "") return { addr, prefixLength: length };
  const hop: Addr = readWith(gateway, parseAddr);
  return { addr, prefixLength: length, gateway: hop };
}

/** Reads a text with one of the parsers of lib/net, and says where it stands if that fails. */
function readWith<T>(located: Located, parse: (text: string) => T): T {
  const text = toText(located);
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CniError(CODES.invalidConfig, "Malformed prevResult", {
      details: `Cannot read ${located.path}: ${error.message}`,
      cause: error,
    });
  }
}

function toObject(located: Located): JsonObject {
  if (isRecord(located.value)) return located.value;
  throw malformed(located, "it must be an object");
}

function toList({ value, path }: Located): readonly Located[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw malformed({ value, path }, "it must be a list");
  return value.map((item: unknown, index) => ({ value: item, path: `${path}[${index}]` }));
}

/** Go prints absent texts as null or not at all; both are read as empty. */
function toText(located: Located): string {
  const { value } = located;
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  throw malformed(located, "it must be a string");
}

function malformed({ value, path }: Located, rule: string): CniError {
  return new CniError(CODES.invalidConfig, "Malformed prevResult", {
    details: `Cannot read ${path} as ${rule}: current value is ${show(value)}`,
  });
}
