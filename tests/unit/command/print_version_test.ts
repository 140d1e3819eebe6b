/** `version`: what it tells of a program that was not compiled. tests/e2e/baked_test.ts asks executables. */
import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { readPermissions } from "../../../deploy/permissions.ts";
import { formatPermissions, permissionsIn } from "../../../lib/command/permission_set.ts";
import { VERSION } from "../../../lib/command/version.ts";

const CLI = fileURLToPath(new URL("../../../cli.ts", import.meta.url));

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(permissions: readonly string[], ...args: readonly string[]): Promise<Ran> {
  const words = ["run", "--quiet", "--no-prompt", "--no-check", ...permissions, CLI, ...args];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: words,
    env: { CNI_COMMAND: "" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("version of the sources says so, and shows the set that would be compiled", async () => {
  const set = await readPermissions("plugin");
  for (const word of ["version", "-version", "--version", "-V"]) {
    const { code, stdout, stderr } = await run(["-A"], word);
    assertEquals([code, stderr], [0, ""], word);
    assertStringIncludes(stdout, `kube-ipam ${VERSION}\nCNI versions: 0.1.0, `);
    assertStringIncludes(stdout, `\ncommit: not compiled\ntarget: ${Deno.build.target}\n`);
    assertStringIncludes(stdout, `\nDeno: ${Deno.version.deno}\n`);
    assertStringIncludes(stdout, `the set "plugin" of deno.json\n${formatPermissions(set)}\n`);
  }
});

Deno.test("version asks for no permission: where it may not read deno.json it names the set", async () => {
  const { code, stdout, stderr } = await run(["--allow-env=CNI_COMMAND"], "version");
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /\npermissions: .* the set "plugin" of deno\.json\n$/);
});

Deno.test("version --json is one object", async () => {
  const { code, stdout } = await run(["-A"], "version", "--json");
  assertEquals(code, 0);
  const facts = JSON.parse(stdout);
  assertEquals(facts.version, VERSION);
  assertEquals([facts.compiled, facts.commit, facts.networks], [false, undefined, []]);
  assertEquals(facts.permissions, await readPermissions("plugin"));
});

Deno.test("version refuses words that it does not understand", async () => {
  for (const [word, message] of [["--jsn", "did you mean --json?"], ["x", "takes flags only"]]) {
    const { code, stdout, stderr } = await run(["-A"], "version", word ?? "");
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(stderr, message ?? "");
    assertStringIncludes(stderr, "\nTry: kube-ipam version --help\n");
  }
});

Deno.test("formatPermissions() has one line for each kind, in one order", () => {
  const set = { write: ["/b", "/a"], net: true, env: ["A"], read: [], run: false };
  assertEquals(
    formatPermissions(set),
    [
      "  env    A",
      "  sys    none",
      "  net    all",
      "  read   none",
      "  write  /b, /a",
      "  run    none",
      "  ffi    none",
    ].join("\n"),
  );
});

Deno.test("permissionsIn() names a set that is not there", () => {
  const text = '{\n  // "permissions": {}\n  "permissions": { "a": { "net": ["x//y"] } }\n}';
  assertEquals(permissionsIn(text, "a"), { net: ["x//y"] });
  assertThrows(() => permissionsIn(text, "b"), RangeError, 'current value is "b"');
});
