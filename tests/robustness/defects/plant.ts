/**
 * Makes a program with a defect: from a copy of the sources, never from the sources themselves.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Defect, Replacement } from "./all.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** What the bundle is made of, and by. */
const COPIED = ["lib", "deploy/bundle.ts", "tests/jsr", "cli.ts", "deno.json", "deno.lock"];

/**
 * Bundles the sources with a defect.
 *
 * @param defect The defect.
 * @param folder An empty folder, which takes the copy and the bundle.
 * @returns The folder of the bundle.
 */
export async function plant(defect: Defect, folder: string): Promise<string> {
  const copy = `${folder}/sources`;
  for (const path of COPIED) await copyInto(copy, path);
  for (const { file, text, by } of defect.replacements) {
    const path = `${copy}/${file}`;
    await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace(text, () => by));
  }
  // It bundles what lies beside it.
  const { bundle }: typeof import("../../../deploy/bundle.ts") = await import(
    `file://${copy}/deploy/bundle.ts`
  );
  await bundle({ folder: `${folder}/bundle` });
  return `${folder}/bundle`;
}

/** How often a text stands in the sources: once, or the defect cannot be planted. */
export async function occurrences({ file, text }: Replacement): Promise<number> {
  return (await Deno.readTextFile(`${ROOT}${file}`)).split(text).length - 1;
}

async function copyInto(target: string, path: string): Promise<void> {
  const { isDirectory } = await Deno.stat(`${ROOT}${path}`);
  if (!isDirectory) {
    const to = `${target}/${path}`;
    await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
    return await Deno.copyFile(`${ROOT}${path}`, to);
  }
  await Deno.mkdir(`${target}/${path}`, { recursive: true });
  for await (const { name } of Deno.readDir(`${ROOT}${path}`)) {
    await copyInto(target, `${path}/${name}`);
  }
}
