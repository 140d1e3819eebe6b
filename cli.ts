/**
 * The executable: with CNI_COMMAND set it is the plugin, otherwise a program for people.
 *
 * @module
 */
import { runPlugin } from "./lib/plugin/main.ts";
import { processIo } from "./lib/plugin/io.ts";

if (import.meta.main) {
  Deno.exit(Deno.env.get("CNI_COMMAND") ? await runPlugin(processIo()) : await runCommand());
}

async function runCommand(): Promise<number> {
  const { main } = await import("./lib/command/main.ts");
  return main(Deno.args);
}
