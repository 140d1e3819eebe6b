/**
 * Runs the tools that unpack and build.
 *
 * @module
 */
import { findProgram } from "../support/assets.ts";

/** How a tool is run. */
export interface RunToolOptions {
  /** The folder it runs in. */
  readonly cwd?: string;
  /** More variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** When it is stopped, in ms. Default ten minutes. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10 * 60_000;

/**
 * Runs a tool to its end.
 *
 * @param words The tool and its arguments.
 * @param options Where and how long it runs.
 * @returns What it printed on stdout.
 * @throws {Error} If there is none, if it fails: with the last line that it printed, or if it takes too long.
 */
export async function runTool(
  [program = "", ...args]: readonly string[],
  options: RunToolOptions = {},
): Promise<string> {
  const { cwd, env = {}, timeoutMs = TIMEOUT_MS } = options;
  if (await findProgram(program) === undefined) throw new Error(`Cannot find ${program}`);
  const signal = AbortSignal.timeout(timeoutMs);
  const command = new Deno.Command(program, {
    args,
    env,
    stdin: "null",
    signal,
    ...(cwd === undefined ? {} : { cwd }),
  });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  const reason = signal.aborted
    ? `stopped after ${timeoutMs / 60_000} minutes`
    : decoder.decode(stderr).trim().split("\n").at(-1);
  throw new Error(`Cannot run ${program} ${args.slice(0, 3).join(" ")}: ${reason}`);
}
