/**
 * V8 takes the code cache that the executable holds, and without one the executable does the same.
 *
 * V8 refuses a cache without a word, and compiles instead: nobody would notice but by the clock. Where the Deno that
 * compiles makes the program without one, as its `node:vm` takes longer than a cache saves, there is nothing to show.
 */
import { assertEquals } from "@std/assert";
import { compile } from "../../deploy/compile.ts";
import { makeProgram } from "../../deploy/program/make.ts";
import { findToolchain } from "../../deploy/toolchain.ts";
import { testNeeding } from "../support/needs.ts";
import { callPlugin, makeSandbox } from "../support/plugin.ts";

/** An entry that only tells what V8 says of the cache. */
const TELL = `
import { Script } from "node:vm";
const path = import.meta.dirname + "/program.js";
const cachedData = Deno.readFileSync(import.meta.dirname + "/program.cache");
const script = new Script(Deno.readTextFileSync(path), { filename: path, cachedData });
console.log(script.cachedDataRejected);
`;

type Change = (folder: string) => Promise<void>;

const tell: Change = (folder) => Deno.writeTextFile(`${folder}/start.js`, TELL);

/** Whether the Deno that compiles makes a cache. */
async function makesCache(): Promise<boolean> {
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-program-" });
  try {
    const made = await makeProgram({ folder, toolchain: findToolchain(undefined), isOwn: true });
    return made.entry === "start.js";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function damage(folder: string): Promise<void> {
  const path = `${folder}/program.cache`;
  const cache = await Deno.readFile(path);
  await Deno.writeFile(path, cache.fill(0, 0, 32));
}

testNeeding(["binary"], "V8 takes the code cache, and refuses a damaged one", async () => {
  if (!await makesCache()) return;
  await using box = await makeSandbox();
  const cases: readonly (readonly [Change, string])[] = [[tell, "false"], [
    async (folder) => {
      await damage(folder);
      await tell(folder);
    },
    "true",
  ]];
  for (const [change, expected] of cases) {
    const output = `${box.root}/tell-${expected}`;
    await compile({ output, change });
    const { stdout } = await new Deno.Command(output).output();
    assertEquals(new TextDecoder().decode(stdout).trim(), expected);
  }
});

testNeeding(["binary"], "ADD and DEL are served when V8 refuses the cache", async () => {
  if (!await makesCache()) return;
  await using box = await makeSandbox();
  const program = `${box.root}/kube-ipam`;
  await compile({ output: program, change: damage });
  for (const command of ["ADD", "DEL"]) {
    const answer = await callPlugin({
      command,
      containerId: "uncached",
      ifName: "eth0",
      netns: "/run/netns/uncached",
      netconf: box.netconf({}),
    }, { root: box.root, words: [program] });
    assertEquals([answer.code, answer.stderr], [0, ""], answer.stdout);
  }
});
