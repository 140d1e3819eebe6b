/**
 * Makes the executable: a bundle in chunks first, then `deno compile` of nothing but these chunks.
 *
 * The order is what makes ADD fast. `deno compile` of the sources would embed every npm package and
 * unpack them at each start; one single bundle would run the code of all packages at each start. In
 * chunks, what is reached by `await import()` is neither read nor run until then.
 *
 * @module
 */
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle, runDeno, type Toolchain } from "./bundle.ts";
import { permissionFlags, readPermissions } from "./permissions.ts";

const ROOT = new URL("../", import.meta.url);
const HELP = `Usage: deno task compile [--output FILE]

Makes one self-contained executable with the permission set "plugin" of deno.json.

  --output FILE  where to write it (default dist/kube-ipam)
  --help         print this text

Environment:
  DENO_TOOLCHAIN  a folder with deno and denort of one version, used instead of this Deno
  DENORT_BIN      the denort of this Deno's version; without it Deno downloads it`;

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
  const toolchain = findToolchain();
  // Clean and without node_modules: all that lies beside the entry would be embedded.
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-compile-" });
  try {
    await bundle({ entry, folder, toolchain });
    await change?.(folder);
    const args = [
      "compile",
      ...["--quiet", "--no-config", "--no-lock", "--no-npm", "--no-remote", "--no-check"],
      // Otherwise each run writes and reads a file of a predictable name in /tmp.
      "--no-code-cache",
      "--no-prompt",
      ...permissionFlags(await readPermissions("plugin")),
      ...["--include", "proto", "--output", output, `${basename(entry, ".ts")}.js`],
    ];
    await runDeno(toolchain, { args, cwd: folder });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function findToolchain(): Toolchain {
  const folder = Deno.env.get("DENO_TOOLCHAIN");
  if (folder === undefined || folder === "") return { deno: Deno.execPath(), env: {} };
  return {
    deno: `${folder}/deno`,
    env: { DENORT_BIN: `${folder}/denort`, DENO_TLS_CA_STORE: "system" },
  };
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
  const output = resolve(value ?? fileURLToPath(new URL("dist/kube-ipam", ROOT)));
  await Deno.mkdir(dirname(output), { recursive: true });
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
