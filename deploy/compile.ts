/**
 * Makes the executable: its files first (program/make.ts), then `deno compile` of nothing but these.
 *
 * `deno compile` of the sources would embed every npm package and unpack them at each start.
 *
 * @module
 */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { type Build, BUILD_FILE } from "../lib/command/build.ts";
import { bundleModules, type BundleOptions } from "./bundle.ts";
import { permissionFlags, type PermissionSet, readPermissions } from "./permissions.ts";
import { type Made, V8_FLAGS } from "./program/made.ts";
import { makeProgram } from "./program/make.ts";
import { readSource } from "./source.ts";
import { type Arch, checkMachine, denoCompile, findToolchain, ownArch } from "./toolchain.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** What is compiled, and to where. */
export interface CompileOptions {
  /** The path of another module to start with than the program: for tests and measurements. */
  readonly entry?: string;
  /** The path of the executable. */
  readonly output: string;
  /** Changes the bundle in this folder before it is compiled: for tests. */
  readonly change?: (folder: string) => Promise<void>;
  /** What is baked. Default the set `plugin` of `deno.json`. */
  readonly baked?: Baked;
  /** The machine that it is for. Default this one. */
  readonly arch?: Arch | undefined;
}

/** Permissions, and for whom. */
export interface Baked {
  /** The names of the networks that need them. */
  readonly networks: readonly string[];
  /** All that the executable may do. */
  readonly permissions: PermissionSet;
}

/**
 * Makes an executable.
 *
 * @param options What is compiled, and to where.
 * @throws {Error} If Deno fails: with what it printed.
 */
export async function compile(options: CompileOptions): Promise<void> {
  const { entry, output, change, arch } = options;
  const baked = options.baked ??
    { networks: [], permissions: await readPermissions("plugin") };
  const toolchain = findToolchain(arch);
  const { commit, date } = await readSource(ROOT);
  // Clean and without node_modules: all that lies beside the entry would be embedded.
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-compile-" });
  try {
    const isOwn = arch === undefined || arch === ownArch();
    const made = entry === undefined
      ? await makeProgram({ folder, toolchain, isOwn })
      : await makeOther(entry, { folder, toolchain });
    await change?.(folder);
    const build: Build = { commit, ...baked };
    // Not in a chunk: a call of the plugin neither reads it nor differs by it.
    await Deno.writeTextFile(`${folder}/${BUILD_FILE}`, JSON.stringify(build));
    await setTimes(folder, date);
    const args = [
      ...["--quiet", "--no-config", "--no-lock", "--no-npm", "--no-remote", "--no-check"],
      // Otherwise each run writes and reads a file of a predictable name in /tmp.
      "--no-code-cache",
      "--no-prompt",
      ...(entry === undefined ? [V8_FLAGS] : []),
      ...permissionFlags(baked.permissions),
      ...[...made.files, BUILD_FILE].flatMap((name) => ["--include", name]),
      ...["--output", output, made.entry],
    ];
    await denoCompile(toolchain, { args, cwd: folder, arch });
    if (arch !== undefined) await checkMachine(output, arch);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function makeOther(entry: string, options: BundleOptions): Promise<Made> {
  await bundleModules([entry], options);
  return { entry: `${basename(entry, ".ts")}.js`, files: [] };
}

/** The executable holds the times of its files: the same sources shall make the same bytes. */
async function setTimes(folder: string, date: Date): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) await setTimes(path, date);
    await Deno.utime(path, date, date);
  }
}
