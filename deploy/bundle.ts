/**
 * Bundles modules in chunks: the program as the tests run it, and what is compiled.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const ROOT = new URL("../", import.meta.url);

/** The Deno that bundles and compiles. */
export interface Toolchain {
  /** The path of its executable. */
  readonly deno: string;
  /** Variables beside those of this process; undefined is one less. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What is bundled, by what, and to where. */
export interface BundleOptions {
  /** Takes the chunks, and the files that they read. */
  readonly folder: string;
  /** Default this Deno. */
  readonly toolchain?: Toolchain;
}

/**
 * Bundles the program: what is reached by `await import()` goes to chunks of its own.
 *
 * @param options To where, and by what.
 * @throws {Error} If Deno fails: with what it printed.
 */
export async function bundle(options: BundleOptions): Promise<void> {
  await bundleModules([fileURLToPath(new URL("cli.ts", ROOT))], options);
  await copyProto(options.folder);
}

/**
 * Bundles modules, and in chunks what they share.
 *
 * @param entries The paths of the modules.
 * @param options To where, and by what.
 * @throws {Error} If Deno fails: with what it printed.
 */
export async function bundleModules(
  entries: readonly string[],
  options: BundleOptions,
): Promise<void> {
  const { folder, toolchain = { deno: Deno.execPath(), env: {} } } = options;
  const flags = ["--quiet", "--frozen", "--code-splitting", "--minify", "--outdir", folder];
  await runDeno(toolchain, { args: ["bundle", ...flags, ...entries], cwd: fileURLToPath(ROOT) });
  await deferRequire(folder);
}

/**
 * Copies the protocol of etcd, which etcd3 reads from files.
 *
 * @param folder The one of the main module: lib/datastore/etcd/grpc_load.ts looks there.
 */
export async function copyProto(folder: string): Promise<void> {
  const from = new URL("proto/", import.meta.resolve("etcd3/package.json"));
  await Deno.mkdir(`${folder}/proto`);
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(new URL(name, from), `${folder}/proto/${name}`);
  }
}

/** How the bundler gives CommonJS packages their `require`, minified or not. */
const REQUIRE = /import\s*\{\s*createRequire as (\w+)\s*\}\s*from\s*"node:module";/;

/**
 * The bundler puts `require` into the chunk that all others share, and with it the start of the whole Node.js layer into every call. Only the
 * packages of gRPC ask for it, so it is made when they do.
 */
async function deferRequire(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".js")) continue;
    const path = `${folder}/${name}`;
    const text = await Deno.readTextFile(path);
    const changed = text.replace(
      REQUIRE,
      (_, createRequire) =>
        `function ${createRequire}(url){let made;const get=()=>made??=` +
        `process.getBuiltinModule("node:module").createRequire(url);` +
        `return Object.assign(id=>get()(id),{resolve:(...words)=>get().resolve(...words)})}`,
    );
    if (changed !== text) await Deno.writeTextFile(path, changed);
  }
}

/**
 * Runs Deno to its end.
 *
 * @param toolchain Which Deno.
 * @param options Its arguments, and the folder it runs in.
 * @returns What it wrote to stdout.
 * @throws {Error} If it fails: with what it printed.
 */
export async function runDeno(
  { deno, env }: Toolchain,
  options: { readonly args: readonly string[]; readonly cwd: string },
): Promise<string> {
  const { args, cwd } = options;
  const all = Object.entries({ ...Deno.env.toObject(), ...env })
    .filter((pair): pair is [string, string] => pair[1] !== undefined);
  const command = new Deno.Command(deno, {
    args: [...args],
    cwd,
    env: Object.fromEntries(all),
    clearEnv: true,
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(`Cannot run deno ${args[0]}: ${decoder.decode(stderr)}${decoder.decode(stdout)}`);
}
