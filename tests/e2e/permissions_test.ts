/** What ADD and DEL ask of the sandbox, as Deno itself records it, is within the permission set. */
import { assert, assertEquals } from "@std/assert";
import { type PermissionSet, readPermissions } from "../../deploy/permissions.ts";
import { startEtcd } from "../support/etcd.ts";
import { startKube } from "../support/kube.ts";
import { testNeeding } from "../support/needs.ts";
import { callPlugin, makeSandbox, type Sandbox, sourceCommand } from "../support/plugin.ts";

/** One line of the record, granted or refused. */
interface Asked {
  readonly permission: string;
  readonly value: string;
}

function isAllowed(
  { permission, value }: Asked,
  { set, root }: { readonly set: PermissionSet; readonly root: string },
): boolean {
  const allowed = set[permission] ?? false;
  if (typeof allowed === "boolean") return allowed;
  const isPath = permission === "read" || permission === "write";
  if (!isPath) return allowed.includes(value);
  return [...allowed, root].some((path) => value === path || value.startsWith(`${path}/`));
}

async function checkVerbs(
  ipam: Readonly<Record<string, unknown>>,
  options: { readonly box?: Sandbox; readonly args?: string } = {},
): Promise<void> {
  const set = await readPermissions("plugin");
  await using made = options.box === undefined ? await makeSandbox() : undefined;
  const box = options.box ?? made;
  if (box === undefined) throw new Error("Cannot go on without a sandbox");
  const { root } = box;
  // Only "deno run" keeps the record, not a compiled program.
  const words = await sourceCommand(root);
  const netconf = box.netconf(ipam);
  const attachment = { containerId: "audited", ifName: "eth0", netns: "/run/netns/audited" };
  for (const command of ["ADD", "DEL"]) {
    const file = `${root}/audit-${command}`;
    const env = { DENO_AUDIT_PERMISSIONS: file };
    const call = { command, ...attachment, args: options.args, netconf };
    const answer = await callPlugin(call, { root, words, env });
    assertEquals(answer.code, 0, answer.stdout);
    const lines = (await Deno.readTextFile(file)).trim().split("\n");
    const asked: readonly Asked[] = lines.map((line) => JSON.parse(line));
    assert(asked.some(({ value }) => value === "CNI_COMMAND"), "the record holds something");
    assertEquals(asked.filter((one) => !isAllowed(one, { set, root })), []);
  }
}

Deno.test("ADD and DEL on SQLite ask for nothing but the permission set", () => checkVerbs({}));

testNeeding(["etcd"], "ADD and DEL on etcd ask for nothing but the permission set", async () => {
  await using etcd = await startEtcd();
  await checkVerbs({ etcdConfig: { etcdURL: etcd.endpoints.join(",") } });
});

testNeeding(
  ["etcd", "kube-apiserver", "openssl"],
  "ADD and DEL for a fixed pod ask for nothing but the permission set",
  async () => {
    await using kube = await startKube();
    await using box = await makeSandbox();
    const kubeConfig = await kube.roleKubeconfig(box.root);
    const pod = await kube.createPod({ annotations: { "kube-ipam.ip": "10.1.0.200" } });
    await checkVerbs({
      etcdConfig: { etcdURL: kube.etcd.endpoints.join(",") },
      rangeEnd: "10.1.0.100",
      annotations: "on",
      kubeConfig,
    }, {
      box,
      args: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${pod.namespace};K8S_POD_NAME=${pod.name};` +
        `K8S_POD_UID=${pod.uid}`,
    });
  },
);
