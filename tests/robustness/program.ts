/**
 * The plugin as a run starts it: the compiled binary under test, or a bundle of the sources.
 *
 * @module
 */
import { BINARY, sourceCommand } from "../support/plugin.ts";

/** How processes are started. */
export interface Program {
  /** The folder below which nodes have theirs: the binary may write below its own only. */
  readonly parent: string | undefined;
  /** The words that start it for a node of this folder. */
  words(root: string): Promise<readonly string[]>;
  /** The variables that it needs beside those of the call. */
  readonly env: Readonly<Record<string, string>>;
}

/** Where the compiled binary may write. */
const BINARY_PARENT = "/var/lib/cni/kube-ipam";

/**
 * The program of a bundle.
 *
 * @param bundle The folder of the bundle.
 * @returns How it is started.
 */
export function bundledProgram(bundle: string): Program {
  // Deno finds its cache there.
  const env = ["HOME", "DENO_DIR"].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    parent: undefined,
    words: (root) => sourceCommand(root, bundle),
    env: Object.fromEntries(env),
  };
}

/** The program of `KUBE_IPAM_BINARY`; undefined where none is given. */
export function binaryProgram(): Program | undefined {
  const binary = BINARY;
  if (binary === undefined) return undefined;
  return { parent: BINARY_PARENT, words: () => Promise.resolve([binary]), env: {} };
}
