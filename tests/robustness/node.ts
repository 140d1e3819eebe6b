/**
 * A node of a run: its folders, its network, the processes that run on it.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import type { Moment } from "./history.ts";
import { type Link, openLink } from "./proxy/link.ts";
import type { Program } from "./program.ts";
import { netconfOf } from "./netconf.ts";

/** A process that runs. */
export interface Running {
  readonly pid: number;
  /** Kills it, at once. */
  kill(moment: Moment): void;
}

/** A node. */
export interface Node {
  readonly name: string;
  readonly cluster: Cluster;
  readonly root: string;
  readonly dataDir: string;
  readonly link: Link;
  /** The words that start the plugin. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** For calls of pods, and for those that no Kubernetes makes. */
  readonly netconf: Readonly<Record<string, unknown>>;
  /** Files with the netconf, for sub-commands: reconcile may list pods. */
  readonly confs: { readonly plugin: string; readonly reconcile: string };
  readonly running: Map<number, Running>;
}

/** What a node is made of. */
export interface NodeOptions {
  readonly name: string;
  readonly cluster: Cluster;
  /** The folder of all nodes. */
  readonly folder: string;
  readonly program: Program;
  /** The members of etcd. */
  readonly endpoints: readonly string[];
  /** Told of every transaction that changed something. */
  readonly onCommit: (revision: number) => void;
}

/**
 * Makes a node.
 *
 * @param options What it is made of.
 * @returns The node; dispose of it.
 */
export async function makeNode(options: NodeOptions): Promise<Node & AsyncDisposable> {
  const { name, cluster, folder, program, endpoints, onCommit } = options;
  const root = `${folder}/${name}`;
  const dataDir = `${root}/data`;
  await Deno.mkdir(dataDir, { recursive: true });
  await Deno.writeTextFile(`${dataDir}/node-name`, `${name}\n`);
  const link = openLink({ targets: endpoints, onCommit: ({ revision }) => onCommit(revision) });
  const places = { root, dataDir, cluster: cluster.name, urls: link.urls };
  const writeConf = async (use: "plugin" | "reconcile"): Promise<string> => {
    const from = cluster.kubeconfigs?.[use];
    const kubeConfig = from && `${root}/${use}.kubeconfig`;
    if (from !== undefined && kubeConfig !== undefined) await Deno.copyFile(from, kubeConfig);
    const file = `${root}/${use}.conf`;
    await Deno.writeTextFile(file, JSON.stringify(netconfOf({ ...places, kubeConfig })));
    return file;
  };
  const confs = { plugin: await writeConf("plugin"), reconcile: await writeConf("reconcile") };
  return {
    name,
    cluster,
    root,
    dataDir,
    link,
    words: await program.words(root),
    env: program.env,
    netconf: JSON.parse(await Deno.readTextFile(confs.plugin)),
    confs,
    running: new Map(),
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}
