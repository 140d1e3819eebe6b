/**
 * The process of a kube-apiserver for tests.
 *
 * @module
 */
import { findKubeApiserver } from "./assets.ts";
import type { TestEtcd } from "./etcd.ts";
import { makePki, openssl, type Pki } from "./pki.ts";

/** What {@linkcode startKubeServer} needs. */
export interface StartKubeServerOptions {
  /** Where it keeps its objects. */
  readonly etcd: TestEtcd;
  /** What its keys there begin with. */
  readonly etcdPrefix: string;
}

/** A kube-apiserver that can be stopped and started again. */
export interface KubeServer extends AsyncDisposable {
  readonly url: string;
  readonly caPem: string;
  readonly dir: string;
  readonly adminToken: string;
  /** Issues certificates; one that is good for clients is let in by its name. */
  readonly issue: Pki["issue"];
  /** For `fetch`: trusts its certificate. Another one after each start. */
  readonly http: Deno.HttpClient;
  stop(): Promise<void>;
  start(): Promise<void>;
}

const ATTEMPTS = 3;
/** Two seconds where nothing else runs, many more beside other tests. */
const READY_MS = 60_000;
/** An API is of little use before it has made these. */
const NAMESPACES = ["default", "kube-system"];

/**
 * Starts kube-apiserver with no more than an API for pods and roles needs.
 *
 * @param options Where it keeps its objects.
 * @returns The server; dispose of it.
 */
export async function startKubeServer(options: StartKubeServerOptions): Promise<KubeServer> {
  for (let attempt = 1;; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Another process may have taken the free port.
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function startOnce({ etcd, etcdPrefix }: StartKubeServerOptions): Promise<KubeServer> {
  const program = await findKubeApiserver();
  if (program === undefined) throw new Error("Cannot start kube-apiserver as it is not found");
  await using undo = new globalThis.AsyncDisposableStack();
  const { dir, caFile, issue } = undo.use(await makePki("kube-ipam test cluster"));
  const { certFile, keyFile } = await issue({ name: "kube-apiserver", usages: ["server"] });
  // Not RSA, which takes longer to make.
  await openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", `${dir}/sa.key`]);
  const adminToken = crypto.randomUUID();
  await Deno.writeTextFile(`${dir}/tokens.csv`, `${adminToken},admin,admin,system:masters\n`);
  const port = freePort();
  const url = `https://127.0.0.1:${port}`;
  const caPem = await Deno.readTextFile(caFile);
  const flags = {
    "etcd-servers": etcd.endpoints.join(","),
    "etcd-prefix": etcdPrefix,
    "bind-address": "127.0.0.1",
    "advertise-address": "127.0.0.1",
    "secure-port": String(port),
    "cert-dir": dir,
    "tls-cert-file": certFile,
    "tls-private-key-file": keyFile,
    "client-ca-file": caFile,
    "service-account-issuer": "https://kubernetes.default.svc",
    "service-account-key-file": `${dir}/sa.key`,
    "service-account-signing-key-file": `${dir}/sa.key`,
    "service-cluster-ip-range": "10.96.0.0/16",
    "token-auth-file": `${dir}/tokens.csv`,
    "authorization-mode": "RBAC",
    // It lets no pod in before a controller made the service account "default".
    "disable-admission-plugins": "ServiceAccount",
  };
  const args = Object.entries(flags).map(([key, value]) => `--${key}=${value}`);

  let process: Deno.ChildProcess | undefined;
  let http: Deno.HttpClient | undefined;
  const newClient = (): Deno.HttpClient => Deno.createHttpClient({ caCerts: [caPem] });
  const stop = async (): Promise<void> => {
    const ending = process;
    process = undefined;
    http?.close();
    http = undefined;
    try {
      ending?.kill("SIGKILL");
    } catch {
      // It had ended.
    }
    await ending?.status;
  };
  const start = async (): Promise<void> => {
    await stop();
    const client = http = newClient();
    process = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "piped" })
      .spawn();
    const said = lastLines(process.stderr);
    await becomeReady({ url, adminToken, http: client, ended: process.status, said });
  };
  undo.defer(stop);
  await start();
  const stack = undo.move();
  return {
    url,
    caPem,
    dir,
    adminToken,
    issue,
    get http() {
      return http ??= newClient();
    },
    stop,
    start,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A port that was free a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Reads to the end, as a full pipe would stop the writer. */
async function lastLines(stream: ReadableStream<Uint8Array>): Promise<string> {
  let last = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) last = (last + decoder.decode(bytes)).slice(-2_000);
  return last;
}

interface Starting {
  readonly url: string;
  readonly adminToken: string;
  readonly http: Deno.HttpClient;
  readonly ended: Promise<unknown>;
  readonly said: Promise<string>;
}

async function becomeReady({ ended, said, ...server }: Starting): Promise<void> {
  const deadline = Date.now() + READY_MS;
  let gone = false;
  const end = ended.then(() => gone = true);
  while (!await isReady(server)) {
    await Promise.race([end, delay(25)]);
    if (gone) throw new Error(`Cannot start kube-apiserver: it ended: ${await said}`);
    if (Date.now() > deadline) throw new Error("Cannot start kube-apiserver: not ready in time");
  }
}

async function isReady(
  { url, adminToken, http }: Omit<Starting, "ended" | "said">,
): Promise<boolean> {
  const headers = { authorization: `Bearer ${adminToken}` };
  const paths = ["/readyz", ...NAMESPACES.map((name) => `/api/v1/namespaces/${name}`)];
  try {
    for (const path of paths) {
      const response = await fetch(`${url}${path}`, { headers, client: http });
      await response.body?.cancel();
      if (!response.ok) return false;
    }
    return true;
  } catch {
    return false;
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
