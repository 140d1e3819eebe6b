import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { CniError } from "../../../lib/cni/errors.ts";
import { identifyNode, readNode, runDirOf } from "../../../lib/plugin/node.ts";

async function inFolder(
  fn: (config: Parameters<typeof readNode>[0]) => void | Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "kube-ipam-node-" });
  try {
    await fn({
      cluster: undefined,
      nodeName: undefined,
      dataDir: `${root}/data`,
      runDir: `${root}/run`,
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("readNode() of a fresh node has the host name and no id, and writes nothing", () =>
  inFolder((config) => {
    assertEquals(readNode(config), {
      cluster: "default",
      node: Deno.hostname(),
      nodeId: undefined,
    });
    assertThrows(() => Deno.statSync(config.dataDir), Deno.errors.NotFound);
  }));

Deno.test("readNode() takes the name that the installer wrote before that of the netconf", () =>
  inFolder((config) => {
    assertEquals(readNode({ ...config, nodeName: "b" }).node, "b");
    Deno.mkdirSync(config.dataDir);
    Deno.writeTextFileSync(`${config.dataDir}/node-name`, "a\n");
    assertEquals(readNode({ ...config, nodeName: "b" }).node, "a");
  }));

Deno.test("readNode() takes the cluster of the netconf before the one that the installer wrote", () =>
  inFolder((config) => {
    Deno.mkdirSync(config.dataDir);
    Deno.writeTextFileSync(`${config.dataDir}/cluster`, "uid-of-kube-system\n");
    assertEquals(readNode(config).cluster, "uid-of-kube-system");
    assertEquals(readNode({ ...config, cluster: "blue" }).cluster, "blue");
  }));

Deno.test("identifyNode() keeps its id, and its boot until the run directory is emptied", () =>
  inFolder((config) => {
    const first = identifyNode(config);
    assertMatch(first.nodeId, /^[0-9a-f]{16}$/);
    assertEquals(identifyNode(config), first);
    Deno.removeSync(config.runDir, { recursive: true });
    const rebooted = identifyNode(config);
    assertEquals(rebooted.nodeId, first.nodeId);
    assert(rebooted.boot !== first.boot);
  }));

Deno.test("identifyNode() leaves no file but its own", () =>
  inFolder((config) => {
    identifyNode(config);
    assertEquals([...Deno.readDirSync(config.dataDir)].map(({ name }) => name), ["node-id"]);
    assertEquals([...Deno.readDirSync(config.runDir)].map(({ name }) => name), ["boot"]);
  }));

Deno.test("identifyNode() refuses a data directory that it cannot write", () =>
  inFolder((config) => {
    Deno.writeTextFileSync(config.dataDir, "a file");
    const error = assertThrows(() => identifyNode(config), CniError);
    assertEquals(error.code, 5);
    assert(error.details?.includes(config.dataDir));
  }));

Deno.test("runDirOf() falls back to the data directory", () =>
  inFolder((config) => {
    Deno.writeTextFileSync(config.runDir, "a file, so that nothing can be made below it");
    const below = { ...config, runDir: `${config.runDir}/below` };
    assertEquals(runDirOf(below), `${config.dataDir}/run`);
  }));

Deno.test("readNode() refuses a cluster file that would not fit into a key", () =>
  inFolder((config) => {
    Deno.mkdirSync(config.dataDir);
    for (const text of ["a/b", "..", "a b", "\u00e9"]) {
      Deno.writeTextFileSync(`${config.dataDir}/cluster`, text);
      assertEquals(assertThrows(() => readNode(config), CniError).code, 7);
    }
  }));
