/**
 * The plugin's code, loaded and evaluated, and then nothing: what a start costs before the first line of a call.
 *
 * @module
 */
import { processIo } from "../../lib/plugin/io.ts";
import { runPlugin } from "../../lib/plugin/main.ts";

const io = processIo();
// Never so: without this use the bundler would leave all of it out.
if (io.env("CNI_COMMAND") === "nothing") await runPlugin(io);
