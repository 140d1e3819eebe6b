/**
 * The log: one JSON line for each call, in a file; stdout and stderr stay clean.
 *
 * @module
 */
import { assert, assertEquals, assertNotMatch, assertStringIncludes } from "@std/assert";
import { addressFor, assertRefused, assertSilent, callFor } from "../support/answers.ts";
import { makeSandbox, pluginCommand } from "../support/plugin.ts";

Deno.test("each call writes one line that says who asked for what, and how it ended", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ rangeEnd: "10.1.0.2" });
  const args = "IgnoreUnknown=1;K8S_POD_NAME=web";
  const ip = await addressFor(sandbox, "c1", { netconf, args });
  assertRefused(await sandbox.call(callFor("ADD", "c2", { netconf })), 100);
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf })));
  const lines = await sandbox.log();
  assertEquals(lines.map(({ level, verb, containerID }) => `${level} ${verb} ${containerID}`), [
    "info ADD c1",
    "error ADD c2",
    "info DEL c1",
  ]);
  for (const { time, network, ifname, durationMs } of lines) {
    assert(!Number.isNaN(Date.parse(time)) && durationMs > 0);
    assertEquals([network, ifname], ["testnet", "eth0"]);
  }
  assertEquals([lines[0].ips, lines[0].pod], [[`${ip}/24`], "web"]);
  assertEquals([lines[1].code, lines[1].msg], [100, "No IP addresses available in range set"]);
  assertStringIncludes(lines[1].details, "ipam");
});

Deno.test("log.level leaves out what is less urgent", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ log: { file: sandbox.logFile, level: "error" } });
  await addressFor(sandbox, "c1", { netconf });
  assertRefused(await sandbox.call(callFor("ADD", "a/b", { netconf })), 4);
  assertEquals((await sandbox.log()).map(({ code }) => code), [4]);
});

Deno.test("the log is renamed to .1 at log.maxSize", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ log: { file: sandbox.logFile, maxSize: "1KB" } });
  await Deno.writeTextFile(sandbox.logFile, `${"x".repeat(1_000)}\n`);
  await addressFor(sandbox, "c1", { netconf });
  assertEquals((await sandbox.log()).map(({ verb }) => verb), ["ADD"]);
  assertEquals((await Deno.stat(`${sandbox.logFile}.1`)).size, 1_001);
});

Deno.test("a log that cannot be written goes to stderr, and changes nothing else", async () => {
  await using sandbox = await makeSandbox();
  const file = `${sandbox.root}/absent/plugin.log`;
  const answer = await sandbox.call(
    callFor("ADD", "c1", { netconf: sandbox.netconf({ log: { file } }) }),
  );
  assertEquals(answer.code, 0);
  assertEquals(answer.stdout, `${JSON.stringify(answer.json)}\n`);
  const [line = "", problem = ""] = answer.stderr.split("\n");
  assertEquals(JSON.parse(line).verb, "ADD");
  assertStringIncludes(problem, file);
});

Deno.test("a runtime that is gone before its answer is told in the log, without a stack trace", async () => {
  await using sandbox = await makeSandbox();
  const [program = "", ...args] = await pluginCommand(sandbox.root);
  const process = new Deno.Command(program, {
    args,
    env: {
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: "c1",
      CNI_NETNS: "/run/netns/blue",
      CNI_IFNAME: "eth0",
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await process.stdout.cancel();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(sandbox.netconf())));
  await writer.close();
  const stderr = await new Response(process.stderr).text();
  assertEquals([(await process.status).code, stderr], [1, ""]);
  const [line] = await sandbox.log();
  assertEquals([line.code, line.msg, line.containerID], [5, "Cannot write to stdout", "c1"]);
});

Deno.test("no secret reaches stdout, stderr or the log, not even when the netconf is broken", async () => {
  await using sandbox = await makeSandbox();
  const etcdConfig = {
    etcdURL: "http://127.0.0.1:1",
    etcdUsername: "ipam",
    etcdPassword: "hunter2-secret",
  };
  const good = sandbox.netconf({ etcdConfig });
  const text = JSON.stringify(good);
  const at = text.indexOf("hunter2-secret");
  const broken = [
    text.slice(0, at + 9),
    text.replace('"hunter2-secret"', "hunter2-secret"),
    text.replace('"hunter2-secret"', '["hunter2-secret"]'),
    text.replace("http://127.0.0.1:1", "http://ipam:hunter2-secret@127.0.0.1:1"),
  ];
  for (const netconf of [good, ...broken]) {
    const answer = await sandbox.call(callFor("ADD", "c1", { netconf }));
    assertEquals(answer.code, 1);
    assertNotMatch(answer.stdout + answer.stderr, /hunter2/);
  }
  assertNotMatch(await Deno.readTextFile(sandbox.logFile), /hunter2/);
});
