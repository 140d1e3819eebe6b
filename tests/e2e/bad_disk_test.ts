/**
 * Whatever is wrong with the data directory and the database in it ends in a CNI error with advice, and damages nothing.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import {
  addressFor,
  assertRefused,
  assertResult,
  assertSilent,
  callFor,
  entriesIn,
} from "../support/answers.ts";
import { testNeeding } from "../support/needs.ts";
import { makeSandbox, type Sandbox } from "../support/plugin.ts";
import { run } from "../support/programs.ts";

const VERBS = ["ADD", "DEL", "CHECK", "GC", "STATUS"];

/** Calls each verb; all must be refused in the same way, STATUS with 50. */
async function callAll(
  sandbox: Sandbox,
  options: { readonly code: number; readonly advice: RegExp; readonly verbs?: readonly string[] },
): Promise<void> {
  const prevResult = { cniVersion: "1.1.0", ips: [{ address: "10.1.0.2/24" }] };
  const top = { cniVersion: "1.1.0", prevResult, "cni.dev/valid-attachments": [] };
  const netconf = sandbox.netconf({}, top);
  for (const verb of options.verbs ?? VERBS) {
    const answer = await sandbox.call(callFor(verb, "c2", { netconf }));
    const refused = assertRefused(answer, verb === "STATUS" ? 50 : options.code);
    assertMatch(`${refused.msg}: ${refused.details}`, options.advice);
  }
}

Deno.test("a data directory that is missing is made, for its owner only", async () => {
  await using sandbox = await makeSandbox();
  const dataDir = `${sandbox.root}/a/b/c`;
  await addressFor(sandbox, "c1", { netconf: sandbox.netconf({ dataDir }) });
  assertEquals(((await Deno.stat(dataDir)).mode ?? 0) & 0o777, 0o700);
  assertEquals((await entriesIn({ dataDir })).length > 0, true);
});

Deno.test("a damaged database is refused with 5, and stays as it is", async () => {
  await using sandbox = await makeSandbox();
  await addressFor(sandbox, "c1", { netconf: sandbox.netconf() });
  const path = `${sandbox.dataDir}/allocations.db`;
  const bytes = await Deno.readFile(path);
  const broken = bytes.map((byte, at) => at < 100 ? byte : byte ^ 0xff);
  for (const damaged of [broken, new TextEncoder().encode("not a database ".repeat(300))]) {
    await Deno.writeFile(path, damaged);
    await callAll(sandbox, { code: 5, advice: /Restore the file from a backup/ });
    assertEquals(await Deno.readFile(path), damaged);
  }
});

Deno.test("a database of a newer layout is refused with 5, and stays as it is", async () => {
  await using sandbox = await makeSandbox();
  await addressFor(sandbox, "c1", { netconf: sandbox.netconf() });
  const path = `${sandbox.dataDir}/allocations.db`;
  const bytes = await Deno.readFile(path);
  new DataView(bytes.buffer).setUint32(60, 2); // user_version
  await Deno.writeFile(path, bytes);
  await callAll(sandbox, { code: 5, advice: /Install a kube-ipam at least as new/ });
  assertEquals(await Deno.readFile(path), bytes);
});

/** A small file system on a directory of a sandbox. */
async function mountTmpfs(dir: string, options: string): Promise<AsyncDisposable> {
  await Deno.mkdir(dir, { recursive: true });
  await run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", dir]);
  return {
    [Symbol.asyncDispose]: async () => {
      await run(["umount", dir]);
    },
  };
}

testNeeding(["root", "netns"], "a read-only data directory is refused with 5", async () => {
  await using sandbox = await makeSandbox();
  await using _mount = await mountTmpfs(sandbox.dataDir, "ro,size=1m");
  await callAll(sandbox, { code: 5, advice: /writable|may read and write/ });
});

testNeeding(
  ["root", "netns"],
  "a data directory that became read-only is refused with 5",
  async () => {
    await using sandbox = await makeSandbox();
    await using _mount = await mountTmpfs(sandbox.dataDir, "size=1m");
    await addressFor(sandbox, "c1", { netconf: sandbox.netconf() });
    await run(["mount", "-o", "remount,ro", sandbox.dataDir]);
    await callAll(sandbox, { code: 5, advice: /writable|may read and write/ });
    await run(["mount", "-o", "remount,rw", sandbox.dataDir]);
    assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf: sandbox.netconf() })));
  },
);

testNeeding(
  ["root", "netns"],
  "a read-only run directory is replaced by one in the data directory",
  async () => {
    await using sandbox = await makeSandbox();
    await using _mount = await mountTmpfs(sandbox.runDir, "ro,size=1m");
    const netconf = sandbox.netconf();
    await addressFor(sandbox, "c1", { netconf });
    await addressFor(sandbox, "c2", { netconf });
    assertEquals((await sandbox.log()).map(({ level }) => level), ["info", "info"]);
    assertEquals((await Deno.stat(`${sandbox.dataDir}/run/boot`)).isFile, true);
    const status = sandbox.netconf({}, { cniVersion: "1.1.0" });
    assertSilent(await sandbox.call({ command: "STATUS", netconf: status }));
  },
);

testNeeding(
  ["root", "netns"],
  "a full disk is refused with 5; all is well when there is room again",
  async () => {
    await using sandbox = await makeSandbox();
    await using _mount = await mountTmpfs(sandbox.dataDir, "size=512k");
    const netconf = sandbox.netconf({ cooldown: "0s" });
    await addressFor(sandbox, "c1", { netconf });
    const before = await entriesIn(sandbox);
    const filler = `${sandbox.dataDir}/filler`;
    await fill(filler);
    await callAll(sandbox, {
      code: 5,
      advice: /disk is full|Free space|Look at the disk/,
      verbs: ["ADD"],
    });
    await Deno.remove(filler);
    assertEquals(await entriesIn(sandbox), before);
    assertResult(await sandbox.call(callFor("ADD", "c2", { netconf })));
    for (const id of ["c1", "c2"]) {
      assertSilent(await sandbox.call(callFor("DEL", id, { netconf })));
    }
    assertEquals((await entriesIn(sandbox)).filter(({ key }) => key.includes("/addresses/")), []);

    async function fill(path: string): Promise<void> {
      using file = await Deno.open(path, { write: true, create: true });
      try {
        for (const block = new Uint8Array(4096);;) await file.write(block);
      } catch {
        // No space is left: that is what was wanted.
      }
    }
  },
);
