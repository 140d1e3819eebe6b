/**
 * From a netconf to the canonical {@linkcode Config}.
 *
 * @module
 */
import type { CniArgs } from "../cni/args.ts";
import type { Command } from "../cni/environment.ts";
import { CniError } from "../cni/errors.ts";
import { checkNetworkName } from "../cni/identifiers.ts";
import { parseVersion } from "../cni/version.ts";
import { ALLOCATIONS, ANNOTATIONS, LOG_LEVELS, readChoice } from "./choices.ts";
import type { Config, LogConfig, Netconf } from "./config.ts";
import {
  DEFAULT_COOLDOWN_MS,
  DEFAULT_DATA_DIR,
  DEFAULT_GC_GRACE_MS,
  DEFAULT_LOG,
  DEFAULT_RUN_DIR,
  DEFAULT_SPACE,
} from "./defaults.ts";
import { readDatastore } from "./datastore.ts";
import { readDns } from "./dns.ts";
import { readPath, type ReadPathOptions } from "./files.ts";
import { readFixedPolicy } from "./fixed_policy.ts";
import { forgive, formatMistakes, newReport, refuseMistakes, type Report } from "./mistakes.ts";
import { readRangeSets } from "./ranges.ts";
import { readRoutes } from "./routes.ts";
import { readDuration, readName, readSize } from "./scalars.ts";
import type { RawIpam } from "./shape.ts";
import { readShape } from "./read_shape.ts";
import { readWishes, refuseWishes } from "./wishes.ts";

/** Options of {@linkcode loadConfig}. */
export interface LoadConfigOptions {
  /** The verb: DEL and GC forgive mistakes, only ADD has wishes. */
  readonly command: Command;
  /** CNI_ARGS, for its wishes. */
  readonly args: CniArgs;
  /** The call is from Kubernetes: a private database per node would be a mistake. */
  readonly kubernetes: boolean;
  /**
   * Told what is connected to as soon as that is known to be right, so that it goes on while the rest is checked. It is told
   * before mistakes elsewhere are found.
   */
  readonly onConnections?: (connections: Connections) => void;
}

/** What a call connects to, and where its files are. */
export type Connections = Pick<
  Config,
  "datastore" | "kubeConfig" | "annotations" | "dataDir" | "runDir"
>;

/**
 * Checks a netconf and fills in every default.
 *
 * All mistakes are told at once. DEL and GC go on in spite of mistakes that do not concern it (ranges,
 * routes, DNS, wishes): they become warnings. Wishes are read for ADD only.
 *
 * @param netconf The netconf.
 * @param options The command, CNI_ARGS, and whether Kubernetes calls.
 * @returns The configuration.
 * @throws {CniError} Code 1 if the version is not ours, code 7 with one line per mistake, code 102
 * if a requested address is in no range set.
 *
 * @example The least there can be
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const config = loadConfig(
 *   { cniVersion: "1.0.0", name: "net", ipam: { type: "kube-ipam", subnet: "10.1.0.0/24" } },
 *   { command: "ADD", args: { ips: [], gateways: [] }, kubernetes: false },
 * );
 * assertEquals(config.datastore.kind, "sqlite");
 * assertEquals(config.sets[0]?.ranges[0]?.random.length, 1);
 * ```
 */
export function loadConfig(netconf: Netconf, options: LoadConfigOptions): Config {
  const { command, args, kubernetes, onConnections } = options;
  const report = newReport();
  const cniVersion = parseVersion(netconf["cniVersion"]);
  const network = readNetwork(netconf["name"], report);
  const { raw, unknown } = readShape(netconf, { report, wishes: command === "ADD" });
  const { ipam, runtimeConfig } = raw;
  const stores = readDatastore(ipam, { report, unknown, kubernetes });
  const scalars = readScalars(ipam, report);
  if (report.mistakes.length === 0) onConnections?.({ ...scalars, ...stores });
  const required = (command === "ADD" || command === "STATUS") &&
    !report.mistakes.some(({ path }) => RANGE_KEYS.test(path));
  const sets = readRangeSets(raw, { cniVersion, report, required });
  const fixedPolicy = readFixedPolicy(ipam.fixedPolicy, { sets, unknown, report });
  const routes = readRoutes(ipam.routes, { report });
  const dns = readDns(ipam.dns, { runtime: runtimeConfig?.dns, report });
  const { wishes, refused } = command === "ADD"
    ? readWishes(raw, { args, sets, report })
    : { wishes: [], refused: [] };
  if (FORGIVING.has(command)) forgive(report);
  refuseMistakes(report);
  refuseWishes(refused);
  const warnings = formatMistakes(report.warnings);
  return {
    cniVersion,
    network,
    ...scalars,
    ...stores,
    sets,
    fixedPolicy,
    routes,
    dns,
    wishes,
    warnings,
  };
}

// What gives addresses back must not depend on what the ranges are by now.
const FORGIVING: ReadonlySet<Command> = new Set(["DEL", "GC"]);

// Where something of these is told already, "there is no range" would only confuse.
const RANGE_KEYS = /^(?:ipam\.(?:ranges|subnet)|runtimeConfig)/;

function readNetwork(name: unknown, report: Report): string {
  try {
    return checkNetworkName(name);
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    report.mistakes.push({
      path: "name",
      what: error.message,
      repair: error.details ?? "Write another name",
    });
    return "";
  }
}

type Scalars = Pick<
  Config,
  | "space"
  | "cluster"
  | "nodeName"
  | "resolvConf"
  | "annotations"
  | "allocation"
  | "cooldownMs"
  | "gcGraceMs"
  | "statusOnOutageMs"
  | "statusOnExhaustion"
  | "dataDir"
  | "runDir"
  | "log"
>;

function readScalars(ipam: RawIpam, report: Report): Scalars {
  const at = (key: string): ReadPathOptions => ({ path: `ipam.${key}`, report });
  return {
    space: readName(ipam.addressSpace, at("addressSpace")) ?? DEFAULT_SPACE,
    cluster: readName(ipam.cluster, at("cluster")),
    nodeName: readName(ipam.nodeName, at("nodeName")),
    resolvConf: readPath(ipam.resolvConf, at("resolvConf")),
    annotations: readChoice(ipam.annotations, { words: ANNOTATIONS, ...at("annotations") }) ?? "on",
    allocation: readChoice(ipam.allocation, { words: ALLOCATIONS, ...at("allocation") }) ??
      "random",
    cooldownMs: readDuration(ipam.cooldown, at("cooldown")) ?? DEFAULT_COOLDOWN_MS,
    gcGraceMs: readDuration(ipam.gcGrace, at("gcGrace")) ?? DEFAULT_GC_GRACE_MS,
    statusOnOutageMs: readDuration(ipam.statusOnOutage, at("statusOnOutage")),
    statusOnExhaustion: ipam.statusOnExhaustion ?? false,
    dataDir: readPath(ipam.dataDir, at("dataDir")) ?? DEFAULT_DATA_DIR,
    runDir: readPath(ipam.runDir, at("runDir")) ?? DEFAULT_RUN_DIR,
    log: readLog(ipam.log, report),
  };
}

function readLog(log: RawIpam["log"], report: Report): LogConfig {
  const at = (key: string): ReadPathOptions => ({ path: `ipam.log.${key}`, report });
  return {
    file: readPath(log?.file, at("file")) ?? DEFAULT_LOG.file,
    level: readChoice(log?.level, { words: LOG_LEVELS, ...at("level") }) ?? DEFAULT_LOG.level,
    maxSizeBytes: readSize(log?.maxSize, at("maxSize")) ?? DEFAULT_LOG.maxSizeBytes,
  };
}
