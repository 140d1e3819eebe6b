/**
 * Compiles all that is measured, with one toolchain.
 *
 * @module
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "../deploy/compile.ts";
import type { Programs } from "./scenario.ts";

const ENTRIES = {
  empty: "empty.ts",
  loaded: "parts/loaded.ts",
  original: "stand_ins/original.ts",
  whereabouts: "stand_ins/whereabouts.ts",
} as const;

/** Where to, and what is there already. */
export interface CompileAllOptions {
  readonly folder: string;
  /** A compiled plugin. */
  readonly binary?: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Compiles the plugin, and the programs that it is measured beside.
 *
 * @param options The folder, and the plugin if it is there already.
 * @returns The paths.
 * @throws {Error} If Deno fails, or the given plugin is no file.
 */
export async function compileAll(
  { folder, binary, signal }: CompileAllOptions,
): Promise<Programs> {
  // Copied: the same folder, the same file system.
  const plugin = `${folder}/kube-ipam`;
  if (binary === undefined) await compile({ output: plugin });
  else await Deno.copyFile(resolve(binary), plugin);
  const made: Record<keyof typeof ENTRIES, string> = {
    empty: `${folder}/empty`,
    loaded: `${folder}/loaded`,
    original: `${folder}/original`,
    whereabouts: `${folder}/whereabouts`,
  };
  for (const [name, file] of Object.entries(ENTRIES)) {
    signal.throwIfAborted();
    await compile({
      entry: fileURLToPath(new URL(file, import.meta.url)),
      output: `${folder}/${name}`,
    });
  }
  return { plugin, ...made };
}
