import { assertEquals, assertNotEquals } from "@std/assert";
import { hashOf, readSmall, removeSmall, writeSmall } from "../../../lib/datastore/small_file.ts";

Deno.test("hashOf() names different parts differently", () => {
  assertEquals(hashOf(["a", "b"]), hashOf(["a", "b"]));
  assertNotEquals(hashOf(["a", "b"]), hashOf(["ab"]));
  assertEquals(hashOf([]).length, 16);
});

Deno.test("writeSmall() writes in one step, for the owner only", async () => {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/a/b/file`;
  assertEquals([writeSmall(path, "1"), writeSmall(path, "2")], [true, true]);
  assertEquals(readSmall(path), "2");
  assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  assertEquals((await Array.fromAsync(Deno.readDir(`${dir}/a/b`))).length, 1);
  removeSmall(path);
  removeSmall(path);
  assertEquals(readSmall(path), undefined);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("readSmall() takes an old or a huge file as absent", async () => {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/file`;
  writeSmall(path, "x");
  assertEquals(readSmall(path, { maxAgeMs: 60_000 }), "x");
  const old = new Date(Date.now() - 61_000);
  await Deno.utime(path, old, old);
  assertEquals(readSmall(path, { maxAgeMs: 60_000 }), undefined);
  assertEquals(readSmall(path), "x");
  writeSmall(path, "x".repeat(70_000));
  assertEquals(readSmall(path), undefined);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("writeSmall() fails without an exception", () => {
  assertEquals(writeSmall("/dev/null/no/file", "x"), false);
});
