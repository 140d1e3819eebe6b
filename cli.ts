/**
 * The executable: with CNI_COMMAND set it is the plugin, otherwise a program for people.
 *
 * @module
 */
import { runPlugin } from "./lib/plugin/main.ts";
import { processIo } from "./lib/plugin/io.ts";

if (import.meta.main) {
  const io = processIo();
  Deno.exit(io.env("CNI_COMMAND") ? await runPlugin(io) : await runCommand());
}

async function runCommand(): Promise<number> {
  const { main } = await import("./lib/command/main.ts");
  return main(Deno.args);
}
