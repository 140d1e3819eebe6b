/**
 * Writes `docs/ipam.schema.json`. With `--check` it only tells whether the file is up to date.
 *
 * Run it from anywhere: `deno run --allow-read --allow-write docs/build_schema.ts [--check]`.
 *
 * @module
 */
import { netconfSchema } from "../lib/config/schema.ts";

const FILE = new URL("./ipam.schema.json", import.meta.url);

/**
 * Makes the text of the file.
 *
 * @returns JSON, formatted as `deno fmt` does.
 */
export function schemaText(): string {
  return `${JSON.stringify(netconfSchema(), undefined, 2)}\n`;
}

if (import.meta.main) {
  const text = schemaText();
  if (!Deno.args.includes("--check")) {
    await Deno.writeTextFile(FILE, text);
  } else if (await Deno.readTextFile(FILE).catch(() => "") !== text) {
    await Deno.stderr.write(
      new TextEncoder().encode("docs/ipam.schema.json is stale: run docs/build_schema.ts\n"),
    );
    Deno.exit(1);
  }
}
