/**
 * The machine and the programs of a run, as its figures are to be read beside.
 *
 * @module
 */
import { findEtcd, findKubeApiserver } from "../tests/support/assets.ts";

/** Where and with what a run was made. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly target: string;
  /** The file system of etcd's data. */
  readonly fileSystem: string;
  /** Of programs, by their names. */
  readonly versions: Readonly<Record<string, string>>;
}

const UNKNOWN = "unknown";
/** Of a digest: enough to tell one build from another. */
const DIGITS = 12;

/**
 * Looks at the machine.
 *
 * @param programs More programs whose versions are told: the words that ask for each.
 * @returns What was found.
 */
export async function lookAtMachine(
  programs: Readonly<Record<string, readonly string[]>>,
): Promise<Machine> {
  const toolchain = Deno.env.get("DENO_TOOLCHAIN");
  const asked: Record<string, readonly (string | undefined)[]> = {
    "denort": toolchain === undefined ? [] : [`${toolchain}/deno`, "--version"],
    "etcd": [await findEtcd(), "--version"],
    "kube-apiserver": [await findKubeApiserver(), "--version"],
    ...programs,
  };
  const versions: Record<string, string> = { Deno: Deno.version.deno };
  for (const [name, words] of Object.entries(asked)) {
    versions[name] = await versionOf(words) ??
      (name === "denort" ? Deno.version.deno : "not found");
  }
  const cpuinfo = await readText("/proc/cpuinfo");
  return {
    cpu: /^(?:model name|Model)\s*:\s*(.+)$/m.exec(cpuinfo)?.[1] ?? UNKNOWN,
    cores: navigator.hardwareConcurrency,
    memoryGb: Math.round(Deno.systemMemoryInfo().total / 2 ** 30),
    kernel: Deno.osRelease(),
    target: Deno.build.target,
    fileSystem: await fileSystem(),
    versions,
  };
}

/**
 * The commit that is measured.
 *
 * @returns Its hash, with `+changes` where files differ from it.
 */
export async function readCommit(): Promise<string> {
  const cwd = new URL("../", import.meta.url);
  const commit = await output(["git", "rev-parse", "HEAD"], cwd);
  // Something else is said in a copy without its history.
  if (commit === undefined || !/^[0-9a-f]{40,64}$/.test(commit)) return UNKNOWN;
  const changes = await output(
    ["git", "status", "--porcelain", "--", "lib", "deploy", "cli.ts"],
    cwd,
  );
  return changes === "" ? commit : `${commit}+changes`;
}

async function versionOf(words: readonly (string | undefined)[]): Promise<string | undefined> {
  const known = words.filter((word) => word !== undefined);
  if (known.length === 0 || known.length < words.length) return undefined;
  const text = await output(known);
  if (text === undefined) return undefined;
  // Only the first line: another one may name the versions of a protocol.
  const [version] = /v?\d+\.\d+[\w.+-]*/.exec(text.split("\n")[0] ?? "") ?? [];
  return version ?? await digestOf(known[0] ?? "");
}

/** For a program that does not tell its version. */
async function digestOf(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0"));
  return `sha256 ${hex.join("").slice(0, DIGITS)}`;
}

/** The kind of the one that temporary folders lie on. */
async function fileSystem(): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const text = await output(["df", "--output=fstype,source", folder]);
    return text?.split("\n")[1]?.trim().replace(/\s+/, " on ") ?? UNKNOWN;
  } finally {
    await Deno.remove(folder);
  }
}

/** What a program prints on either stream, by its end or within a moment; undefined when it cannot be run. */
async function output(words: readonly string[], cwd?: URL): Promise<string | undefined> {
  const [program = "", ...args] = words;
  try {
    const { stdout, stderr } = await new Deno.Command(program, {
      args,
      stdin: "null",
      signal: AbortSignal.timeout(10_000),
      ...(cwd === undefined ? {} : { cwd }),
    }).output();
    const decoder = new TextDecoder();
    return `${decoder.decode(stdout)}${decoder.decode(stderr)}`.trim();
  } catch {
    return undefined;
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    return "";
  }
}
