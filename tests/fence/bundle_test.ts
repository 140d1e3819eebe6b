/** The chunks that every call starts with load nothing of the Node.js layer: it costs more than all of ours. */
import { assert, assertEquals } from "@std/assert";
import { bundle } from "../../deploy/bundle.ts";

const STATIC = /(?:^|[;}\n])\s*(?:import|export)\b[^"';]*?(?:from\s*)?"([^"]+)"/g;

async function staticChunks(folder: string, entry: string): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  const open = [entry];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (texts.has(name)) continue;
    const text = await Deno.readTextFile(`${folder}/${name}`);
    texts.set(name, text);
    for (const [, specifier = ""] of text.matchAll(STATIC)) {
      assert(specifier.startsWith("./"), `${name} imports "${specifier}"`);
      open.push(specifier.slice(2));
    }
  }
  return texts;
}

Deno.test("the chunks that every call starts with import nothing but one another", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-bundle-" });
  try {
    await bundle({ folder });
    const chunks = await staticChunks(folder, "cli.js");
    assert(chunks.size > 1, "the walk follows imports");
    const all = (await Array.fromAsync(Deno.readDir(folder)))
      .filter(({ name }) => name.endsWith(".js"));
    assert(all.length > chunks.size, "SQLite, etcd and gRPC are chunks of their own");
    assertEquals([...chunks.values()].some((text) => text.includes("grpc-node-js/")), false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
