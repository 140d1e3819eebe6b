/**
 * The environment of a call: which variables each verb needs, and which values they may have.
 *
 * @see https://www.cni.dev/docs/spec/#parameters
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  assertRefused,
  assertResult,
  assertSilent,
  callFor,
  entriesIn,
} from "../support/answers.ts";
import { makeSandbox, type PluginCall } from "../support/plugin.ts";

const VARIABLES = {
  CNI_CONTAINERID: { containerId: undefined },
  CNI_NETNS: { netns: undefined },
  CNI_IFNAME: { ifName: undefined },
} as const;

const NEEDED = {
  ADD: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"],
  CHECK: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"],
  DEL: ["CNI_CONTAINERID", "CNI_IFNAME"],
} as const;

for (const [command, names] of Object.entries(NEEDED)) {
  Deno.test(`${command} without a variable it needs is refused with 4; all that are missing are named`, async () => {
    await using sandbox = await makeSandbox();
    const netconf = sandbox.netconf({}, { cniVersion: "1.1.0" });
    const last = names[names.length - 1] ?? "CNI_IFNAME";
    const call = { ...callFor(command, "c1", { netconf }), ...VARIABLES[last] };
    assertStringIncludes(assertRefused(await sandbox.call(call), 4).msg, last);
    const { msg } = assertRefused(await sandbox.call({ command, netconf }), 4);
    for (const name of names) assertStringIncludes(msg, name);
  });
}

Deno.test("GC, STATUS and VERSION need CNI_COMMAND only", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({}, { cniVersion: "1.1.0", "cni.dev/valid-attachments": [] });
  assertSilent(await sandbox.call({ command: "GC", netconf }));
  assertSilent(await sandbox.call({ command: "STATUS", netconf }));
  assertResult(await sandbox.call({ command: "VERSION", netconf }));
});

Deno.test("an unknown CNI_COMMAND is refused with 4", async () => {
  await using sandbox = await makeSandbox();
  const call = callFor("add", "c1", { netconf: sandbox.netconf() });
  const { msg, details } = assertRefused(await sandbox.call(call), 4);
  assertStringIncludes(msg, "CNI_COMMAND");
  assertStringIncludes(details, '"add"');
});

Deno.test("without CNI_COMMAND a person is told what this is, and which versions it serves", async () => {
  await using sandbox = await makeSandbox();
  const { code, stdout, stderr } = await sandbox.call({ netconf: "" });
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  for (const word of ["CNI IPAM plugin", "0.1.0", "1.1.0"]) assertStringIncludes(stdout, word);
});

const WRONG: readonly (readonly [string, Partial<PluginCall>])[] = [
  ["CNI_CONTAINERID", { containerId: "a/b" }],
  ["CNI_IFNAME", { ifName: "sixteen-bytes-if" }],
  ["CNI_IFNAME", { ifName: ".." }],
  ["CNI_ARGS", { args: "IP=10.1.0.9=x" }],
  ["CNI_ARGS", { args: "COLOUR=red" }],
];

Deno.test("ADD refuses IDs, names and CNI_ARGS that cannot be, with 4 and the name of the variable", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf();
  await Promise.all(WRONG.map(async ([name, change]) => {
    const call = { ...callFor("ADD", "c1", { netconf }), ...change };
    assertStringIncludes(assertRefused(await sandbox.call(call), 4).msg, name);
  }));
  const allowed = {
    containerId: "0c_1.x-Y",
    ifName: "fifteen-bytes-i",
    args: "COLOUR=red;IgnoreUnknown=true",
  };
  assertResult(await sandbox.call({ ...callFor("ADD", "c1", { netconf }), ...allowed }));
  assertEquals(
    (await entriesIn(sandbox)).filter(({ key }) => key.includes("/attachments/")).length,
    1,
  );
});

Deno.test("ADD takes what Kubernetes sends, and keeps the pod in its records", async () => {
  await using sandbox = await makeSandbox();
  const args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0;" +
    "K8S_POD_INFRA_CONTAINER_ID=c1;K8S_POD_UID=0a-1b";
  const netconf = sandbox.netconf({ datastore: "sqlite" });
  assertResult(await sandbox.call(callFor("ADD", "c1", { netconf, args })));
  const entries = await entriesIn(sandbox);
  const record = entries.find(({ key }) => key.includes("/attachments/"));
  assertEquals(JSON.parse(record?.value ?? "").pod, {
    namespace: "shop",
    name: "web-0",
    uid: "0a-1b",
  });
  const pods = entries.filter(({ key }) => key.includes("/pods/")).map(({ key }) => key);
  assertEquals(pods, ["/kube-ipam/v1/default/pods/default/0a-1b/testnet/eth0"]);
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf, args })));
});

Deno.test("ADD for Kubernetes is refused with 7 without a datastore, and without a kubeconfig", async () => {
  await using sandbox = await makeSandbox();
  const args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0";
  const none = callFor("ADD", "c1", { netconf: sandbox.netconf(), args });
  assertStringIncludes(assertRefused(await sandbox.call(none), 7).details, "no datastore");
  for (const annotations of [undefined, "on"]) {
    const kubeConfig = `${sandbox.root}/none.kubeconfig`;
    const netconf = sandbox.netconf({ datastore: "sqlite", annotations, kubeConfig });
    const { details } = assertRefused(
      await sandbox.call(callFor("ADD", "c1", { netconf, args })),
      7,
    );
    assertStringIncludes(details, kubeConfig);
    assertStringIncludes(details, 'annotations: "off"');
  }
});

Deno.test("ADD for podman, which sends a name only, needs neither", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ annotations: undefined });
  const args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=;K8S_POD_NAME=web;K8S_POD_UID=";
  assertResult(await sandbox.call(callFor("ADD", "c1", { netconf, args })));
});
