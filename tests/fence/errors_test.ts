/** Every code that the plugin answers with is explained in docs/errors.md, and no other. */
import { assert, assertEquals } from "@std/assert";
import { CODES } from "../../lib/cni/errors.ts";

Deno.test("every error code stands in docs/errors.md", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/errors.md", import.meta.url));
  const rows = Array.from(text.matchAll(/^\| *(\d+) *\|([^|]*)\|([^|]*)\|$/gm));
  const codes = rows.map(([, code = ""]) => Number(code));
  assertEquals(codes, Object.values(CODES).sort((a, b) => a - b));
  for (const [, code, meaning = "", repair = ""] of rows) {
    assert(meaning.trim() !== "" && repair.trim() !== "", `code ${code} is explained`);
  }
});
