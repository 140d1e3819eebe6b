import { assert, assertEquals, assertRejects } from "@std/assert";
import { parseYaml, YamlError } from "../../../../lib/kube/kubeconfig/yaml.ts";

Deno.test("parseYaml() reads JSON and YAML", async () => {
  const cases: readonly [text: string, value: unknown][] = [
    ['{"a": [1, null, "x"]}', { a: [1, null, "x"] }],
    ['\ufeff\n {"a": 1}', { a: 1 }],
    ["{a: 1}", { a: 1 }],
    ["a:\n- b: c\n", { a: [{ b: "c" }] }],
    ["a: 2024-01-01", { a: "2024-01-01" }],
    ["x: &x\n  a: 1\nb:\n  <<: *x\n  c: 2\n", { x: { a: 1 }, b: { a: 1, c: 2 } }],
    ["a: yes\nb: true\nc: ~\n", { a: "yes", b: true, c: null }],
  ];
  for (const [text, value] of cases) assertEquals(await parseYaml(text), value);
});

Deno.test("parseYaml() takes a text without content as nothing", async () => {
  for (const text of ["", " \n", "# a comment\n"]) assert((await parseYaml(text) ?? null) === null);
});

Deno.test("parseYaml() says where a text is wrong, and nothing of it", async () => {
  const cases: readonly [text: string, message: RegExp][] = [
    ["a: b: s3cret", /^line 1, column 5: bad indentation/],
    ["a:\n  b: *s3cret", /^line 2, column \d+: not YAML$/],
    ["a: !!s3cret x", /^line 1, column \d+: not YAML$/],
    ["a: 1\na: s3cret", /^line 2, column \d+: duplicated mapping key$/],
    ['{"token": "s3cret"', /^line \d+, column \d+: /],
    ['{"token": s3cret": 1}', /^line \d+, column \d+: /],
    ["a: 1\n---\nb: s3cret", /single document/],
    ["[".repeat(100_000), /YAML|collection|nesting/],
  ];
  for (const [text, message] of cases) {
    const error = await assertRejects(() => parseYaml(text), YamlError);
    assert(message.test(error.message), `${text.slice(0, 40)}: ${error.message}`);
    assert(!error.message.includes("s3cret"), error.message);
  }
});
