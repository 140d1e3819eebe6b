/**
 * Who this node is, from the files that the installer and the first call left on it.
 *
 * @module
 */
import { CniError, CODES } from "../cni/errors.ts";
import type { Config } from "../config/config.ts";
import type { Node } from "../ipam/ownership.ts";
import type { NodeIdentity } from "../ipam/request.ts";
import { fileProblem, readOrCreate, readText } from "./files.ts";
import { randomId } from "./random.ts";

type NodeConfig = Pick<Config, "cluster" | "nodeName" | "dataDir" | "runDir">;

/** Cluster of hosts that belong to none. */
const NO_CLUSTER = "default";

/**
 * The node as its records name it. Reads only: for DEL and CHECK.
 *
 * @param config Where the node's files are, and what the netconf says instead.
 * @returns The node; its id is undefined when none was written yet.
 * @throws {CniError} With code 7, if the node's name cannot be told.
 */
export function readNode(config: NodeConfig): Node {
  const { cluster, nodeName, dataDir } = config;
  return {
    cluster: cluster ?? readCluster(dataDir) ?? NO_CLUSTER,
    node: readText(`${dataDir}/node-name`) ?? nodeName ?? hostname(),
    nodeId: readText(`${dataDir}/node-id`),
  };
}

/**
 * The node with its id and boot, written where they are missing: for ADD and GC.
 *
 * @param config As for {@linkcode readNode}.
 * @returns The node, and the directory that a boot empties.
 * @throws {CniError} With code 5, if the id cannot be kept; with code 7, if the node's name cannot be told.
 */
export function identifyNode(config: NodeConfig): NodeIdentity & { readonly runDir: string } {
  const { cluster, node, nodeId } = readNode(config);
  const { dataDir } = config;
  try {
    return {
      cluster,
      node,
      nodeId: nodeId ?? readOrCreate(`${dataDir}/node-id`, randomId),
      ...readBoot(config),
    };
  } catch (error) {
    const problem = fileProblem(error, { verb: "write", folders: "/var/lib/cni/kube-ipam" });
    throw new CniError(CODES.io, "Cannot write the data directory", {
      details:
        `ipam.dataDir is "${dataDir}" (${problem}). Make it a directory that the plugin may read and write: ` +
        "without it GC could never tell this node's addresses from others",
      cause: error,
    });
  }
}

/** It becomes a part of keys, which are not escaped. */
function readCluster(dataDir: string): string | undefined {
  const text = readText(`${dataDir}/cluster`);
  if (text === undefined || /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(text)) return text;
  throw new CniError(CODES.invalidConfig, "Cannot tell the cluster of this node", {
    details:
      `${dataDir}/cluster must hold letters, digits, "_", "." and "-" only: write the UID of the namespace kube-system`,
  });
}

/** The directory that a boot empties; where it cannot be had, one in the data directory. */
export function runDirOf(config: NodeConfig): string {
  try {
    return readBoot(config).runDir;
  } catch {
    return fallbackOf(config); // nothing can be written there either: who must write says so
  }
}

/** The boot's id, and the directory that it stands in: that may be there and not ours to write. */
function readBoot(config: NodeConfig): { readonly runDir: string; readonly boot: string } {
  const { runDir } = config;
  try {
    return { runDir, boot: readOrCreate(`${runDir}/boot`, randomId) };
  } catch {
    const fallback = fallbackOf(config);
    return { runDir: fallback, boot: readOrCreate(`${fallback}/boot`, randomId) };
  }
}

function fallbackOf({ dataDir }: NodeConfig): string {
  return `${dataDir}/run`;
}

function hostname(): string {
  try {
    return Deno.hostname();
  } catch (error) {
    throw new CniError(CODES.invalidConfig, "Cannot tell the name of this node", {
      details: 'Set ipam.nodeName, or write the name to "node-name" in ipam.dataDir',
      cause: error,
    });
  }
}
