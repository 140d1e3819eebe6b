/**
 * etcd and the Kubernetes API as a scenario needs them.
 *
 * @module
 */
import { isRecord } from "../lib/cni/values.ts";
import { startEtcd, type TestEtcd, type TestEtcdOptions } from "../tests/support/etcd.ts";
import { startKube, type TestKube } from "../tests/support/kube.ts";
import { parseYaml } from "../tests/support/yaml.ts";

/** etcd's own defaults: with the short ones of the tests, a machine under load elects a leader again and again. */
const CALM = { "heartbeat-interval": "100", "election-timeout": "1000" };

/**
 * Starts an etcd that stays calm under load.
 *
 * @param options How it is started.
 * @returns The server; dispose of it.
 */
export function startCalmEtcd(options: TestEtcdOptions = {}): Promise<TestEtcd> {
  return startEtcd({ ...options, flags: { ...CALM, ...options.flags } });
}

/**
 * The configuration that reaches an etcd; certificates are copied to where the plugin may read them.
 *
 * @param etcd The server.
 * @param options Other addresses of it, such as a proxy's; a folder that the plugin may read.
 * @returns `etcdConfig` of a netconf.
 */
export async function etcdConfigOf(
  etcd: TestEtcd,
  options: { readonly urls?: readonly string[]; readonly folder?: string } = {},
): Promise<Readonly<Record<string, string>>> {
  const { urls = etcd.endpoints, folder } = options;
  const { pki, client } = etcd;
  const etcdURL = urls.join(",");
  if (pki === undefined || client === undefined || folder === undefined) return { etcdURL };
  const files = {
    etcdTrustedCAFile: pki.caFile,
    etcdCertFile: client.certFile,
    etcdKeyFile: client.keyFile,
  };
  const copied = await Promise.all(
    Object.entries(files).map(async ([key, file]) => {
      const copy = `${folder}/${key}.pem`;
      await Deno.copyFile(file, copy);
      return [key, copy] as const;
    }),
  );
  return { etcdURL, ...Object.fromEntries(copied) };
}

/** A pod with a fixed address, and what a call for it needs. */
export interface BenchPod extends AsyncDisposable {
  readonly ip: string;
  /** `CNI_ARGS`. */
  readonly args: string;
  /** A kubeconfig with a token. */
  readonly byToken: string;
  /** A kubeconfig with a client certificate. */
  readonly byCertificate: string;
}

/** The user that a token of the plugin's service account names too. */
const ACCOUNT = "system:serviceaccount:kube-system:kube-ipam";
const IP = "10.188.255.7";

/**
 * Starts a Kubernetes API with one pod, whose annotation asks for a fixed address.
 *
 * @param etcd Where the API keeps its objects.
 * @param folder A folder that the plugin may read.
 * @returns The pod; dispose of it, and the API is gone too.
 */
export async function startPod(etcd: TestEtcd, folder: string): Promise<BenchPod> {
  await using undo = new globalThis.AsyncDisposableStack();
  const kube = undo.use(await startKube({ etcd }));
  const { namespace, name, uid } = await kube.createPod({
    annotations: { "kube-ipam.ip": IP },
  });
  const byToken = await kube.roleKubeconfig(folder, { fileName: "by-token.json" });
  const byCertificate = `${folder}/by-certificate.json`;
  const kubeconfig = parseYaml(await Deno.readTextFile(byToken))[0] ?? {};
  // JSON, as the recipe of the installer writes it: read without a YAML parser.
  await Deno.writeTextFile(byToken, JSON.stringify(kubeconfig));
  const user = await certificateUser(kube);
  const withUser = { ...kubeconfig, users: usersOf(kubeconfig).map((one) => ({ ...one, user })) };
  await Deno.writeTextFile(byCertificate, JSON.stringify(withUser));
  const stack = undo.move();
  return {
    ip: IP,
    args: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${name};K8S_POD_UID=${uid}`,
    byToken,
    byCertificate,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function usersOf(
  kubeconfig: Readonly<Record<string, unknown>>,
): readonly Record<string, unknown>[] {
  const users = kubeconfig["users"];
  return Array.isArray(users) ? users.filter(isRecord) : [];
}

async function certificateUser({ issue }: TestKube): Promise<Readonly<Record<string, string>>> {
  const { certFile, keyFile } = await issue({ name: ACCOUNT, usages: ["client"] });
  return {
    "client-certificate-data": btoa(await Deno.readTextFile(certFile)),
    "client-key-data": btoa(await Deno.readTextFile(keyFile)),
  };
}
