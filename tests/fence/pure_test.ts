/** The core waits for nothing and reads neither clock nor chance nor machine: they are parameters. */
import { assertEquals } from "@std/assert";
import { readSources, withoutComments } from "../support/graph.ts";

const PURE = ["lib/net", "lib/cni", "lib/config", "lib/state", "lib/ipam"];

const FORBIDDEN = [
  /\bawait\b/,
  /\basync\b/,
  /\bPromise\b/,
  /\bDeno\b/,
  /\bDate\.now\b/,
  /\bnew Date\(\)/,
  /\bperformance\b/,
  /\bMath\.random\b/,
  /\bcrypto\b/,
  /\bfetch\(/,
  /\bset(Timeout|Interval)\b/,
  /\bglobalThis\b/,
  /\bimport\(/,
];

Deno.test("the core is pure", async () => {
  const found: string[] = [];
  for (const folder of PURE) {
    for (const { path, text } of await readSources(folder)) {
      const code = withoutComments(text);
      for (const expression of FORBIDDEN) {
        const match = expression.exec(code);
        if (match !== null) found.push(`${path}: ${match[0]}`);
      }
    }
  }
  assertEquals(found, []);
});
