/** `reconcile` as a process on a host without Kubernetes: podman's containers after a boot. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openSqlite } from "../../lib/datastore/sqlite.ts";
import { addressFor, callFor } from "../support/answers.ts";
import { addressStates, checkInvariants } from "../support/invariants.ts";
import {
  callPlugin,
  makeSandbox,
  type PluginAnswer,
  pluginCommand,
  type Sandbox,
} from "../support/plugin.ts";

const OLD = "4f0c9a77b1de4f0c9a77b1de4f0c9a77b1de4f0c9a77b1de4f0c9a77b1de0001";
const KEPT = "5f0c9a77b1de4f0c9a77b1de4f0c9a77b1de4f0c9a77b1de4f0c9a77b1de0002";

async function run(
  sandbox: Sandbox,
  words: readonly string[],
  stdin: unknown = "",
): Promise<PluginAnswer> {
  const conf = `${sandbox.root}/10-net.conf`;
  // As config-samples/podman.conflist: nothing says that annotations do not count.
  const netconf = sandbox.netconf({
    datastore: "sqlite",
    annotations: undefined,
    cooldown: "0s",
  });
  await Deno.writeTextFile(conf, JSON.stringify(netconf));
  const { root } = sandbox;
  const command = [...await pluginCommand(root), "reconcile", "--conf", conf, ...words];
  return await callPlugin({ netconf: stdin }, { root, words: command });
}

async function add(sandbox: Sandbox, containerId: string): Promise<string> {
  const netconf = sandbox.netconf({ datastore: "sqlite", cooldown: "0s" });
  return (await addressFor(sandbox, containerId, { netconf })).replace(/\/.*/, "");
}

async function states(sandbox: Sandbox): Promise<Readonly<Record<string, string>>> {
  await using store = openSqlite(sandbox.dataDir);
  await checkInvariants(store);
  return await addressStates(store);
}

Deno.test("after a boot the containers that did not come back are freed", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ datastore: "sqlite", cooldown: "0s" });
  const old = await add(sandbox, OLD);
  const running = await add(sandbox, KEPT);
  const words = ["--grace", "0", "--json"];
  assertEquals((await run(sandbox, words)).json.freed, [], "this boot proves nothing");

  await Deno.remove(sandbox.runDir, { recursive: true }); // as a boot does
  const first = await run(sandbox, words);
  assertEquals([first.code, first.json.freed], [0, []]);
  assertEquals(first.json.kept.map(({ kind }: { readonly kind: string }) => kind), [
    "booted",
    "booted",
  ]);
  assertMatch(first.stderr, /No pod is judged: Cannot read the kubeconfig/);

  const back = await add(sandbox, "back");
  const second = await run(sandbox, ["--grace", "0", "--running", "-", "--json"], `${KEPT}\n`);
  assertEquals(second.code, 0, second.stderr);
  const told = [...second.json.freed, ...second.json.kept];
  assertEquals(
    told.map(({ kind, ip, containerID, node }) => [kind, ip, containerID, node === undefined]),
    [["rebooted", old, OLD, false], ["running", running, KEPT, false]],
  );
  assertEquals(await states(sandbox), { [running]: "held", [back]: "held" });

  const third = await run(sandbox, ["--grace", "0"]);
  assertMatch(third.stdout, new RegExp(`kept +${running} +testnet .* booted: .*--running`));
  const last = await run(sandbox, ["--grace", "0", "--running", "-"], "another\n");
  assertMatch(last.stdout, new RegExp(`freed +${running} +testnet .* rebooted: node `));
  assertEquals(await states(sandbox), { [back]: "held" });
  await sandbox.call(callFor("DEL", "back", { netconf }));
});

Deno.test("an id of another run directory frees nothing that may run", async () => {
  await using sandbox = await makeSandbox();
  const { root } = sandbox;
  const runDir = `${root}/run-of-its-own`;
  const netconf = sandbox.netconf({ datastore: "sqlite", cooldown: "0s", runDir });
  const own = (await addressFor(sandbox, OLD, { netconf })).replace(/\/.*/, "");
  const other = await add(sandbox, KEPT);
  for (let time = 0; time < 2; time++) {
    assertEquals((await run(sandbox, ["--grace", "0", "--json"])).json.freed, []);
  }
  // Emptied by hand: the next call makes a new id.
  await Deno.remove(sandbox.runDir, { recursive: true });
  for (let time = 0; time < 2; time++) {
    assertEquals((await run(sandbox, ["--grace", "0", "--json"])).json.freed, []);
  }
  assertEquals(await states(sandbox), { [own]: "held", [other]: "held" });
});

Deno.test("a run directory that calls could not write proves no boot", async () => {
  await using sandbox = await makeSandbox();
  const ip = await add(sandbox, OLD);
  // Once in the data directory, where it outlives boots.
  await Deno.mkdir(`${sandbox.dataDir}/run`);
  await Deno.rename(`${sandbox.runDir}/boot`, `${sandbox.dataDir}/run/boot`);
  for (let time = 0; time < 2; time++) {
    const { code, json } = await run(sandbox, ["--grace=0", "--running=-", "--json"], "none\n");
    assertEquals([code, json.freed], [0, []]);
  }
  // And where nobody can write one now.
  await Deno.remove(`${sandbox.dataDir}/run`, { recursive: true });
  await Deno.remove(sandbox.runDir, { recursive: true });
  await Deno.writeTextFile(sandbox.runDir, "no directory");
  assertEquals(
    (await run(sandbox, ["--grace=0", "--running=-", "--json"], "none\n")).json.freed,
    [],
  );
  assertEquals(await states(sandbox), { [ip]: "held" });
});

Deno.test("a grace keeps what is young, and a dry run keeps all", async () => {
  await using sandbox = await makeSandbox();
  const ip = await add(sandbox, OLD);
  await Deno.writeTextFile(`${sandbox.runDir}/boot`, "another-boot");
  assertEquals((await run(sandbox, ["--json"])).json.freed, []);
  const { json, stderr } = await run(
    sandbox,
    ["--grace=0", "--running=-", "--dry-run", "--json"],
    "none\n",
  );
  assertEquals(json.freed.map((item: { readonly ip: string }) => item.ip), [ip]);
  assertStringIncludes(stderr, "kube-ipam: 1 would be freed, 0 kept\n");
  assertEquals(await states(sandbox), { [ip]: "held" });
});

Deno.test("an empty list of containers is refused: podman ps may have failed", async () => {
  await using sandbox = await makeSandbox();
  const ip = await add(sandbox, OLD);
  await Deno.writeTextFile(`${sandbox.runDir}/boot`, "another-boot");
  for (const text of ["", "\n \n"]) {
    const { code, stdout, stderr } = await run(sandbox, ["--grace=0", "--running=-"], text);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(
      stderr,
      /^kube-ipam: Cannot tell what runs as --running is empty, .*"none" if nothing runs\n/,
    );
  }
  const file = `${sandbox.dataDir}/running`;
  await Deno.writeTextFile(file, "");
  assertEquals((await run(sandbox, ["--grace=0", "--running", file])).code, 2);
  assertEquals(await states(sandbox), { [ip]: "held" });
});

Deno.test("a list of containers where the program may not read is told clearly", async () => {
  await using sandbox = await makeSandbox();
  const file = await Deno.makeTempFile({ prefix: "kube-ipam-elsewhere-" });
  try {
    const { code, stdout, stderr } = await run(sandbox, ["--running", file]);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^kube-ipam: Cannot read the list of running containers: .*--running - </);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a host that is of a cluster must have its kubeconfig", async () => {
  await using sandbox = await makeSandbox();
  await add(sandbox, OLD);
  await Deno.writeTextFile(`${sandbox.dataDir}/cluster`, "cluster-uid");
  const { code, stderr } = await run(sandbox, []);
  assertEquals(code, 1);
  assertMatch(stderr, /Cannot use the Kubernetes API as it is configured: .*kubectl.kubeconfig/);
});
