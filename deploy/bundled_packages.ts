/**
 * Which npm packages are in the bundle: those of whose files the source maps tell, with what the lock file knows of them.
 *
 * @module
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { runDeno, type Toolchain } from "./bundle.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** A package that is in the bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As npm writes it: `sha512-` and base64. */
  readonly integrity: string;
  /** As `package.json` has it: mostly an SPDX expression. */
  readonly license: string;
  /** The other packages of the bundle that it needs, as `name@version`. */
  readonly needs: readonly string[];
  /** Whether a module of ours imports it. */
  readonly isDirect: boolean;
}

interface Lock {
  readonly npm: Readonly<Record<string, Locked>>;
  readonly specifiers: Readonly<Record<string, string>>;
}

interface Locked {
  readonly integrity: string;
  readonly dependencies?: readonly string[];
}

/**
 * Bundles once more, with source maps, and looks whose files are in it.
 *
 * @param toolchain The Deno that makes the executable.
 * @returns The packages, by name.
 */
export async function bundledPackages(toolchain: Toolchain): Promise<readonly BundledPackage[]> {
  const lock: Lock = JSON.parse(await Deno.readTextFile(`${ROOT}deno.lock`));
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-packages-" });
  try {
    const sources = await sourcesOfBundle(folder, toolchain);
    const found = Object.entries(lock.npm).flatMap(([key, locked]) => {
      const { name, version } = nameOf(key);
      const part = `/${name}/${version}/`;
      const source = sources.find((path) => path.includes(part));
      if (source === undefined) return [];
      return [{ name, version, locked, home: source.slice(0, source.indexOf(part)) + part }];
    });
    const direct = new Set(
      Object.entries(lock.specifiers).map(([key, version]) =>
        `${nameOf(key.replace(/^npm:/, "")).name}@${version}`
      ),
    );
    return await Promise.all(found.map(async ({ name, version, locked, home }) => ({
      name,
      version,
      integrity: locked.integrity,
      license: await licenseIn(home),
      needs: found.filter((other) =>
        (locked.dependencies ?? []).some((need) =>
          need === other.name || need === `${other.name}@${other.version}`
        )
      ).map((other) => `${other.name}@${other.version}`),
      isDirect: direct.has(`${name}@${version}`),
    })));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function sourcesOfBundle(
  folder: string,
  toolchain: Toolchain,
): Promise<readonly string[]> {
  const flags = ["--quiet", "--frozen", "--code-splitting", "--minify", "--sourcemap=external"];
  const args = ["bundle", ...flags, "--outdir", folder, `${ROOT}cli.ts`];
  await runDeno(toolchain, { args, cwd: ROOT });
  const sources = new Set<string>();
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".map")) continue;
    const map = JSON.parse(await Deno.readTextFile(`${folder}/${name}`));
    for (const source of map.sources) sources.add(resolve(folder, source));
  }
  return [...sources];
}

/** A key of the lock file is `name@version`, with `_peer@version` where it has peers. */
function nameOf(key: string): { readonly name: string; readonly version: string } {
  const [, name = "", version = ""] = /^(@?[^@]+)@([^_]+)/.exec(key) ?? [];
  return { name, version };
}

async function licenseIn(home: string): Promise<string> {
  const { license } = JSON.parse(await Deno.readTextFile(`${home}package.json`));
  if (typeof license === "string") return license;
  throw new TypeError(`Cannot tell the licence of ${home}: package.json names none`);
}
