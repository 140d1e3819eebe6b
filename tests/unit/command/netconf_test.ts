import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { CniError } from "../../../lib/cni/errors.ts";
import { readConfig, readGivenConfig, selectNetconf } from "../../../lib/command/netconf.ts";
import { SAMPLE_KINDS, sampleNetconf } from "../../../lib/command/outputconf.ts";

const IPAM = { type: "kube-ipam", datastore: "sqlite" };

async function withFile(text: string, use: (path: string) => void | Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ prefix: "kube-ipam-", suffix: ".conf" });
  try {
    await Deno.writeTextFile(path, text);
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

function refused(path: string, details: string): void {
  const error = assertThrows(() => readConfig(path), CniError);
  assertStringIncludes(error.details ?? "", details);
  assertStringIncludes(error.details ?? "", path);
}

Deno.test("selectNetconf() takes the plugin whose ipam is kube-ipam, under the name of the list", () => {
  const list = {
    name: "net",
    cniVersion: "1.0.0",
    plugins: [
      "odd",
      { type: "portmap" },
      { type: "macvlan", ipam: { type: "host-local" } },
      { type: "bridge", name: "other", ipam: IPAM },
    ],
  };
  const netconf = { type: "bridge", name: "net", cniVersion: "1.0.0", ipam: IPAM };
  assertEquals(selectNetconf(list, "x"), netconf);
  assertEquals(selectNetconf(netconf, "x"), netconf);
  for (
    const file of [{}, { plugins: [] }, { plugins: {} }, { ipam: { type: "host-local" } }, {
      ...list,
      plugins: [{ type: "portmap" }],
    }]
  ) {
    const error = assertThrows(() => selectNetconf(file, "/etc/cni/x.conf"), CniError);
    assertEquals(error.code, 7);
    assertEquals(error.details, '/etc/cni/x.conf: no plugin has ipam.type "kube-ipam"');
  }
});

Deno.test("readConfig() reads every sample", async () => {
  for (const kind of SAMPLE_KINDS) {
    await withFile(sampleNetconf(kind), (path) => {
      const { datastore, network } = readConfig(path);
      assertEquals(datastore.kind, "etcd", kind);
      assertEquals(network, kind === "calico" ? "k8s-pod-network" : "k8snetwork", kind);
    });
  }
});

Deno.test("readConfig() needs no ranges, and warns of what is wrong with them", async () => {
  const ipam = { ...IPAM, addressSpace: "tenant", rangeStart: "10.0.0.300" };
  await withFile(JSON.stringify({ name: "net", cniVersion: "1.0.0", ipam }), (path) => {
    const { space, warnings } = readConfig(path);
    assertEquals(space, "tenant");
    assertEquals(warnings.length > 0, true);
  });
});

Deno.test("readConfig() names the file and what is wrong with it", async () => {
  refused("/tmp/kube-ipam-nowhere.conf", "there is no such file or directory");
  await withFile("\n", (path) => refused(path, "the file is empty"));
  await withFile('{"a": 1\n "b": 2}', (path) => refused(path, "line 1, column 8"));
  await withFile("[]", (path) => refused(path, "an array"));
  await withFile("{}", (path) => refused(path, "no plugin has"));
  await withFile(JSON.stringify({ name: "net", ipam: { ...IPAM, datastore: "etcd" } }), (path) => {
    assertThrows(() => readConfig(path), CniError, "network configuration");
  });
});

Deno.test('readGivenConfig() reads stdin for "-", and a file otherwise', async () => {
  const netconf = JSON.stringify({ name: "net", cniVersion: "1.0.0", ipam: IPAM });
  const io = { stdin: () => Promise.resolve(netconf) };
  assertEquals((await readGivenConfig("-", io)).network, "net");
  await withFile(netconf.replace("net", "other"), async (path) => {
    assertEquals((await readGivenConfig(path, io)).network, "other");
  });
  const empty = { stdin: () => Promise.resolve("") };
  const error = await assertRejects(() => readGivenConfig("-", empty), CniError);
  assertEquals(error.details, "stdin: the file is empty");
});
