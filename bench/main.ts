/**
 * `deno task bench`: what a call costs beside an empty compiled program, in one run, interleaved.
 *
 * Compiles both with the same Deno (and DENO_TOOLCHAIN, as `deno task compile`). Needs etcd and kube-apiserver for their rows; without one they are left out. Absolute
 * times belong to this machine and moment; the ratios are what to compare.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { compile } from "../deploy/compile.ts";
import { startEtcd } from "../tests/support/etcd.ts";
import { findEtcd, findKubeApiserver } from "../tests/support/assets.ts";
import { startKube, type TestKube } from "../tests/support/kube.ts";
import { parseYaml } from "../tests/support/yaml.ts";
import { median, type Row, table } from "./table.ts";
import { timed } from "./timed.ts";

/** The binary may write below its data directory only. */
const PARENT = "/var/lib/cni/kube-ipam";
const HELP = `Usage: deno task bench [RUNS]

RUNS  how often each is run (default 30)`;

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main([text = "30", ...rest]: readonly string[]): Promise<number> {
  const runs = Number(text);
  if (!Number.isInteger(runs) || runs < 1 || rest.length > 0) {
    print(HELP);
    return 2;
  }
  await Deno.mkdir(PARENT, { recursive: true });
  const root = await Deno.makeTempDir({ dir: PARENT, prefix: "bench-" });
  try {
    print(await measure(root, runs));
    return 0;
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

async function measure(root: string, runs: number): Promise<string> {
  const empty = `${root}/empty`;
  const plugin = `${root}/kube-ipam`;
  await compile({ entry: fileURLToPath(new URL("empty.ts", import.meta.url)), output: empty });
  await compile({ output: plugin });
  await using etcd = await findEtcd() === undefined ? undefined : await startEtcd();
  const sqlite = netconf(root, { datastore: "sqlite" });
  const rows: Row[] = [
    { name: "empty program", samples: [], once: () => timed(empty, { env: {}, stdin: "" }) },
    ...verbs("SQLite", { plugin, conf: sqlite }),
  ];
  if (etcd !== undefined) {
    const conf = netconf(root, { etcdConfig: { etcdURL: etcd.endpoints.join(",") } });
    rows.push(...verbs("etcd", { plugin, conf }));
  }
  const hasKube = etcd !== undefined && await findKubeApiserver() !== undefined;
  await using kube = hasKube ? await startKube({ etcd }) : undefined;
  if (kube !== undefined) rows.push(...await fixedPod(kube, { plugin, root }));
  for (const row of rows) await row.once(-1); // warm: node id, boot, network record
  for (let run = 0; run < runs; run++) {
    for (const row of rows) row.samples.push(await row.once(run));
  }
  const base = median(rows[0]?.samples ?? []);
  return `${Deno.build.target}, ${runs} runs each, interleaved\n\n${table(rows, base)}`;
}

/** A pod with a fixed address: the same with a GET of the pod, over TLS with a token, the kubeconfig in JSON as the recipe writes it. */
async function fixedPod(
  kube: TestKube,
  { plugin, root }: { readonly plugin: string; readonly root: string },
): Promise<readonly Row[]> {
  const { namespace, name, uid } = await kube.createPod({
    annotations: { "kube-ipam.ip": "10.188.255.7" },
  });
  const kubeConfig = await kube.roleKubeconfig(root);
  const [value] = parseYaml(await Deno.readTextFile(kubeConfig));
  await Deno.writeTextFile(kubeConfig, JSON.stringify(value));
  const conf = netconf(root, {
    rangeEnd: "10.188.254.255",
    annotations: "on",
    kubeConfig,
    etcdConfig: { etcdURL: kube.etcd.endpoints.join(",") },
  });
  const args =
    `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${name};K8S_POD_UID=${uid}`;
  return verbs("etcd, fixed pod", { plugin, conf, args });
}

function verbs(
  name: string,
  options: { readonly plugin: string; readonly conf: string; readonly args?: string },
): readonly Row[] {
  const { plugin, conf, args = "" } = options;
  const call = (verb: string): Row["once"] => (run) =>
    timed(plugin, {
      env: {
        CNI_COMMAND: verb,
        CNI_CONTAINERID: `c${run + 1}`,
        CNI_IFNAME: "eth0",
        CNI_NETNS: "/var/run/netns/bench",
        CNI_ARGS: args,
      },
      stdin: conf,
    });
  return [
    { name: `ADD on ${name}`, samples: [], once: call("ADD") },
    { name: `DEL on ${name}`, samples: [], once: call("DEL") },
  ];
}

function netconf(root: string, datastore: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    cniVersion: "1.0.0",
    name: "bench",
    type: "bridge",
    ipam: {
      type: "kube-ipam",
      subnet: "10.188.0.0/16",
      annotations: "off",
      dataDir: `${root}/data`,
      runDir: `${root}/run`,
      log: { file: `${root}/plugin.log` },
      ...datastore,
    },
  });
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
