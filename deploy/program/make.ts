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
import { bundleModules, copyProto, runDeno, type Toolchain } from "../bundle.ts";
import { writeCertificates } from "./certificates.ts";
import { FILES, packageFile } from "./load.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const HERE = fileURLToPath(new URL("./", import.meta.url));
/** Loaded by few calls, or none: they stay out of the script. */
const PACKAGES = ["@grpc/grpc-js", "etcd3", "js-yaml"] as const;

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
  const packages = PACKAGES.map((name) => `${HERE}packages/${packageFile(name)}.ts`);
  await bundleModules(packages, { folder: `${folder}/packages`, toolchain });
  await copyProto(folder);
  await writeScript(`${folder}/${FILES.script}`, toolchain);
  const files = ["packages", "proto", FILES.script];
  const entry = "start.js";
  const flags = [V8_FLAGS];
  if (!isOwn) return { entry, files, flags };
  const args = ["run", "--allow-all", "--quiet", "--no-config", "--no-lock", "--no-code-cache"];
  await writeCertificates(folder);
  const words = [...args, V8_FLAGS, `${HERE}rehearse.ts`, folder];
  await runDeno(toolchain, { args: words, cwd: folder });
  return { entry, files: [...files, FILES.cache], flags };
}

async function writeScript(path: string, toolchain: Toolchain): Promise<void> {
  const external = PACKAGES.flatMap((name) => ["--external", name]);
  const flags = ["--quiet", "--frozen", "--format", "cjs", "--minify", ...external];
  await runDeno(toolchain, { args: ["bundle", ...flags, "--output", path, "cli.ts"], cwd: ROOT });
  const text = await Deno.readTextFile(path);
  // V8 has no import() in a script.
  const script = text.replaceAll(/\bimport\((?=")/g, "load(");
  await Deno.writeTextFile(path, `(function(module,require,load){${script}\n})`);
}
