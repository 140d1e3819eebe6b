/**
 * The Deno that compiles, and the machines that it can compile for.
 *
 * @module
 */
import { runDeno, type Toolchain } from "./bundle.ts";

/** The machines that there are releases for, by the name that Go and container images give them. */
export const TARGETS = {
  amd64: "x86_64-unknown-linux-gnu",
  arm64: "aarch64-unknown-linux-gnu",
} as const;

/** The short name of a machine. */
export type Arch = keyof typeof TARGETS;

/** How an ELF file names its machine: `e_machine`. */
const MACHINES: Readonly<Record<Arch, number>> = { amd64: 62, arm64: 183 };
const ARCHES: readonly Arch[] = ["amd64", "arm64"];

/**
 * Reads the name of a target.
 *
 * @param text A short name, or what Deno calls it.
 * @returns The short name.
 * @throws {RangeError} If it is not known.
 */
export function parseTarget(text: string): Arch {
  const found = ARCHES.find((arch) => text === arch || text === TARGETS[arch]);
  if (found !== undefined) return found;
  const known = ARCHES.map((arch) => `${TARGETS[arch]} (${arch})`).join(", ");
  throw new RangeError(
    `Cannot compile as the target must be one of ${known}: current value is ${
      JSON.stringify(text)
    }`,
  );
}

/**
 * Tells which target this machine is.
 *
 * @returns Its short name; undefined for one that there are no releases for.
 */
export function ownArch(): Arch | undefined {
  return ARCHES.find((arch) => TARGETS[arch] === Deno.build.target);
}

/**
 * Finds the Deno to compile with.
 *
 * @param arch The target; undefined for this machine.
 * @param variable Reads a variable. Default those of this process.
 * @returns The one of `DENO_TOOLCHAIN`, or this one.
 */
export function findToolchain(
  arch: Arch | undefined,
  variable: (name: string) => string | undefined = (name) => Deno.env.get(name),
): Toolchain {
  const folder = variable("DENO_TOOLCHAIN");
  const isOwn = arch === undefined || arch === ownArch();
  // A denort that is given is for this machine, and Deno would take it for any other.
  const plain = { ...(isOwn ? {} : { DENORT_BIN: undefined }), NO_COLOR: "1" };
  if (folder === undefined || folder === "") return { deno: Deno.execPath(), env: plain };
  return {
    deno: `${folder}/deno`,
    env: { DENORT_BIN: `${folder}/denort`, ...plain, DENO_TLS_CA_STORE: "system" },
  };
}

/** What {@linkcode denoCompile} is given. */
export interface DenoCompileOptions {
  /** The arguments after `compile`. */
  readonly args: readonly string[];
  /** The folder of the entry. */
  readonly cwd: string;
  /** The target; undefined for this machine. */
  readonly arch: Arch | undefined;
}

/**
 * Runs `deno compile`.
 *
 * @param toolchain Which Deno.
 * @param options Its arguments, the folder it runs in, and the target.
 * @throws {Error} If it fails: with what Deno printed, or with what to do where the denort is missing.
 */
export async function denoCompile(
  toolchain: Toolchain,
  { args, cwd, arch }: DenoCompileOptions,
): Promise<void> {
  const target = arch === undefined ? [] : ["--target", TARGETS[arch]];
  try {
    await runDeno(toolchain, { args: ["compile", ...target, ...args], cwd });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (!/denort-|base binary/.test(text)) throw error;
    const [, reason = "unknown"] = /(?:\d+: |error: )(error sending request.*)/.exec(text) ?? [];
    const isOwn = arch === undefined || arch === ownArch();
    throw new Error(
      `Cannot compile for ${target[1] ?? "this machine"} as Deno must download its denort: ` +
        `current error is ${reason}\n` +
        (isOwn
          ? "Set DENO_TOOLCHAIN to a folder with deno and denort of one version, or DENORT_BIN to the denort of this Deno"
          : "Compile where Deno can download it, or on a machine of that kind: " +
            "DENO_TOOLCHAIN and DENORT_BIN serve this machine only"),
      { cause: error },
    );
  }
}

/**
 * Checks that an executable is for a machine.
 *
 * @param path The executable.
 * @param arch The machine.
 * @throws {Error} If it is for another one.
 */
export async function checkMachine(path: string, arch: Arch): Promise<void> {
  using file = await Deno.open(path);
  const head = new Uint8Array(20);
  await file.read(head);
  const machine = new DataView(head.buffer).getUint16(18, true);
  if (machine === MACHINES[arch]) return;
  throw new Error(
    `Cannot use ${path} as its machine must be ${
      MACHINES[arch]
    } (${arch}): current value is ${machine}`,
  );
}
