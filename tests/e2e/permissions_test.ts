/**
 * What the verbs ask of the sandbox, as Deno itself records it, is what `--conf` bakes for the same
 * configuration: nothing outside it, and nothing in it that is not used.
 */
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { bake } from "../../deploy/baked.ts";
import { readNetworks } from "../../deploy/networks.ts";
import { permissionFlags, type PermissionSet, readPermissions } from "../../deploy/permissions.ts";
import type { Json } from "../support/answers.ts";
import { startEtcd } from "../support/etcd.ts";
import { goodFiles, install } from "../support/install.ts";
import { startKube } from "../support/kube.ts";
import { testNeeding } from "../support/needs.ts";
import { callPlugin, makeSandbox, type Sandbox } from "../support/plugin.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** One line of the record, granted or refused. */
interface Asked {
  readonly permission: string;
  readonly value: string;
}

/** In the base set for every network, and asked for by no verb. */
const UNUSED = ["env CNI_PATH"];

function covers(allowed: string, { permission, value }: Asked): boolean {
  const isPath = permission === "read" || permission === "write";
  return value === allowed || (isPath && value.startsWith(`${allowed}/`));
}

function listOf(set: PermissionSet, kind: string): readonly string[] {
  const allowed = set[kind] ?? [];
  if (typeof allowed === "boolean") throw new TypeError(`Cannot bake all of ${kind}`);
  return allowed;
}

/** `fetch` is recorded with its URL too: that says no more than its host and port. */
function isUrl({ permission, value }: Asked): boolean {
  return permission === "net" && value.includes("://");
}

async function readRecord(file: string): Promise<readonly Asked[]> {
  const lines = (await Deno.readTextFile(file)).trim().split("\n");
  return lines.map((line): Asked => JSON.parse(line)).filter((one) => !isUrl(one));
}

interface Verbs {
  readonly box: Sandbox;
  readonly args?: string;
}

/** Runs each verb with nothing but what is baked for its configuration, and compares. */
async function checkVerbs(ipam: Json, { box, args }: Verbs): Promise<void> {
  const { root, logFile } = box;
  const log = { file: logFile, level: "debug", maxSize: "1KB" };
  const netconf = box.netconf({ ...ipam, log }, { cniVersion: "1.1.0" });
  const conf = `${root}/net.conf`;
  await Deno.writeTextFile(conf, JSON.stringify(netconf));
  const { networks } = await readNetworks([conf]);
  const base = await readPermissions("plugin");
  const set = bake(networks, base);
  // Only "deno run" keeps the record, not a compiled program.
  const flags = ["--quiet", "--no-prompt", "--no-check", `--config=${CONFIG}`];
  const words = [Deno.execPath(), "run", ...flags, ...permissionFlags(set), CLI];
  const attachment = { containerId: "audited", ifName: "eth0", netns: "/run/netns/audited" };
  const asked: Asked[] = [];
  const call = async (command: string, more: Json = {}): Promise<Json> => {
    const file = `${root}/audit-${command}`;
    const env = { DENO_AUDIT_PERMISSIONS: file };
    const isOfPod = !["STATUS", "GC"].includes(command);
    const answer = await callPlugin({
      command,
      ...(isOfPod ? { ...attachment, args } : {}),
      netconf: { ...netconf, ...more },
    }, { root, words, env });
    assertEquals([answer.code, answer.stderr], [0, ""], answer.stdout);
    asked.push(...await readRecord(file));
    return answer.json;
  };
  await Deno.writeTextFile(logFile, "x".repeat(2000)); // so that the next call renames it
  const prevResult = await call("ADD");
  await call("CHECK", { prevResult });
  await call("STATUS");
  await call("GC", { "cni.dev/valid-attachments": [] });
  await call("DEL");
  assert(await Deno.stat(`${logFile}.1`), "the log was renamed");
  const outside = asked.filter((one) =>
    !listOf(set, one.permission).some((allowed) => covers(allowed, one))
  );
  assertEquals(outside, []);
  const isByDefault = (one: Asked): boolean =>
    base[one.permission] === true || covers(root, one) ||
    listOf(base, one.permission).some((allowed) => covers(allowed, one));
  assertEquals(asked.filter((one) => !isByDefault(one)), [], "but for the folder of this test");
  const unused = Object.keys(set).flatMap((kind) =>
    listOf(set, kind)
      .filter((allowed) => !asked.some((one) => one.permission === kind && covers(allowed, one)))
      .map((allowed) => `${kind} ${allowed}`)
  );
  assertEquals(unused, UNUSED);
}

Deno.test("on SQLite the verbs ask for what is baked, no more and no less", async () => {
  await using box = await makeSandbox();
  await checkVerbs({ datastore: "sqlite" }, { box });
});

testNeeding(
  ["etcd"],
  "on etcd the verbs ask for what is baked, no more and no less",
  async () => {
    await using etcd = await startEtcd();
    await using box = await makeSandbox();
    const resolvConf = `${box.root}/resolv.conf`;
    await Deno.writeTextFile(resolvConf, "nameserver 192.0.2.53\n");
    const etcdConfig = { etcdURL: etcd.endpoints.join(",") };
    await checkVerbs({ etcdConfig, resolvConf, nodeName: "node-a" }, { box });
  },
);

testNeeding(
  ["etcd", "openssl"],
  "with a user and a password file the verbs ask for what is baked, no more and no less",
  async () => {
    const user = { username: "ipam", password: "pass word" };
    await using etcd = await startEtcd({ tls: "server", auth: user });
    await using box = await makeSandbox();
    const etcdPasswordFile = `${box.root}/password`;
    await Deno.writeTextFile(etcdPasswordFile, user.password);
    const files = await install(box.root, { etcdTrustedCAFile: etcd.pki?.caFile });
    const etcdURL = etcd.endpoints.join(",");
    await checkVerbs({
      etcdConfig: { etcdURL, ...files, etcdUsername: user.username, etcdPasswordFile },
    }, { box });
  },
);

testNeeding(
  ["etcd", "kube-apiserver", "openssl"],
  "for a fixed pod, over mutual TLS, the verbs ask for what is baked, no more and no less",
  async () => {
    await using etcd = await startEtcd({ tls: "mutual" });
    await using kube = await startKube();
    await using box = await makeSandbox();
    const { root } = box;
    const pod = await kube.createPod({ annotations: { "kube-ipam.ip": "10.1.0.200" } });
    await checkVerbs({
      etcdConfig: { etcdURL: etcd.endpoints.join(","), ...await install(root, goodFiles(etcd)) },
      rangeEnd: "10.1.0.100",
      annotations: "on",
      kubeConfig: await withFiles(await kube.roleKubeconfig(root), root),
    }, {
      box,
      args: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${pod.namespace};K8S_POD_NAME=${pod.name};` +
        `K8S_POD_UID=${pod.uid}`,
    });
  },
);

/** Moves what a kubeconfig holds to files beside it. */
async function withFiles(kubeConfig: string, folder: string): Promise<string> {
  const text = await Deno.readTextFile(kubeConfig);
  const [, ca = ""] = /certificate-authority-data: (\S+)/.exec(text) ?? [];
  const [, token = ""] = /token: (\S+)/.exec(text) ?? [];
  await Deno.writeTextFile(`${folder}/kube-ca.pem`, atob(ca));
  await Deno.writeTextFile(`${folder}/token`, token);
  await Deno.writeTextFile(
    kubeConfig,
    text.replace(`certificate-authority-data: ${ca}`, "certificate-authority: kube-ca.pem")
      .replace(`token: ${token}`, `tokenFile: ${folder}/token`),
  );
  return kubeConfig;
}
