/** What is published of an executable; tests/e2e/baked_test.ts unpacks it. */
import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { release } from "../../../deploy/release.ts";
import { readSource } from "../../../deploy/source.ts";
import { sha256 } from "../../../lib/tls/sha256.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

async function releaseIn(folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const binary = `${folder}/kube-ipam`;
  await Deno.writeTextFile(binary, "not really one");
  const found = new Map<string, Uint8Array>();
  for (const path of await release({ binary, arch: "arm64" })) {
    found.set(path.slice(folder.length + 1), await Deno.readFile(path));
  }
  return found;
}

Deno.test("release() makes the same bytes of the same executable, wherever and whenever", async () => {
  const folders = await Promise.all([1, 2].map(() => Deno.makeTempDir({ prefix: "kube-ipam-" })));
  try {
    const [one = "", two = ""] = folders;
    const first = await releaseIn(one);
    const name = [...first.keys()][0]?.replace(".tar.gz", "") ?? "";
    assertEquals(
      [...first.keys()],
      [".tar.gz", ".tar.gz.sha256", ".cdx.json"].map((end) => name + end),
    );
    assertEquals(name.endsWith("-linux-arm64"), true);
    // A file is as old as the commit, whenever it is packed.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const second = await releaseIn(two);
    for (const [file, bytes] of first) {
      assertEquals(await sha256(second.get(file) ?? ""), await sha256(bytes), file);
    }
    const archive = first.get(`${name}.tar.gz`) ?? new Uint8Array();
    const sum = new TextDecoder().decode(first.get(`${name}.tar.gz.sha256`));
    assertEquals(sum, `${await sha256(archive)}  ${name}.tar.gz\n`);
    const bill = JSON.parse(new TextDecoder().decode(first.get(`${name}.cdx.json`)));
    const { commit } = await readSource(ROOT);
    assertEquals(bill.metadata.component.properties, [
      { name: "kube-ipam:commit", value: commit },
      { name: "kube-ipam:target", value: "aarch64-unknown-linux-gnu" },
    ]);
    assertEquals(bill.metadata.component.hashes, [
      { alg: "SHA-256", content: await sha256("not really one") },
    ]);
  } finally {
    for (const folder of folders) await Deno.remove(folder, { recursive: true });
  }
});
