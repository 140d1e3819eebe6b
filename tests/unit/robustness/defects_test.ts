import { assertEquals } from "@std/assert";
import { DEFECTS } from "../../robustness/defects/all.ts";
import { occurrences } from "../../robustness/defects/plant.ts";

Deno.test("every text that a planted defect replaces stands in the sources exactly once", async () => {
  for (const { name, replacements } of DEFECTS) {
    for (const replacement of replacements) {
      assertEquals(await occurrences(replacement), 1, `${name}: ${replacement.file}`);
    }
  }
});

Deno.test("the planted defects have names of their own", () => {
  assertEquals(new Set(DEFECTS.map(({ name }) => name)).size, DEFECTS.length);
});
