/**
 * The entry of the executable.
 *
 * @module
 */
import { beginRead, readVariable } from "../../lib/plugin/io.ts";
import { FILES, loadProgram } from "./load.ts";

const folder = import.meta.dirname ?? "";
// A runtime writes the netconf at once: it is read while V8 loads the program.
const first = readVariable("CNI_COMMAND") ? beginRead() : undefined;
const { program } = loadProgram(folder, Deno.readFileSync(`${folder}/${FILES.cache}`));
Deno.exit(await program.main(program.processIo(first)));
