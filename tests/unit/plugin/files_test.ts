import { assertEquals } from "@std/assert";
import { readOrCreate, writeAtomically } from "../../../lib/plugin/files.ts";

Deno.test("readOrCreate() makes a file once, and its folder", async () => {
  const root = await Deno.makeTempDir({ prefix: "kube-ipam-files-" });
  try {
    const path = `${root}/a/b/id`;
    assertEquals(readOrCreate(path, () => "one"), "one");
    assertEquals(readOrCreate(path, () => "two"), "one");
    assertEquals([...Deno.readDirSync(`${root}/a/b`)].length, 1);
    assertEquals((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("writeAtomically() replaces a file, or leaves it, as asked", async () => {
  const root = await Deno.makeTempDir({ prefix: "kube-ipam-files-" });
  try {
    const path = `${root}/file`;
    writeAtomically(path, "one", { replace: false });
    writeAtomically(path, "two", { replace: false });
    assertEquals(Deno.readTextFileSync(path), "one");
    writeAtomically(path, "three", { replace: true });
    assertEquals(Deno.readTextFileSync(path), "three");
    assertEquals([...Deno.readDirSync(root)].length, 1);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("readOrCreate() fills a file that a power cut left empty, once for all", async () => {
  const root = await Deno.makeTempDir({ prefix: "kube-ipam-files-" });
  try {
    const path = `${root}/id`;
    Deno.writeTextFileSync(path, "");
    assertEquals(readOrCreate(path, () => "one"), "one");
    assertEquals(readOrCreate(path, () => "two"), "one");
    assertEquals([...Deno.readDirSync(root)].length, 1);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
