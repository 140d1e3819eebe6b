/** Which packages are in the bundle, told from its source maps, are those that the bundler names in its comments. */
import { assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { bundledPackages } from "../../../deploy/bundled_packages.ts";
import { runDeno } from "../../../deploy/bundle.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const TOOLCHAIN = { deno: Deno.execPath(), env: {} };

/** Without --minify each module stands below a line with its path. */
async function namedInComments(): Promise<readonly string[]> {
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-comments-" });
  try {
    const flags = ["--quiet", "--frozen", "--code-splitting", "--outdir", folder];
    await runDeno(TOOLCHAIN, { args: ["bundle", ...flags, `${ROOT}cli.ts`], cwd: ROOT });
    const found = new Set<string>();
    for await (const { name } of Deno.readDir(folder)) {
      const text = await Deno.readTextFile(`${folder}/${name}`);
      const lines = text.matchAll(/^ *\/\/ \S*\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\/(\d[^/]*)\//gm);
      for (const [, name, version] of lines) found.add(`${name}@${version}`);
    }
    return [...found].sort();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("bundledPackages() names every package of the bundle, with licence and integrity", async () => {
  const [packages, named] = await Promise.all([bundledPackages(TOOLCHAIN), namedInComments()]);
  assertEquals(packages.map(({ name, version }) => `${name}@${version}`).sort(), named);
  for (const { name, integrity, license } of packages) {
    assertMatch(integrity, /^sha512-[\w+/]+=*$/, name);
    assertMatch(license, /^[\w.-]+$/, name);
  }
  const etcd3 = packages.find(({ name }) => name === "etcd3");
  assertEquals(etcd3?.isDirect, true);
  assertEquals(etcd3?.needs.some((need) => need.startsWith("@grpc/grpc-js@")), true);
  assertEquals(packages.find(({ name }) => name === "lodash.camelcase")?.isDirect, false);
});
