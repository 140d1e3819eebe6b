/**
 * Runs the calls that a node makes most, and keeps what V8 compiled for them.
 *
 * `deno run rehearse.ts FOLDER`, in which the files of certificates.ts are too: by the Deno whose V8 the executable has. The cache holds code only, nothing of
 * the addresses, files and answers here.
 *
 * @module
 */
import type { Io } from "../../lib/plugin/io.ts";
import { rehearsalGateway } from "./gateway.ts";
import { FILES, loadProgram, PEM_FILES, type Program } from "./load.ts";

const POD = { namespace: "rehearsal", name: "pod", uid: "0b4f7b0e-8f3c-4c60-9f4e-5b2f1d7f6f10" };

if (import.meta.main) await rehearse(Deno.args[0] ?? "");

async function rehearse(folder: string): Promise<void> {
  const { program, script } = loadProgram(folder);
  const root = await Deno.makeTempDir({ prefix: "kube-ipam-rehearsal-" });
  try {
    const tls = await readPair(folder);
    const gateway = rehearsalGateway();
    await using plain = serve(gateway);
    await using secure = serve(gateway, tls);
    await using api = serve(answerPod, tls);
    const kubeConfig = `${root}/kubeconfig`;
    await Deno.writeTextFile(kubeConfig, kubeconfig(`https://${hostOf(api)}`, folder));
    const etcdConfig = { etcdURL: `http://${hostOf(plain)}` };
    const overTls = {
      etcdURL: `https://${hostOf(secure)}`,
      etcdTrustedCAFile: `${folder}/${PEM_FILES.ca}`,
      etcdCertFile: `${folder}/${PEM_FILES.cert}`,
      etcdKeyFile: `${folder}/${PEM_FILES.key}`,
    };
    const pods = { kubeConfig, annotations: "on", rangeEnd: "10.1.0.99" };
    await program.processIo().stdin(AbortSignal.timeout(1_000));
    for (
      const ipam of [{ datastore: "sqlite" }, { etcdConfig }, { etcdConfig: overTls, ...pods }]
    ) {
      await callAll(program, { root, ipam });
    }
    await fill(program, { root, ipam: { etcdConfig, rangeEnd: "10.1.0.129" } });
    await Deno.writeFile(`${folder}/${FILES.cache}`, script.createCachedData());
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

interface Rehearsed {
  readonly root: string;
  readonly ipam: Readonly<Record<string, unknown>>;
}

/** The first ADD of a node writes more than those after it. */
async function callAll(program: Program, options: Rehearsed): Promise<void> {
  for (const containerId of ["first", "second"]) {
    for (const command of ["ADD", "DEL"]) await call(program, { ...options, command, containerId });
  }
}

/** Takes a pool to its last address, which has to be searched for. */
async function fill(program: Program, options: Rehearsed): Promise<void> {
  for (let n = 0; n < 128; n++) {
    await call(program, { ...options, command: "ADD", containerId: `full-${n}` });
  }
}

async function call(
  program: Program,
  options: Rehearsed & { readonly command: string; readonly containerId: string },
): Promise<void> {
  const { root, ipam, command, containerId } = options;
  let stdout = "";
  const code = await program.main({
    ...program.processIo(),
    env: variables({ command, containerId, isPod: "kubeConfig" in ipam }),
    stdin: () => Promise.resolve(netconf(root, ipam)),
    stdout: (text) => stdout += text,
  });
  if (code !== 0) throw new Error(`Cannot rehearse ${command}: ${stdout}`);
}

function variables(
  call: { readonly command: string; readonly containerId: string; readonly isPod: boolean },
): Io["env"] {
  const { command, containerId, isPod } = call;
  const pod =
    `IgnoreUnknown=1;K8S_POD_NAMESPACE=${POD.namespace};K8S_POD_NAME=${POD.name};K8S_POD_UID=${POD.uid}`;
  const values = new Map([
    ["CNI_COMMAND", command],
    ["CNI_CONTAINERID", containerId],
    ["CNI_NETNS", "/var/run/netns/rehearsal"],
    ["CNI_IFNAME", "eth0"],
    ["CNI_ARGS", isPod ? pod : ""],
  ]);
  return (name) => values.get(name);
}

function netconf(root: string, ipam: Readonly<Record<string, unknown>>): string {
  const subnet = "10.1.0.0/24";
  const log = { file: `${root}/log` };
  const folders = { dataDir: `${root}/data`, runDir: `${root}/run`, log };
  return JSON.stringify({
    cniVersion: "1.0.0",
    name: "rehearsal",
    type: "bridge",
    ipam: { type: "kube-ipam", subnet, annotations: "off", ...folders, ...ipam },
  });
}

function kubeconfig(server: string, folder: string): string {
  const name = "rehearsal";
  const ca = `${folder}/${PEM_FILES.ca}`;
  return JSON.stringify({
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": name,
    "contexts": [{ name, context: { cluster: name, user: name } }],
    "clusters": [{ name, cluster: { server, "certificate-authority": ca } }],
    "users": [{ name, user: { token: name } }],
  });
}

function answerPod(): Response {
  const annotations = { "kube-ipam.ip": "10.1.0.200" };
  return Response.json({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...POD, annotations },
    spec: { containers: [] },
    status: { phase: "Pending" },
  });
}

async function readPair(folder: string): Promise<{ readonly cert: string; readonly key: string }> {
  return {
    cert: await Deno.readTextFile(`${folder}/${PEM_FILES.cert}`),
    key: await Deno.readTextFile(`${folder}/${PEM_FILES.key}`),
  };
}

function serve(
  handler: (request: Request) => Response | Promise<Response>,
  tls?: { readonly cert: string; readonly key: string },
): Deno.HttpServer {
  const place = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  return tls === undefined ? Deno.serve(place, handler) : Deno.serve({ ...place, ...tls }, handler);
}

function hostOf({ addr }: Deno.HttpServer): string {
  return "port" in addr ? `127.0.0.1:${addr.port}` : "";
}
