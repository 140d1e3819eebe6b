/**
 * Reads network configurations and the kubeconfigs that they name, as the plugin will on a node: certificates need not be there.
 *
 * @module
 */
import { CniError } from "../lib/cni/errors.ts";
import { isRecord } from "../lib/cni/values.ts";
import { readNetconf } from "../lib/command/netconf.ts";
import type { Config, Netconf } from "../lib/config/config.ts";
import { loadConfig } from "../lib/config/load.ts";
import { nameOfUnreadable, readRegular } from "../lib/file/regular.ts";
import { KubeError } from "../lib/kube/api.ts";
import { type Access, readAccess } from "../lib/kube/kubeconfig/kubeconfig.ts";
import { parseYaml, YamlError } from "../lib/kube/kubeconfig/yaml.ts";
import { BakeError, type Network } from "./baked.ts";

/** Where things are on this machine. */
export interface ReadNetworksOptions {
  /** A copy of the kubeconfig that the networks name, read in its place. */
  readonly kubeconfig?: string | undefined;
}

/** Networks, and what deserves a line. */
export interface Networks {
  readonly networks: readonly Network[];
  readonly warnings: readonly string[];
}

interface Conf {
  readonly path: string;
  readonly netconf: Netconf;
  readonly config: Config;
}

/**
 * Reads networks.
 *
 * @param paths Configuration files: `.conf` or `.conflist`.
 * @param options Where things are on this machine.
 * @returns The networks, in the same order.
 * @throws {BakeError} If one cannot be used: with every mistake of all of them.
 */
export async function readNetworks(
  paths: readonly string[],
  options: ReadNetworksOptions = {},
): Promise<Networks> {
  const confs = await collect(paths, readConf);
  checkCopy(confs, options);
  const networks = await collect(confs, async (conf): Promise<Network> => {
    const { config } = conf;
    return { config, access: isKube(conf) ? await readKube(conf, options) : undefined };
  });
  const warnings = confs.flatMap(({ path, config }) =>
    config.warnings.map((warning) => `${path}: ${warning}`)
  );
  return { networks, warnings };
}

/** Goes on after a mistake, so that all are told at once. */
async function collect<From, To>(
  items: readonly From[],
  read: (item: From) => To | Promise<To>,
): Promise<readonly To[]> {
  const found: To[] = [];
  const mistakes: string[] = [];
  for (const item of items) {
    try {
      found.push(await read(item));
    } catch (error) {
      if (!(error instanceof BakeError)) throw error;
      mistakes.push(error.message);
    }
  }
  if (mistakes.length > 0) throw new BakeError(mistakes.join("\n"));
  return found;
}

function readConf(path: string): Conf {
  try {
    const netconf = readNetconf(path);
    const config = loadConfig(netconf, {
      command: hasOwnRanges(netconf) ? "ADD" : "CHECK",
      args: { ips: [], gateways: [] },
      kubernetes: false,
    });
    return { path, netconf, config };
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    const { message, details = "" } = error;
    // Of a file that cannot be read the path stands before the details already.
    const isOne = details.startsWith(`${path}: `);
    throw new BakeError(
      isOne ? `${message}: ${details}` : `${message}: ${path}:\n${details.replaceAll(/^/gm, "  ")}`,
    );
  }
}

/** With this capability the ranges may come with each call. */
function hasOwnRanges({ capabilities }: Netconf): boolean {
  return !(isRecord(capabilities) && capabilities["ipRanges"] === true);
}

/** Without a datastore that is named a call from Kubernetes is refused before it reads a kubeconfig. */
function isKube({ netconf: { ipam }, config }: Conf): boolean {
  if (config.annotations === "off" || !isRecord(ipam)) return false;
  return ipam["datastore"] !== undefined || ipam["etcdConfig"] !== undefined;
}

function checkCopy(confs: readonly Conf[], { kubeconfig }: ReadNetworksOptions): void {
  if (kubeconfig === undefined) return;
  const named = [...new Set(confs.filter(isKube).map(({ config }) => config.kubeConfig))];
  if (named.length === 1) return;
  throw new BakeError(
    "Cannot use --kubeconfig as the networks must name one kubeconfig: current value is " +
      (named.length === 0 ? "none" : named.join(", ")),
  );
}

async function readKube(conf: Conf, { kubeconfig }: ReadNetworksOptions): Promise<Access> {
  const { config: { kubeConfig: file }, path } = conf;
  const source = kubeconfig ?? file;
  try {
    return readAccess(await parseYaml(readRegular(source)), file);
  } catch (error) {
    if (error instanceof KubeError) {
      throw new BakeError(`${path}: ${error.message}. ${error.repair}`);
    }
    const isYaml = error instanceof YamlError;
    const seen = isYaml ? error.message : `current error is ${nameOfUnreadable(error)}`;
    throw new BakeError(
      `${path}: Cannot read the kubeconfig "${source}" of ipam.kubeConfig: ${seen}. ` +
        (isYaml ? "Mend its YAML at this place" : REPAIR),
    );
  }
}

const REPAIR = "It says where the Kubernetes API is: give a copy of it with --kubeconfig FILE, " +
  'as "kubectl config view --minify" prints it on a node; or compile on a node; ' +
  'or set ipam.annotations to "off" where no pod\'s annotations count';
