import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

/** Every export of lib is documented, and every module has a head. The fields of what `mod.ts` exports are checked by `deno doc --lint`. */

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const EXPORT =
  /^(?<before>.*)\n(?:\/\/ deno-lint-ignore .*\n)?export (?:async )?(?:function\*?|class|interface|type|const) (?<name>\w+)/gm;

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}

Deno.test("every export under lib has a comment, and every module a head", async () => {
  const bare: string[] = [];
  for await (const path of sources(`${ROOT}lib`)) {
    const text = await Deno.readTextFile(path);
    if (!/^(?:\/\/ deno-lint-ignore-file .*\n)?\/\*\*[^]*?@module\n/.test(text)) {
      bare.push(`${path}: no head`);
    }
    for (const { groups } of text.matchAll(EXPORT)) {
      if (!groups?.before?.endsWith("*/")) bare.push(`${path}: ${groups?.name}`);
    }
  }
  assertEquals(bare.map((line) => line.replace(ROOT, "")), []);
});
