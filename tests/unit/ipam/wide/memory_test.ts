import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { fileURLToPath } from "node:url";

/** Nothing is kept for each address of a range: an ADD in a /8 or a /64 runs in a heap that could not hold it. */

/** Twice what the program needs, and less than a value for each of 2^20 addresses takes. */
const HEAP_MB = 24;

async function runIn(heapMb: number, ...args: readonly string[]): Promise<Deno.CommandOutput> {
  return await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      `--config=${fileURLToPath(new URL("../../../../deno.json", import.meta.url))}`,
      `--v8-flags=--max-old-space-size=${heapMb}`,
      fileURLToPath(new URL("./program.ts", import.meta.url)),
      ...args,
    ],
    stdin: "null",
  }).output();
}

Deno.test("ADD and DEL in a /8 and a /64 need no memory for each address", async () => {
  const { success, stdout, stderr } = await runIn(HEAP_MB);
  assert(success, new TextDecoder().decode(stderr));
  // Buffers are not of the heap: a bit for each address of a /8 would be 2 MB.
  const { buffers } = JSON.parse(new TextDecoder().decode(stdout));
  assertLessOrEqual(buffers, 1_000_000);
});

Deno.test("that heap is too small for a value for each of 2^20 addresses", async () => {
  const { success, stdout } = await runIn(HEAP_MB, "with a value for each");
  assertEquals([success, new TextDecoder().decode(stdout)], [false, ""]);
});
