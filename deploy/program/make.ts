/**
 * Makes the program that `deno compile` takes: one script of all our own code with V8's code cache of what a
 * call runs, and each npm package in a file of its own.
 *
 * A call of the plugin runs each of its functions once, so V8 spent half of its time with compiling them. In the
 * cache they are compiled already (docs/decisions/0014-start-up.md has the figures).
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { bundleModules, copyProto, runDeno, type Toolchain } from "../bundle.ts";
import { writeCertificates } from "./certificates.ts";
import { FILES, PACKAGES } from "./load.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const HERE = fileURLToPath(new URL("./", import.meta.url));
/**
 * Flags of V8, for the rehearsal and for the executable: it refuses a cache made with others. Sparkplug
 * compiles what runs a few times, and a call ends before that pays.
 */
const V8_FLAGS = "--v8-flags=--no-sparkplug";

/** What {@linkcode makeProgram} needs. */
export interface MakeProgramOptions {
  /** Takes the files. */
  readonly folder: string;
  /** Bundles, and fills the cache: V8 takes one of its own version only. */
  readonly toolchain: Toolchain;
  /** Whether the executable is for this machine: else there is no cache. */
  readonly isOwn: boolean;
}

/** Files that `deno compile` takes. */
export interface Made {
  /** The name of the module to start with. */
  readonly entry: string;
  /** The names of files and folders beside it. */
  readonly files: readonly string[];
  /** More flags for `deno compile`. */
  readonly flags: readonly string[];
}

/**
 * Makes the files of the program.
 *
 * @param options Where to, with what, and for which machine.
 * @returns What was made.
 * @throws {Error} If Deno fails: with what it printed.
 */
export async function makeProgram(options: MakeProgramOptions): Promise<Made> {
  const { folder, toolchain, isOwn } = options;
  await bundleModules([`${HERE}start.ts`], { folder, toolchain });
  await writeScript(`${folder}/${FILES.script}`, { entry: `${ROOT}cli.ts`, toolchain });
  const packages = [...new Set(Object.values(PACKAGES))];
  for (const name of packages) {
    const path = `${folder}/${name}.js`;
    await writeScript(path, { entry: `${HERE}packages/${name}.ts`, toolchain });
    await Deno.writeFile(`${folder}/${name}.gz`, gzipSync(await Deno.readFile(path), { level: 9 }));
  }
  await copyProto(folder);
  const files = ["proto", FILES.script, ...packages.map((name) => `${name}.gz`)];
  const entry = "start.js";
  const flags = [V8_FLAGS];
  if (!isOwn) return { entry, files, flags };
  const args = ["run", "--allow-all", "--quiet", "--no-config", "--no-lock", "--no-code-cache"];
  await writeCertificates(folder);
  const words = [...args, V8_FLAGS, `${HERE}rehearse.ts`, folder];
  await runDeno(toolchain, { args: words, cwd: folder });
  return { entry, files: [...files, FILES.cache], flags };
}

/** One script of a module and all that it imports, but for the packages that the program loads by themselves. */
async function writeScript(
  path: string,
  { entry, toolchain }: { readonly entry: string; readonly toolchain: Toolchain },
): Promise<void> {
  const isProgram = path.endsWith(`/${FILES.script}`);
  const external = isProgram ? Object.keys(PACKAGES).flatMap((name) => ["--external", name]) : [];
  const flags = ["--quiet", "--frozen", "--format", "cjs", "--minify", ...external];
  await runDeno(toolchain, { args: ["bundle", ...flags, "--output", path, entry], cwd: ROOT });
  const text = await Deno.readTextFile(path);
  // V8 has no import() in a script.
  const script = text.replaceAll(/\bimport\((?=")/g, "load(");
  await Deno.writeTextFile(path, `(function(module,require,load){${script}\n})`);
}
