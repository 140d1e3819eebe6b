import { assert, assertEquals } from "@std/assert";
import { schemaText } from "../../docs/build_schema.ts";
import { isRecord } from "../../lib/cni/values.ts";
import { netconfSchema } from "../../lib/config/schema.ts";

Deno.test("docs/ipam.schema.json is what docs/build_schema.ts writes", async () => {
  const file = new URL("../../docs/ipam.schema.json", import.meta.url);
  assertEquals(await Deno.readTextFile(file), schemaText());
});

Deno.test("every key of the schema has a description", () => {
  const walk = (schema: unknown, path: string): void => {
    if (!isRecord(schema)) return;
    const { properties } = schema;
    for (const [key, value] of Object.entries(isRecord(properties) ? properties : {})) {
      assert(isRecord(value) && typeof value["description"] === "string", `${path}.${key}`);
      walk(value, `${path}.${key}`);
    }
    walk(schema["items"], `${path}[]`);
  };
  walk(netconfSchema(), "ipam");
});

Deno.test("every key of the schema stands in docs/config.md", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/config.md", import.meta.url));
  const schema = JSON.stringify(netconfSchema());
  for (const [, key] of schema.matchAll(/"(\w+)":\{"(?:type|description)"/g)) {
    if (key === undefined || key === "items" || key === "properties") continue;
    assert(text.includes(key), key);
  }
});
