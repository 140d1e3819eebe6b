/**
 * Makes the executable: a bundle in chunks first, then `deno compile` of nothing but these chunks.
 *
 * The order is what makes ADD fast. `deno compile` of the sources would embed every npm package and
 * unpack them at each start; one single bundle would run the code of all packages at each start. In
 * chunks, what is reached by `await import()` is neither read nor run until then.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { permissionFlags, readPermissions } from "./permissions.ts";

const ROOT = new URL("../", import.meta.url);
const HELP = `Usage: deno task compile [--output FILE]

Makes one self-contained executable with the permission set "plugin" of deno.json.

  --output FILE  where to write it (default dist/kube-ipam)
  --help         print this text

Environment:
  DENO_TOOLCHAIN  a folder with deno and denort of one version, used instead of this Deno
  DENORT_BIN      the denort of this Deno's version; without it Deno downloads it`;

/** The Deno that bundles and compiles. */
interface Toolchain {
  readonly deno: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What is compiled, and to where. */
export interface CompileOptions {
  /** The path of the module to start with. Default `cli.ts`. */
  readonly entry?: string;
  /** The path of the executable. */
  readonly output: string;
  /** Changes the bundle in this folder before it is compiled: for tests. */
  readonly change?: (folder: string) => Promise<void>;
}

/**
 * Makes an executable.
 *
 * @param options What is compiled, and to where.
 * @throws {Error} If Deno fails: with what it printed.
 */
export async function compile(options: CompileOptions): Promise<void> {
  const { entry = fileURLToPath(new URL("cli.ts", ROOT)), output, change } = options;
  const tools = toolchain();
  // Clean and without node_modules: all that lies beside the entry would be embedded.
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-compile-" });
  try {
    await bundle(tools, { entry, folder });
    await change?.(folder);
    await seal(tools, { folder, output, main: mainOf(entry) });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function bundle(
  tools: Toolchain,
  { entry, folder }: { readonly entry: string; readonly folder: string },
): Promise<void> {
  const flags = ["--quiet", "--frozen", "--code-splitting", "--minify", "--outdir", folder];
  await run(tools, { args: ["bundle", ...flags, entry], cwd: fileURLToPath(ROOT) });
  // etcd3 reads its protocol from a file; lib/datastore/etcd_grpc_load.ts says where it looks.
  const from = new URL("proto/", import.meta.resolve("etcd3/package.json"));
  await Deno.mkdir(`${folder}/proto`);
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(new URL(name, from), `${folder}/proto/${name}`);
  }
}

async function seal(
  tools: Toolchain,
  { folder, output, main }: {
    readonly folder: string;
    readonly output: string;
    readonly main: string;
  },
): Promise<void> {
  const args = [
    "compile",
    ...["--quiet", "--no-config", "--no-lock", "--no-npm", "--no-remote", "--no-check"],
    // Otherwise each run writes and reads a file of a predictable name in /tmp.
    "--no-code-cache",
    "--no-prompt",
    ...permissionFlags(await readPermissions("plugin")),
    ...["--include", "proto", "--output", output, main],
  ];
  await run(tools, { args, cwd: folder });
}

function mainOf(entry: string): string {
  return (entry.split("/").at(-1) ?? entry).replace(/\.ts$/, ".js");
}

function toolchain(): Toolchain {
  const folder = Deno.env.get("DENO_TOOLCHAIN");
  if (folder === undefined || folder === "") return { deno: Deno.execPath(), env: {} };
  return {
    deno: `${folder}/deno`,
    env: { DENORT_BIN: `${folder}/denort`, DENO_TLS_CA_STORE: "system" },
  };
}

async function run(
  { deno, env }: Toolchain,
  { args, cwd }: { readonly args: readonly string[]; readonly cwd: string },
): Promise<void> {
  const command = new Deno.Command(deno, { args: [...args], cwd, env, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  const decoder = new TextDecoder();
  throw new Error(
    `Cannot run deno ${args[0]}: ${decoder.decode(stderr)}${decoder.decode(stdout)}`,
  );
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function main(args: readonly string[]): Promise<number> {
  const [option, value] = args;
  if (option === "--help") {
    print(HELP);
    return 0;
  }
  if (args.length > 2 || (option !== undefined && (option !== "--output" || !value))) {
    print(
      `Cannot compile as the only option is --output FILE: current value is "${args.join(" ")}"`,
    );
    return 2;
  }
  // A relative path is the caller's, and deno compile runs in the temporary folder.
  const output = value === undefined
    ? fileURLToPath(new URL("dist/kube-ipam", ROOT))
    : value.startsWith("/")
    ? value
    : `${Deno.cwd()}/${value}`;
  await Deno.mkdir(output.replace(/\/[^/]*$/, "") || "/", { recursive: true });
  try {
    await compile({ output });
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
    return 1;
  }
  const { size } = await Deno.stat(output);
  print(`${output}: ${(size / 1e6).toFixed(1)} MB`);
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
