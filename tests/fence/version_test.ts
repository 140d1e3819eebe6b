/** One version: that of deno.json. */
import { assertEquals } from "@std/assert";
import { VERSION } from "../../lib/command/version.ts";

Deno.test("the version printed is that of deno.json", async () => {
  const text = await Deno.readTextFile(new URL("../../deno.json", import.meta.url));
  const [, version] = /^ {2}"version": "([^"]+)"/m.exec(text) ?? [];
  assertEquals(VERSION, version);
});
