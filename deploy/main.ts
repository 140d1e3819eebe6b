/**
 * `deno task compile`: makes the executable, with the permissions of a network if one is given.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Flags, readFlags, UsageError } from "../lib/command/flags.ts";
import { formatPermissions } from "../lib/command/permission_set.ts";
import { bake } from "./baked.ts";
import { type Baked, compile } from "./compile.ts";
import { readNetworks } from "./networks.ts";
import { readPermissions } from "./permissions.ts";
import { type Arch, parseTarget, TARGETS } from "./toolchain.ts";

const ROOT = new URL("../", import.meta.url);
const HELP =
  `Usage: deno task compile [--conf FILE]... [--target TARGET] [--output FILE] [--release]

Makes one self-contained executable, and prints what it may do: nothing at run time adds to that.

  --conf FILE        permit only what this network needs: its endpoints, files and directories; a
                     .conf or .conflist, as often as there are networks. Without it the set
                     "plugin" of deno.json: the documented paths, and any host
  --kubeconfig FILE  a copy of the kubeconfig that the networks name, if this machine has none:
                     it says where the API is
  --target TARGET    ${
    Object.entries(TARGETS).map(([arch, name]) => `${name} (${arch})`).join(" or ")
  };
                     default this machine
  --output FILE      where to write it (default dist/kube-ipam)
  --release          beside it an archive with licence, README and samples, the archive's SHA-256,
                     and an SBOM (CycloneDX)
  --help             print this text

Exit code: 0; 1 if something is wrong with a file or with Deno; 2 if the words are not understood.

Environment:
  DENO_TOOLCHAIN     a folder with deno and denort of one version, used instead of this Deno
  DENORT_BIN         the denort of this Deno's version; without it Deno downloads it. Both are for
                     this machine's own target only
  SOURCE_DATE_EPOCH  the time that the files in it bear, instead of the commit's`;

interface Asked {
  readonly confs: readonly string[];
  readonly kubeconfig: string | undefined;
  readonly arch: Arch | undefined;
  readonly output: string;
  readonly isRelease: boolean;
}

/**
 * Runs the command.
 *
 * @param args Its words.
 * @returns The exit code.
 */
export async function main(args: readonly string[]): Promise<number> {
  if (args.some((arg) => arg === "--help" || arg === "-h")) {
    print(HELP);
    return 0;
  }
  try {
    await run(readAsked(args));
    return 0;
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
    if (!(error instanceof UsageError)) return 1;
    tell("Try: deno task compile --help");
    return 2;
  }
}

function readAsked(args: readonly string[]): Asked {
  const flags = readFlags(args, {
    command: "compile",
    flags: {
      conf: "value",
      kubeconfig: "value",
      target: "value",
      output: "value",
      release: "none",
    },
  });
  const { values, all, set, words } = flags;
  if (words.length > 0) {
    throw new UsageError(
      `Cannot compile as compile takes flags only: current value is ${
        JSON.stringify(words.join(" "))
      }`,
    );
  }
  const confs = all.get("conf") ?? [];
  const kubeconfig = values.get("kubeconfig");
  if (kubeconfig !== undefined && confs.length === 0) {
    throw new UsageError("Cannot use --kubeconfig as no network is given: give --conf FILE too");
  }
  return {
    confs,
    kubeconfig,
    arch: readTarget(flags),
    output: resolve(values.get("output") ?? fileURLToPath(new URL("dist/kube-ipam", ROOT))),
    isRelease: set.has("release"),
  };
}

function readTarget({ values }: Flags): Arch | undefined {
  const target = values.get("target");
  try {
    return target === undefined ? undefined : parseTarget(target);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

async function run({ confs, kubeconfig, arch, output, isRelease }: Asked): Promise<void> {
  const baked = await readBaked(confs, kubeconfig);
  const { networks, permissions } = baked;
  print(
    `Permissions: ${
      networks.length === 0
        ? 'the set "plugin" of deno.json'
        : `baked for ${networks.map((name) => JSON.stringify(name)).join(", ")}`
    }\n${formatPermissions(permissions)}`,
  );
  await Deno.mkdir(dirname(output), { recursive: true });
  await compile({ output, baked, arch });
  const { size } = await Deno.stat(output);
  print(`${output}: ${(size / 1e6).toFixed(1)} MB`);
  if (!isRelease) return;
  // Its packages are needed for nothing else.
  const { release } = await import("./release.ts");
  for (const path of await release({ binary: output, arch })) print(path);
}

async function readBaked(
  confs: readonly string[],
  kubeconfig: string | undefined,
): Promise<Baked> {
  const base = await readPermissions("plugin");
  if (confs.length === 0) return { networks: [], permissions: base };
  const { networks, warnings } = await readNetworks(confs, { kubeconfig });
  for (const warning of warnings) tell(`warning: ${warning}`);
  const names = networks.map(({ config }) => config.network);
  return { networks: [...new Set(names)], permissions: bake(networks, base) };
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

function tell(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
