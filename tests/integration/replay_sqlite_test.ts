/**
 * Releases that are owed to a SQLite database: what `replay` and the calls make of them.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runPlugin } from "../../lib/plugin/main.ts";
import { formatPending } from "../../lib/plugin/pending/entry.ts";
import { listPending, type PendingPlace, writePending } from "../../lib/plugin/pending/files.ts";
import { addressFor, assertSilent, callFor, keysIn } from "../support/answers.ts";
import { makeSandbox, type Sandbox } from "../support/plugin.ts";
import { run } from "./_owing.ts";

function placeOf({ dataDir }: Sandbox): PendingPlace {
  return { dataDir, space: "default", network: "testnet" };
}

/** Writes down that a release is owed, as a DEL does while another process keeps the database locked. */
function owe(sandbox: Sandbox, containerId: string, since = Date.now()): void {
  const name = { network: "testnet", containerId, ifName: "eth0" };
  const text = formatPending({
    space: "default",
    name,
    since,
    node: { cluster: "default", node: Deno.hostname() },
    cooldownMs: 0,
    datastore: { kind: "sqlite" },
  });
  writePending(placeOf(sandbox), { attachment: name, since, text });
}

async function confOf(sandbox: Sandbox): Promise<string> {
  const path = `${sandbox.root}/net.conf`;
  await Deno.writeTextFile(path, JSON.stringify(sandbox.netconf()));
  return path;
}

async function holdsIn(sandbox: Sandbox, id: string): Promise<boolean> {
  return (await keysIn(sandbox, "attachments")).some((key) => key.includes(`/${id}/`));
}

Deno.test("replay releases in the database of the directory that owes, whatever configuration comes first", async () => {
  await using one = await makeSandbox();
  await using two = await makeSandbox();
  await addressFor(one, "c1", { netconf: one.netconf() });
  for (const confs of [[one, two], [one]]) {
    await addressFor(two, "c1", { netconf: two.netconf() });
    owe(two, "c1");
    const flags: string[] = [];
    for (const sandbox of confs) flags.push("--conf", await confOf(sandbox));
    if (confs.length === 1) flags.push("--data-dir", two.dataDir);
    const { code, out } = await run("replay", ...flags);
    assertEquals(code, 0);
    assertStringIncludes(out, "released");
    assertEquals([await holdsIn(two, "c1"), listPending(placeOf(two))], [false, []]);
  }
  assert(await holdsIn(one, "c1"), "nothing of the other directory was released");
});

Deno.test("replay makes no database where it is missing: all is owed still", async () => {
  await using sandbox = await makeSandbox();
  await addressFor(sandbox, "c1", { netconf: sandbox.netconf() });
  owe(sandbox, "c1");
  const file = `${sandbox.dataDir}/allocations.db`;
  for (const suffix of ["", "-wal", "-shm"]) {
    await Deno.rename(file + suffix, `${file}${suffix}.away`).catch(() => {});
  }
  const { code, err } = await run("replay", "--data-dir", sandbox.dataDir);
  assertEquals(code, 1);
  assertStringIncludes(err, `Cannot find the database ${file}`);
  assertEquals(listPending(placeOf(sandbox)).length, 1);
  const names = Array.from(Deno.readDirSync(sandbox.dataDir), ({ name }) => name);
  assertEquals(names.filter((name) => name === "allocations.db"), []);
});

Deno.test("GC makes up for all that is owed, another call for some of it", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({}, { cniVersion: "1.1.0" });
  await addressFor(sandbox, "c0", { netconf });
  const moment = Date.now();
  for (let index = 1; index <= 100; index++) owe(sandbox, `gone${index}`, moment + index);
  assertSilent(await sandbox.call({ command: "STATUS", netconf }));
  const left = listPending(placeOf(sandbox)).length;
  assert(left < 100 && left > 0, `${left} are left`);
  const valid = [{ containerID: "c0", ifname: "eth0" }];
  const collect = { ...netconf, "cni.dev/valid-attachments": valid };
  assertSilent(await sandbox.call({ command: "GC", netconf: collect }));
  assertEquals(listPending(placeOf(sandbox)), []);
});

Deno.test("DEL succeeds where nobody can tell what is owed, and warns", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf();
  await addressFor(sandbox, "c1", { netconf });
  await Deno.mkdir(`${sandbox.dataDir}/pending/default`, { recursive: true });
  await Deno.symlink("testnet", `${sandbox.dataDir}/pending/default/testnet`);
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf })));
  const line = (await sandbox.log()).at(-1);
  assertEquals([line.level, line.outcome], ["warn", "released"]);
  assertStringIncludes(line.warnings.join(), "Cannot tell whether a release is owed");
});

/** Calls the plugin in this process, with a clock and a look at the moment of its answer. */
async function callWith(
  sandbox: Sandbox,
  options: {
    readonly command: string;
    readonly id: string;
    readonly netconf: unknown;
    readonly now: () => number;
    readonly onAnswer: () => void;
  },
): Promise<number> {
  const { command, id, netconf, now, onAnswer } = options;
  const variables: Readonly<Record<string, string>> = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: id,
    CNI_IFNAME: "eth0",
    CNI_NETNS: `${sandbox.root}/netns`,
  };
  return await runPlugin({
    env: (name) => variables[name],
    stdin: () => Promise.resolve(JSON.stringify(netconf)),
    stdout: onAnswer,
    stderr: () => {},
    now,
    random: () => 0n,
  });
}

Deno.test("a deferred DEL is of the moment at which it was called, not at which it gave up", async () => {
  await using sandbox = await makeSandbox();
  using closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = closed.addr;
  closed.close();
  const netconf = sandbox.netconf({ etcdConfig: { etcdURL: `http://127.0.0.1:${port}` } });
  let clock = 1_000_000;
  const now = (): number => clock += 1_000;
  const onAnswer = (): void => {};
  assertEquals(await callWith(sandbox, { command: "DEL", id: "c1", netconf, now, onAnswer }), 0);
  assertEquals(listPending(placeOf(sandbox)).map(({ since }) => since), [1_001_000]);
});

Deno.test("a call answers before it makes up for what is owed", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf();
  await addressFor(sandbox, "c1", { netconf });
  owe(sandbox, "c1");
  let owedThen = -1;
  const onAnswer = (): void => {
    owedThen = listPending(placeOf(sandbox)).length;
  };
  const code = await callWith(sandbox, {
    command: "ADD",
    id: "c2",
    netconf,
    now: Date.now,
    onAnswer,
  });
  assertEquals([code, owedThen, listPending(placeOf(sandbox)).length], [0, 1, 0]);
});
