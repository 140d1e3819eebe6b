/**
 * A file system that is full, that fails or that became read-only under the SQLite file: each call is refused with 5 or done whole, and
 * all is well when the disk is.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { addressFor, assertRefused, assertSilent, callFor } from "../../support/answers.ts";
import { testNeeding } from "../../support/needs.ts";
import { makeSandbox, type PluginAnswer, type Sandbox } from "../../support/plugin.ts";
import { run } from "../../support/programs.ts";
import {
  CHANGES,
  databaseOf,
  firstChange,
  heldIn,
  soundEntries,
  STRIDE,
  traced,
} from "./_sqlite.ts";

const BLOCK = 4096;
const ADVICE = /Free space on|free space on/;

/** A small file system of its own for the data directory. */
async function mountSmall(dir: string): Promise<AsyncDisposable> {
  await Deno.mkdir(dir, { recursive: true });
  await run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", dir]);
  return { [Symbol.asyncDispose]: async () => void await run(["umount", dir]) };
}

/** Fills a file system but for some blocks. */
async function fill(path: string, free: number): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  let written = 0;
  try {
    for (const block = new Uint8Array(BLOCK);;) written += await file.write(block);
  } catch {
    await file.truncate(Math.max(0, written - free * BLOCK));
  }
}

/** A call that was done or refused; the others are as they were either way. */
function assertWhole(
  answer: PluginAnswer,
  { id, was, now }: {
    readonly id: string;
    readonly was: ReadonlyMap<string, string>;
    readonly now: ReadonlyMap<string, string>;
  },
): void {
  const others = (map: ReadonlyMap<string, string>) => [...map].filter(([one]) => one !== id);
  assertEquals(others(now), others(was));
  if (answer.code !== 0) assertMatch(assertRefused(answer, 5).details, ADVICE);
}

testNeeding(
  ["root", "netns"],
  "on a disk with little or no room each call is done or refused with 5",
  async () => {
    await using box = await makeSandbox();
    await using _mount = await mountSmall(box.dataDir);
    const netconf = box.netconf({ cooldown: "0s" });
    for (const id of ["c0", "c1"]) await addressFor(box, id, { netconf });
    const filler = `${box.dataDir}/filler`;
    const codes = new Map<string, Set<number>>([["ADD", new Set()], ["DEL", new Set()]]);
    for (let free = 0; free <= 20; free += 2) {
      for (const command of ["ADD", "DEL"]) {
        const was = heldIn(await soundEntries(box));
        const id = command === "ADD" ? `n${free}` : "c1";
        await fill(filler, free);
        const answer = await box.call(callFor(command, id, { netconf }));
        await Deno.remove(filler);
        const now = heldIn(await soundEntries(box));
        assertWhole(answer, { id, was, now });
        // With code 5 nothing was done; with 0 it is.
        assertEquals(now.has(id), (command === "ADD") === (answer.code === 0));
        codes.get(command)?.add(answer.code);
        assertEquals(await addressFor(box, "c0", { netconf }), was.get("c0"));
        if (command === "ADD") {
          assertSilent(await box.call(callFor("DEL", id, { netconf })));
        } else {
          await addressFor(box, "c1", { netconf });
        }
      }
    }
    for (const [command, seen] of codes) assertEquals([...seen].sort(), [0, 1], command);
  },
);

const FAILURES = ["ENOSPC", "EIO"];

for (const failure of FAILURES) {
  testNeeding(
    ["strace"],
    `where a change of the file fails with ${failure}, whatever one, a call is done or refused`,
    async () => {
      await using box = await makeSandbox();
      const netconf = box.netconf({ cooldown: "0s" });
      await addressFor(box, "c0", { netconf });
      const file = databaseOf(box);
      const paths = [file, `${file}-wal`, `${file}-shm`];
      let refused = 0;
      for (const name of CHANGES) {
        for (let at = firstChange();; at += STRIDE) {
          const was = heldIn(await soundEntries(box));
          const call = callFor("ADD", "c1", { netconf });
          const inject = `inject=${name}:error=${failure}:when=${at}+`;
          const flags = ["-e", `trace=${name}`, "-e", inject];
          const { answer, trace } = await traced(box, { call, paths, flags });
          const now = heldIn(await soundEntries(box));
          assertWhole(answer, { id: "c1", was, now });
          if (answer.code === 0) assert(now.has("c1"), `${name} ${at}`);
          else refused++;
          assertEquals(await addressFor(box, "c0", { netconf }), was.get("c0"));
          assertSilent(await box.call(callFor("DEL", "c1", { netconf })));
          if (!trace.includes("INJECTED")) break;
        }
      }
      assert(refused > (STRIDE === 1 ? 5 : 0), `${refused}`);
    },
  );
}

/** What a mount makes read-only. */
const READ_ONLY: Readonly<Record<string, (box: Sandbox) => string>> = {
  "file": databaseOf,
  "directory": ({ dataDir }) => dataDir,
};

for (const [what, pathOf] of Object.entries(READ_ONLY)) {
  testNeeding(
    ["root", "netns"],
    `a ${what} that is mounted read-only is refused with 5 by whoever must write`,
    async () => {
      await using box = await makeSandbox();
      const top = { cniVersion: "1.1.0", "cni.dev/valid-attachments": [] };
      const netconf = box.netconf({ cooldown: "0s" }, top);
      const ip = await addressFor(box, "c1", { netconf });
      const before = await soundEntries(box);
      const path = pathOf(box);
      await run(["mount", "--bind", path, path]);
      try {
        await run(["mount", "-o", "remount,bind,ro", path]);
        const advice = /writable|may read and write/;
        for (const verb of ["ADD", "DEL", "GC"]) {
          const id = verb === "ADD" ? "c2" : "c1";
          const refused = assertRefused(await box.call(callFor(verb, id, { netconf })), 5);
          assertMatch(refused.details, advice);
        }
        // What only reads is served where SQLite can read: its log must be written even for that.
        const prevResult = { cniVersion: "1.1.0", ips: [{ address: `${ip}/24` }] };
        for (const verb of ["CHECK", "STATUS"]) {
          const netconf = box.netconf({}, { ...top, prevResult });
          const answer = await box.call(callFor(verb, "c1", { netconf }));
          if (what === "file") assertSilent(answer);
          else assertMatch(assertRefused(answer, verb === "CHECK" ? 5 : 50).details, advice);
        }
      } finally {
        await run(["umount", path]);
      }
      assertEquals(await soundEntries(box), before);
      assertSilent(await box.call(callFor("DEL", "c1", { netconf })));
    },
  );
}
