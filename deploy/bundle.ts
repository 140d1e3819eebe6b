/**
 * Bundles the program in chunks, as it is compiled and as the tests run it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const ROOT = new URL("../", import.meta.url);

/** The Deno that bundles and compiles. */
export interface Toolchain {
  /** The path of its executable. */
  readonly deno: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What is bundled, by what, and to where. */
export interface BundleOptions {
  /** The path of the module to start with. Default `cli.ts`. */
  readonly entry?: string;
  /** Takes the chunks, and the files that they read. */
  readonly folder: string;
  /** Default this Deno. */
  readonly toolchain?: Toolchain;
}

/**
 * Bundles a program: what is reached by `await import()` goes to chunks of its own.
 *
 * @param options What is bundled, by what, and to where.
 * @throws {Error} If Deno fails: with what it printed.
 */
export async function bundle(options: BundleOptions): Promise<void> {
  const {
    entry = fileURLToPath(new URL("cli.ts", ROOT)),
    folder,
    toolchain = { deno: Deno.execPath(), env: {} },
  } = options;
  const flags = ["--quiet", "--frozen", "--code-splitting", "--minify", "--outdir", folder];
  await runDeno(toolchain, { args: ["bundle", ...flags, entry], cwd: fileURLToPath(ROOT) });
  // etcd3 reads its protocol from a file; lib/datastore/etcd/grpc_load.ts says where it looks.
  const from = new URL("proto/", import.meta.resolve("etcd3/package.json"));
  await Deno.mkdir(`${folder}/proto`);
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(new URL(name, from), `${folder}/proto/${name}`);
  }
}

/**
 * Runs Deno to its end.
 *
 * @param toolchain Which Deno.
 * @param options Its arguments, and the folder it runs in.
 * @throws {Error} If it fails: with what it printed.
 */
export async function runDeno(
  { deno, env }: Toolchain,
  options: { readonly args: readonly string[]; readonly cwd: string },
): Promise<void> {
  const { args, cwd } = options;
  const command = new Deno.Command(deno, { args: [...args], cwd, env, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  const decoder = new TextDecoder();
  throw new Error(`Cannot run deno ${args[0]}: ${decoder.decode(stderr)}${decoder.decode(stdout)}`);
}
