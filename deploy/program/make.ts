/**
 * Makes the program that `deno compile` takes, in the form that starts faster.
 *
 * @module
 */
import { bundle, runDeno, type Toolchain } from "../bundle.ts";
import type { Made } from "./made.ts";
import { makeScript } from "./script.ts";

/** What {@linkcode makeProgram} needs. */
export interface MakeProgramOptions {
  /** Takes the files. */
  readonly folder: string;
  /** The Deno that compiles. */
  readonly toolchain: Toolchain;
  /** Whether the executable is for this machine: V8 takes a code cache of its own kind only. */
  readonly isOwn: boolean;
}

/** Longer, in milliseconds, is no loading but a start of the Node.js layer. */
const AT_ONCE_MS = 3;
/** Tells how long loading takes in a new process. */
const PROBE =
  'const begin = performance.now(); await import("node:vm"); console.log(performance.now() - begin)';

/**
 * Makes the files of the program: one script with a code cache, or ES modules in chunks where no cache could be used or
 * loading it would take longer than it saves.
 *
 * @param options Where to, with what, and for which machine.
 * @returns What was made.
 * @throws {Error} If Deno fails: with what it printed.
 */
export async function makeProgram(options: MakeProgramOptions): Promise<Made> {
  const { folder, toolchain, isOwn } = options;
  if (isOwn && await loadsAtOnce(toolchain)) return await makeScript(folder, toolchain);
  await bundle({ folder, toolchain });
  return { entry: "cli.js", files: ["proto"] };
}

/** Deno 2.6 holds `node:vm` ready: 0.1 ms. Deno 2.9 starts the Node.js layer with it: 27 ms. */
async function loadsAtOnce(toolchain: Toolchain): Promise<boolean> {
  const times: number[] = [];
  for (let n = 0; n < 3; n++) {
    const args = ["eval", "--no-config", "--no-lock", PROBE];
    times.push(Number(await runDeno(toolchain, { args, cwd: Deno.cwd() })));
  }
  return Math.min(...times) < AT_ONCE_MS;
}
