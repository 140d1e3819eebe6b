/**
 * Makes one script of all our own code with V8's code cache of what a call runs, and a compressed one of each npm package.
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
import { type Made, V8_FLAGS } from "./made.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const HERE = fileURLToPath(new URL("./", import.meta.url));

/**
 * Makes the script, its cache, and what it loads.
 *
 * @param folder Takes the files.
 * @param toolchain Bundles, and fills the cache: V8 takes one of its own version only.
 * @returns What was made.
 * @throws {Error} If Deno fails: with what it printed.
 */
export async function makeScript(folder: string, toolchain: Toolchain): Promise<Made> {
  await bundleModules([`${HERE}start.ts`], { folder, toolchain });
  await writeScript(`${folder}/${FILES.script}`, { entry: `${ROOT}cli.ts`, toolchain });
  const packages = [...new Set(Object.values(PACKAGES))];
  for (const name of packages) {
    const path = `${folder}/${name}.js`;
    await writeScript(path, { entry: `${HERE}packages/${name}.ts`, toolchain });
    await Deno.writeFile(`${folder}/${name}.gz`, gzipSync(await Deno.readFile(path), { level: 9 }));
  }
  await copyProto(folder);
  await writeCertificates(folder);
  const flags = ["--allow-all", "--quiet", "--no-config", "--no-lock", "--no-code-cache"];
  const args = ["run", ...flags, V8_FLAGS, `${HERE}rehearse.ts`, folder];
  await runDeno(toolchain, { args, cwd: folder });
  return {
    entry: "start.js",
    files: ["proto", FILES.script, FILES.cache, ...packages.map((name) => `${name}.gz`)],
  };
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
