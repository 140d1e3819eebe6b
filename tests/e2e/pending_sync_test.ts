/**
 * A release that is written down survives a power cut: as the kernel sees it.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { findProgram } from "../support/assets.ts";
import { assertSilent, callFor } from "../support/answers.ts";
import { testNeeding } from "../support/needs.ts";
import { callPlugin, makeSandbox, pluginCommand } from "../support/plugin.ts";

testNeeding(
  ["strace"],
  "a deferred DEL syncs its file before it has a name, and its folders before it answers",
  async () => {
    await using box = await makeSandbox();
    using refused = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = refused.addr;
    refused.close();
    const netconf = box.netconf({ etcdConfig: { etcdURL: `http://127.0.0.1:${port}` } });
    const strace = await findProgram("strace") ?? "strace";
    const file = `${box.root}/trace`;
    const flags = [
      "-f",
      "-qq",
      "-y",
      "-s",
      "200",
      "-e",
      "trace=fsync,fdatasync,?rename,?renameat2",
    ];
    const words = [strace, ...flags, "-o", file, ...await pluginCommand(box.root)];
    assertSilent(await callPlugin(callFor("DEL", "c1", { netconf }), { root: box.root, words }));
    const calls = (await Deno.readTextFile(file)).split("\n")
      .filter((line) => line.includes(`${box.dataDir}`));
    const at = (pattern: RegExp): number => calls.findIndex((line) => pattern.test(line));
    const folder = `${box.dataDir}/pending/default/testnet`;
    const written = at(/sync\(\d+<.*\/c1@eth0@[0-9a-f]{16}\.json\.[^>]*>\)/);
    const named = at(/rename.*\/c1@eth0@[0-9a-f]{16}\.json"/);
    assert(written >= 0 && named > written, calls.join("\n"));
    for (const path of [folder, `${box.dataDir}/pending/default`, `${box.dataDir}/pending`]) {
      assert(at(new RegExp(`sync\\(\\d+<${path}>\\)`)) > named, `${path}\n${calls.join("\n")}`);
    }
    assertEquals((await box.log()).at(-1).outcome, "deferred");
  },
);
