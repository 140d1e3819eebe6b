/**
 * The executable: with CNI_COMMAND set it is the plugin, otherwise a program for people.
 *
 * @module
 */
import { runPlugin } from "./lib/plugin/main.ts";
import { type Io, processIo } from "./lib/plugin/io.ts";

export { processIo };

/**
 * Runs the program.
 *
 * @param io The process.
 * @returns The exit code.
 */
export async function main(io: Io = processIo()): Promise<number> {
  if (io.env("CNI_COMMAND")) return await runPlugin(io);
  const { main } = await import("./lib/command/main.ts");
  return await main(Deno.args, io);
}

// The executable starts by deploy/program/start.ts: there this module is no main module.
if (import.meta.main) main().then((code) => Deno.exit(code));
