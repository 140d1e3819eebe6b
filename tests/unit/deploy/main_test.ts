/** The words of `deno task compile`: what is wrong with them is told before anything is compiled. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../../deploy/main.ts", import.meta.url));

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...args: readonly string[]): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", MAIN, ...args],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("compile explains itself", async () => {
  const { code, stdout, stderr } = await run("--help");
  assertEquals([code, stderr], [0, ""]);
  for (const word of ["--conf FILE", "--kubeconfig FILE", "--target", "--output", "--release"]) {
    assertStringIncludes(stdout, word);
  }
});

Deno.test("compile refuses words that it does not understand: exit code 2", async () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["--cnf", "x"], "Cannot use --cnf as compile has no such flag: did you mean --conf?"],
    [["--target", "sparc"], "(amd64), aarch64-unknown-linux-gnu (arm64): current value is"],
    [["--output"], "Cannot use --output as its value is missing"],
    [["x.conf"], 'as compile takes flags only: current value is "x.conf"'],
    [["--kubeconfig", "x"], "Cannot use --kubeconfig as no network is given"],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await run(...args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertStringIncludes(stderr, message);
    assert(stderr.endsWith("\nTry: deno task compile --help\n"), stderr);
  }
});

Deno.test("compile tells the mistakes of a configuration without a stack trace: exit code 1", async () => {
  const conf = await Deno.makeTempFile({ prefix: "kube-ipam-", suffix: ".conf" });
  try {
    const ipam = { type: "kube-ipam", subnet: "10.1.0.0/24", resolvConf: "rel", cluster: "a/b" };
    await Deno.writeTextFile(conf, JSON.stringify({ cniVersion: "1.0.0", name: "net", ipam }));
    const { code, stdout, stderr } = await run("--conf", conf);
    assertEquals([code, stdout], [1, ""]);
    const [first, ...others] = stderr.trimEnd().split("\n");
    assertEquals(first, `Cannot use the network configuration: ${conf}:`);
    assertEquals(others.map((line) => line.split(": ")[0]).sort(), [
      "  ipam.cluster",
      "  ipam.resolvConf",
    ]);
  } finally {
    await Deno.remove(conf);
  }
});
