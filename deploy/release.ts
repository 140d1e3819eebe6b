/**
 * What is published of one executable: an archive, its SHA-256 as `sha256sum -c` reads it, and a bill of
 * materials. The same executable, of the same sources, makes the same bytes.
 *
 * @module
 */
import { packTar, type TarEntry } from "modern-tar";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { VERSION } from "../lib/command/version.ts";
import { sha256 } from "../lib/tls/sha256.ts";
import { bundledPackages } from "./bundled_packages.ts";
import { formatSbom } from "./sbom.ts";
import { readSource } from "./source.ts";
import { type Arch, findToolchain, ownArch, TARGETS } from "./toolchain.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** What is published. */
export interface ReleaseOptions {
  /** The path of the executable. */
  readonly binary: string;
  /** The machine that it is for. Default this one. */
  readonly arch?: Arch | undefined;
}

/**
 * Writes archive, sum and bill of materials beside the executable.
 *
 * @param options What is published.
 * @returns The paths of the three.
 * @throws {RangeError} If there are no releases for this machine.
 */
export async function release(options: ReleaseOptions): Promise<readonly string[]> {
  const { binary, arch = ownArch() } = options;
  if (arch === undefined) {
    throw new RangeError(
      `Cannot release for this machine as it must be one of ${
        Object.values(TARGETS).join(", ")
      }: current value is ${Deno.build.target}. Give --target`,
    );
  }
  const name = `kube-ipam-${VERSION}-linux-${arch}`;
  const path = `${dirname(binary)}/${name}`;
  const { commit, date } = await readSource(ROOT);
  const executable = await Deno.readFile(binary);
  const archive = await archiveOf(executable, { name, date });
  const toolchain = findToolchain(arch);
  const sbom = formatSbom({
    version: VERSION,
    commit,
    date,
    target: TARGETS[arch],
    sha256: await sha256(executable),
    deno: await versionOf(toolchain.deno),
    packages: await bundledPackages(toolchain),
  });
  const files: Readonly<Record<string, string | Uint8Array>> = {
    [`${path}.tar.gz`]: archive,
    [`${path}.tar.gz.sha256`]: `${await sha256(archive)}  ${name}.tar.gz\n`,
    [`${path}.cdx.json`]: sbom,
  };
  for (const [file, content] of Object.entries(files)) {
    if (typeof content === "string") await Deno.writeTextFile(file, content);
    else await Deno.writeFile(file, content);
  }
  return Object.keys(files);
}

interface ArchiveOptions {
  /** The folder that everything in it lies in. */
  readonly name: string;
  readonly date: Date;
}

async function archiveOf(
  executable: Uint8Array<ArrayBuffer>,
  { name, date }: ArchiveOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const samples = await Array.fromAsync(Deno.readDir(`${ROOT}config-samples`));
  const texts = ["LICENSE", "README.md", ...samples.map((file) => `config-samples/${file.name}`)];
  const bodies = new Map([["kube-ipam", executable]]);
  for (const text of texts) bodies.set(text, await Deno.readFile(ROOT + text));
  const entries = [...bodies].sort(([a], [b]) => a < b ? -1 : 1).map(([path, body]): TarEntry => ({
    header: {
      name: `${name}/${path}`,
      size: body.length,
      mode: path === "kube-ipam" ? 0o755 : 0o644,
      mtime: date,
      uid: 0,
      gid: 0,
      type: "file",
    },
    body,
  }));
  const tar = new Blob([await packTar(entries)]).stream();
  return await new Response(tar.pipeThrough(new CompressionStream("gzip"))).bytes();
}

async function versionOf(deno: string): Promise<string> {
  const { stdout } = await new Deno.Command(deno, { args: ["--version"] }).output();
  const [, version] = /^deno (\S+)/.exec(new TextDecoder().decode(stdout)) ?? [];
  if (version === undefined) throw new Error(`Cannot tell the version of ${deno}`);
  return version;
}
