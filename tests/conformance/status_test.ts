/**
 * STATUS: whether an ADD could be served.
 *
 * @see https://www.cni.dev/docs/spec/#status-check-plugin-status
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import {
  addressFor,
  assertRefused,
  assertSilent,
  callFor,
  entriesIn,
  type Json,
} from "../support/answers.ts";
import { makeSandbox, type PluginAnswer, type Sandbox } from "../support/plugin.ts";

const ONE = { rangeEnd: "10.1.0.2", cooldown: "0s" };

function status(sandbox: Sandbox, ipam: Json = {}, top: Json = {}): Promise<PluginAnswer> {
  const netconf = sandbox.netconf(ipam, { cniVersion: "1.1.0", ...top });
  return sandbox.call({ command: "STATUS", netconf });
}

Deno.test("STATUS is 0 and silent when an ADD can be served, also before the first one", async () => {
  await using sandbox = await makeSandbox();
  assertSilent(await status(sandbox));
  await addressFor(sandbox, "c1", { netconf: sandbox.netconf() });
  const before = await entriesIn(sandbox);
  assertSilent(await status(sandbox));
  assertEquals(await entriesIn(sandbox), before, "STATUS changes nothing");
});

Deno.test("STATUS is 50 for a netconf with which no ADD can be served, and names the mistake", async () => {
  await using sandbox = await makeSandbox();
  const wrong: readonly (readonly [Json, Json, string])[] = [
    [{ subnet: "10.1.0.5/24" }, {}, "10.1.0.0/24"],
    [{ subnet: undefined }, {}, "there is no range"],
    [{ kubeConfig: "/etc/kubernetes/kubeconfig" }, {}, "no datastore is configured"],
    [
      { kubeConfig: "/etc/kubernetes/kubeconfig", datastore: "sqlite", annotations: "on" },
      {},
      "/etc/kubernetes/kubeconfig",
    ],
  ];
  await Promise.all(wrong.map(async ([ipam, top, word]) => {
    assertStringIncludes(assertRefused(await status(sandbox, ipam, top), 50).details, word);
  }));
  await assertRejects(() => Deno.stat(sandbox.dataDir), Deno.errors.NotFound);
});

Deno.test("STATUS before 1.1.0 is refused with 1", async () => {
  await using sandbox = await makeSandbox();
  const { details } = assertRefused(await status(sandbox, {}, { cniVersion: "1.0.0" }), 1);
  assertStringIncludes(details, "STATUS as it exists since CNI 1.1.0");
});

Deno.test("STATUS of a full pool is 0, and 50 with statusOnExhaustion", async () => {
  await using sandbox = await makeSandbox();
  const strict = { ...ONE, statusOnExhaustion: true };
  assertSilent(await status(sandbox, strict));
  const netconf = sandbox.netconf(ONE);
  await addressFor(sandbox, "c1", { netconf });
  assertSilent(await status(sandbox, ONE));
  const { details } = assertRefused(await status(sandbox, strict), 50);
  assertMatch(details, /testnet.*0 of 1 free/);
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf })));
  assertSilent(await status(sandbox, strict));
});

Deno.test("STATUS with statusOnExhaustion is 0 where an ADD would be given a cooling address", async () => {
  await using sandbox = await makeSandbox();
  const ipam = { ...ONE, cooldown: "1h", statusOnExhaustion: true };
  const netconf = sandbox.netconf(ipam);
  await addressFor(sandbox, "c1", { netconf });
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf })));
  assertSilent(await status(sandbox, ipam));
  await addressFor(sandbox, "c2", { netconf });
});

Deno.test("STATUS with statusOnExhaustion counts every range set by itself", async () => {
  await using sandbox = await makeSandbox();
  const ipam = {
    subnet: undefined,
    ranges: [[{ subnet: "10.1.0.0/24" }], [{ subnet: "fd00::/126", rangeEnd: "fd00::2" }]],
    statusOnExhaustion: true,
  };
  await addressFor(sandbox, "c1", { netconf: sandbox.netconf(ipam) });
  const { details } = assertRefused(await status(sandbox, ipam), 50);
  assertStringIncludes(details, "range set 1: 0 of 1 free");
});

Deno.test("STATUS stands in nobody's way: after a 50, ADD, CHECK and DEL are served", async () => {
  await using sandbox = await makeSandbox();
  const ipam = { ...ONE, statusOnExhaustion: true };
  const netconf = sandbox.netconf(ipam);
  const ip = await addressFor(sandbox, "c1", { netconf });
  assertRefused(await status(sandbox, ipam), 50);
  const prevResult = { cniVersion: "1.0.0", ips: [{ address: `${ip}/24` }] };
  const check = sandbox.netconf(ipam, { prevResult });
  assertSilent(await sandbox.call(callFor("CHECK", "c1", { netconf: check })));
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf })));
  await addressFor(sandbox, "c2", { netconf });
});

Deno.test("STATUS is 50 when the database cannot be used, and says how to repair that", async () => {
  await using sandbox = await makeSandbox();
  await Deno.mkdir(sandbox.dataDir);
  await Deno.writeTextFile(`${sandbox.dataDir}/allocations.db`, "not a database ".repeat(100));
  assertStringIncludes(assertRefused(await status(sandbox), 50).details, "Restore the file");
});

Deno.test("STATUS of a database that another process keeps locked is a warning", async () => {
  await using sandbox = await makeSandbox();
  assertSilent(await status(sandbox));
  const [folder] = await Array.fromAsync(Deno.readDir(`${sandbox.runDir}/reached`));
  const file = `${sandbox.runDir}/reached/${folder?.name}/ok`;
  await Deno.writeTextFile(file, "0"); // long ago: it is tried whether the database takes writes
  const db = new DatabaseSync(`${sandbox.dataDir}/allocations.db`);
  try {
    db.exec("BEGIN IMMEDIATE");
    assertSilent(await status(sandbox));
    const { level, outcome, warnings } = (await sandbox.log()).at(-1);
    assertEquals([level, outcome], ["warn", "outage"]);
    assertStringIncludes(warnings.join(), "kept it locked");
    db.exec("ROLLBACK");
    assertSilent(await status(sandbox));
    assertEquals((await sandbox.log()).at(-1).outcome, "ready");
  } finally {
    db.close();
  }
});

Deno.test("STATUS logs at debug when all is well", async () => {
  await using sandbox = await makeSandbox();
  assertSilent(await status(sandbox));
  assertSilent(await status(sandbox, { log: { file: sandbox.logFile, level: "info" } }));
  const lines = await sandbox.log();
  assertEquals(lines.map(({ level, verb, outcome }) => [level, verb, outcome]), [
    ["debug", "STATUS", "ready"],
  ]);
});
