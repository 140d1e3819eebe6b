/**
 * What is called: a plugin with its configuration, or a program that stands for one.
 *
 * @module
 */
import type { RowKind } from "./report/row.ts";

/** A program, and how it is called. */
export interface Caller {
  readonly name: string;
  readonly of: RowKind;
  /** The program. */
  readonly path: string;
  /** The files of its netconf, one for each node. */
  readonly netconfs: readonly string[];
  /** `CNI_ARGS`. */
  readonly args?: string;
}

/** How a netconf of this plugin is made. */
export interface NetconfOptions {
  /** A folder below which the plugin may write. */
  readonly root: string;
  /** Also part of the file's name. */
  readonly name: string;
  /** Merged into `ipam`. */
  readonly ipam: Readonly<Record<string, unknown>>;
  /** How many nodes call. Default 1. */
  readonly nodes?: number;
}

/**
 * Writes the netconfs of this plugin, one for each node: every node has directories of its own.
 *
 * @param options The folder, the name, and what `ipam` is to say.
 * @returns The paths of the files.
 */
export async function writeNetconfs(options: NetconfOptions): Promise<readonly string[]> {
  const { root, name, ipam, nodes = 1 } = options;
  return await Promise.all(Array.from({ length: nodes }, async (_, index) => {
    const folder = `${root}/node-${index}`;
    const file = `${root}/${name}-${index}.json`;
    const netconf = {
      cniVersion: "1.0.0",
      name,
      type: "bridge",
      ipam: {
        type: "kube-ipam",
        subnet: "10.188.0.0/16",
        annotations: "off",
        dataDir: `${folder}/data`,
        runDir: `${folder}/run`,
        nodeName: `bench-${index}`,
        addressSpace: name,
        log: { file: `${folder}/plugin.log` },
        ...ipam,
      },
    };
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(file, JSON.stringify(netconf));
    return file;
  }));
}
