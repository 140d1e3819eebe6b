import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

/** Every row of the failure matrix names a test that exists. */

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A backing test: `tests/e2e/a_test.ts`: "its name". */
const BACKED = /`(tests\/[\w/]+\.ts)`: "([^"]+)"/;

async function rowsOf(path: string): Promise<readonly (readonly string[])[]> {
  const lines = (await Deno.readTextFile(`${ROOT}${path}`)).split("\n");
  return lines.filter((line) => line.startsWith("|"))
    .map((line) => line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim()));
}

Deno.test("each row of docs/reliability.md names a test that exists", async () => {
  const rows = (await rowsOf("docs/reliability.md")).filter((cells) => cells.length === 6);
  const matrix = rows.filter(([first = ""]) => first !== "what fails" && !/^-+$/.test(first));
  assert(matrix.length >= 40, `${matrix.length} rows`);
  const missing: string[] = [];
  for (const cells of matrix) {
    assertEquals(cells.every((cell) => cell !== ""), true, cells.join(" | "));
    const [, file = "", name = ""] = BACKED.exec(cells[5] ?? "") ?? [];
    const text = await Deno.readTextFile(`${ROOT}${file}`).catch(() => "");
    if (name === "" || !text.includes(name)) missing.push(cells.join(" | "));
  }
  assertEquals(missing, []);
});
