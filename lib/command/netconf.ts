/**
 * The network configuration that a sub-command is told of.
 *
 * @module
 */
import { readRegular } from "../file/regular.ts";
import { CniError, CODES } from "../cni/errors.ts";
import { isRecord } from "../cni/values.ts";
import type { Config, Netconf } from "../config/config.ts";
import { parseNetconf } from "../config/json.ts";
import { loadConfig } from "../config/load.ts";
import { fileProblem } from "../plugin/files.ts";
import type { Io } from "../plugin/io.ts";

/** The type of an `ipam` object that is ours. */
const TYPE = "kube-ipam";
/** Where the compiled program may read by default; `permissions` of `deno.json` names all. */
const FOLDERS = "/etc/cni, /etc/kubernetes, /etc/kube-ipam, /var/lib/cni/kube-ipam";
/** Given instead of a file: then it is read from stdin. */
const STDIN = "-";
/** How long stdin is waited for, in milliseconds. */
const PATIENCE_MS = 10_000;

const UNREADABLE = "Cannot read the network configuration";

/**
 * Reads the configuration that a sub-command is given, from a file or from stdin.
 *
 * @param conf The value of `--conf`: a path, or `-` for stdin, which needs no permission.
 * @param io The process.
 * @returns The configuration.
 * @throws {CniError} As {@linkcode readConfig}.
 */
export async function readGivenConfig(conf: string, io: Pick<Io, "stdin">): Promise<Config> {
  if (conf !== STDIN) return readConfig(conf);
  const text = await io.stdin(AbortSignal.timeout(PATIENCE_MS));
  return configOf(netconfIn(text, "stdin"));
}

/**
 * Reads a configuration file as a runtime does: a network configuration, or a list of which the plugin is taken that has kube-ipam as
 * its `ipam`. Ranges are not needed, so their mistakes are warnings.
 *
 * @param path The file.
 * @returns The configuration.
 * @throws {CniError} If the file cannot be read, names kube-ipam nowhere, or has mistakes that matter.
 */
export function readConfig(path: string): Config {
  return configOf(readNetconf(path));
}

function configOf(netconf: Netconf): Config {
  return loadConfig(netconf, {
    command: "DEL",
    args: { ips: [], gateways: [] },
    kubernetes: false,
  });
}

/**
 * Reads what a runtime would pass on stdin, not yet checked.
 *
 * @param path The file.
 * @returns The network configuration.
 * @throws {CniError} If the file cannot be read, or names kube-ipam nowhere.
 */
export function readNetconf(path: string): Netconf {
  return netconfIn(readFile(path), path);
}

function netconfIn(text: string, path: string): Netconf {
  return selectNetconf(parseText(text, path), path);
}

function readFile(path: string): string {
  try {
    return readRegular(path);
  } catch (cause) {
    const problem = fileProblem(cause, { verb: "read", folders: FOLDERS });
    const advice = cause instanceof Deno.errors.NotCapable
      ? ": give the file on stdin, as --conf - < FILE"
      : "";
    throw new CniError(CODES.io, UNREADABLE, { details: `${path}: ${problem}${advice}`, cause });
  }
}

function parseText(text: string, path: string): Netconf {
  if (text.trim() === "") {
    throw new CniError(CODES.decode, UNREADABLE, { details: `${path}: the file is empty` });
  }
  try {
    return parseNetconf(text);
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    const { code, message, details, cause } = error;
    throw new CniError(code, message, { details: `${path}: ${details ?? ""}`, cause });
  }
}

/**
 * Takes the network configuration out of what a file holds.
 *
 * @param file The file's JSON object.
 * @param path The file, for the error.
 * @returns The object that the runtime would pass on stdin.
 * @throws {CniError} Code 7, if kube-ipam is the `ipam` of nothing in it.
 */
export function selectNetconf(file: Netconf, path: string): Netconf {
  const { name, cniVersion, plugins } = file;
  const found = Array.isArray(plugins)
    ? plugins.filter(isRecord).map((plugin) => ({ ...plugin, name, cniVersion })).find(isOurs)
    : isOurs(file)
    ? file
    : undefined;
  if (found !== undefined) return found;
  throw new CniError(CODES.invalidConfig, "Cannot use the network configuration", {
    details: `${path}: no plugin has ipam.type "${TYPE}"`,
  });
}

function isOurs({ ipam }: Netconf): boolean {
  return isRecord(ipam) && ipam["type"] === TYPE;
}
