/**
 * Real etcd servers for tests: on free loopback ports, in a temporary folder, gone when disposed of.
 *
 * Everything is set up by etcd's own HTTP, so that only the server itself is needed. Long because one server has many
 * set-ups, and a test names them in one call.
 *
 * @module
 */
import type { EtcdConfig } from "../../lib/config/config.ts";
import { findEtcd } from "./assets.ts";
import { type KeyPair, makePki, openssl, type Pki } from "./pki.ts";

/** A user other than root, with a role for one prefix. */
export interface TestUser {
  readonly username: string;
  /** Without one the user is that of a client certificate. */
  readonly password?: string;
  /** What its role may read and write. Default `/kube-ipam/`. */
  readonly prefix?: string;
}

/** How etcd is started. */
export interface TestEtcdOptions {
  /**
   * - `none` (default): plain HTTP
   * - `server`: a server certificate
   * - `mutual`: client certificates are asked for
   * - `mutual-server-auth-only`: so, and etcd's own certificate is of no use as a client's: the gateway fails
   */
  readonly tls?: "none" | "server" | "mutual" | "mutual-server-auth-only";
  /** Authentication is on, with root and this user. */
  readonly auth?: TestUser;
  /** Tokens as signed by etcd, which end with every change of users. Default simple ones. */
  readonly jwt?: boolean;
  /** Started by `--config-file`, with which etcd 3.4 serves no gateway. */
  readonly configFile?: boolean;
  /** How many members. Default 1. */
  readonly members?: 1 | 3;
  /** When larger values are refused: `--quota-backend-bytes`. */
  readonly quotaBytes?: number;
  /** More flags, as `{"max-txn-ops": "64"}`. */
  readonly flags?: Readonly<Record<string, string>>;
  /** What the server certificate is like. */
  readonly server?: { readonly expired?: boolean; readonly altNames?: readonly string[] };
  /** Only waited for until it accepts connections: nobody may take its certificate. */
  readonly unchecked?: boolean;
}

/** A running etcd. */
export interface TestEtcd extends AsyncDisposable {
  readonly endpoints: readonly string[];
  /** The folder of its data: also good for a test's own files. */
  readonly dir: string;
  readonly pki: Pki | undefined;
  readonly client: KeyPair | undefined;
  /** The configuration that reaches it. */
  config(overrides?: Partial<EtcdConfig>): EtcdConfig;
  /** Asks the gateway, as root where authentication is on. */
  ask(path: string, body: unknown): Promise<Record<string, unknown>>;
  /** Ends one member, at once. */
  stop(member?: number): Promise<void>;
  /** Starts a stopped member with the data it had. */
  start(member?: number): Promise<void>;
  /** Sends a signal to a member that runs: SIGSTOP makes it pause, SIGCONT go on. */
  signal(signal: Deno.Signal, member?: number): void;
}

/** The password of root where authentication is on. */
export const ROOT_PASSWORD = "root-of-the-test";

const ATTEMPTS = 3;
const HEALTHY_MS = 20_000;

/**
 * Starts etcd and waits until it serves.
 *
 * @param options How it is started.
 * @returns The server; dispose of it.
 */
export async function startEtcd(options: TestEtcdOptions = {}): Promise<TestEtcd> {
  for (let attempt = 1;; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Another process may have taken one of the free ports.
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

interface Member {
  readonly name: string;
  readonly client: string;
  readonly peer: string;
  readonly args: readonly string[];
  process: Deno.ChildProcess | undefined;
}

async function startOnce(options: TestEtcdOptions): Promise<TestEtcd> {
  const { tls = "none", auth } = options;
  await using undo = new globalThis.AsyncDisposableStack();
  const dir = await Deno.makeTempDir({ prefix: "kube-ipam-etcd-" });
  undo.defer(() => Deno.remove(dir, { recursive: true }));
  const pki = tls === "none" ? undefined : undo.use(await makePki());
  const name = auth?.password === undefined ? auth?.username : undefined;
  const client = tls.startsWith("mutual")
    ? await pki?.issue({ name: name ?? "node", usages: ["client"] })
    : undefined;
  const http = pki === undefined ? undefined : undo.adopt(
    Deno.createHttpClient({
      caCerts: [await Deno.readTextFile(pki.caFile)],
      http2: false,
      ...(client === undefined ? {} : {
        cert: await Deno.readTextFile(client.certFile),
        key: await Deno.readTextFile(client.keyFile),
      }),
    }),
    (one) => one.close(),
  );
  const members = await makeMembers(dir, { ...options, pki });
  const program = await findEtcd();
  if (program === undefined) throw new Error("Cannot start etcd as it is not found");
  undo.defer(async () => {
    for (const member of members) await kill(member);
  });
  const run = (member: Member): void => {
    member.process = new Deno.Command(program, {
      args: [...member.args],
      stdin: "null",
      stdout: "null",
      stderr: "null",
      env: { ETCD_UNSUPPORTED_ARCH: Deno.build.arch === "aarch64" ? "arm64" : "" },
    }).spawn();
  };
  for (const member of members) run(member);
  const isReady: Ready = options.unchecked === true
    ? accepts
    : (url: string) => isHealthy(url, http);
  for (const member of members) await healthy(member, isReady);
  const endpoints = members.map(({ client }) => client);
  const ask = asker(endpoints, http);
  if (auth !== undefined) await enableAuth(auth, ask);
  const stack = undo.move();
  return {
    endpoints,
    dir,
    pki,
    client,
    config: (overrides = {}) => ({
      kind: "etcd",
      endpoints,
      transport: "auto",
      ...(pki === undefined ? {} : { caFile: pki.caFile }),
      ...client,
      ...(auth?.password === undefined ? {} : { username: auth.username, password: auth.password }),
      ...overrides,
    }),
    ask,
    stop: async (index = 0) => {
      const member = members[index];
      if (member !== undefined) await kill(member);
    },
    start: async (index = 0) => {
      const member = members[index];
      if (member === undefined) return;
      run(member);
      await healthy(member, isReady);
    },
    signal: (signal, index = 0) => members[index]?.process?.kill(signal),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function makeMembers(
  dir: string,
  options: TestEtcdOptions & { readonly pki: Pki | undefined },
): Promise<readonly Member[]> {
  const count = options.members ?? 1;
  const ports = freePorts(count * 2);
  const shared = await sharedFlags(dir, options);
  const scheme = options.pki === undefined ? "http" : "https";
  const names = Array.from({ length: count }, (_, index) => `m${index}`);
  const peers = names.map((_, index) => `http://127.0.0.1:${ports[count + index]}`);
  const cluster = names.map((name, index) => `${name}=${peers[index]}`).join(",");
  return await Promise.all(names.map(async (name, index) => {
    const client = `${scheme}://127.0.0.1:${ports[index]}`;
    const peer = peers[index] ?? "";
    const flags = {
      "name": name,
      "data-dir": `${dir}/${name}`,
      "listen-client-urls": client,
      "advertise-client-urls": client,
      "listen-peer-urls": peer,
      "initial-advertise-peer-urls": peer,
      "initial-cluster": cluster,
      ...shared,
    };
    const file = `${dir}/${name}.yaml`;
    if (options.configFile === true) await Deno.writeTextFile(file, yamlOf(flags));
    const args = options.configFile === true
      ? ["--config-file", file]
      : Object.entries(flags).map(([key, value]) => `--${key}=${value}`);
    return { name, client, peer, args, process: undefined };
  }));
}

async function sharedFlags(
  dir: string,
  options: TestEtcdOptions & { readonly pki: Pki | undefined },
): Promise<Record<string, string>> {
  const { tls = "none", pki, server = {}, quotaBytes, jwt = false, flags = {} } = options;
  const usages = tls === "mutual-server-auth-only" ? ["server" as const] : undefined;
  const pair = await pki?.issue({
    name: "etcd",
    ...server,
    ...(usages === undefined ? {} : { usages }),
  });
  return {
    "heartbeat-interval": "20",
    "election-timeout": "200",
    "logger": "zap",
    "log-level": "error",
    // Each test that authenticates would wait for it.
    "bcrypt-cost": "4",
    ...(pair === undefined ? {} : { "cert-file": pair.certFile, "key-file": pair.keyFile }),
    ...(tls.startsWith("mutual") && pki !== undefined
      ? { "client-cert-auth": "true", "trusted-ca-file": pki.caFile }
      : {}),
    ...(quotaBytes === undefined ? {} : { "quota-backend-bytes": String(quotaBytes) }),
    ...(jwt ? { "auth-token": await jwtFlag(dir) } : {}),
    ...flags,
  };
}

async function jwtFlag(dir: string): Promise<string> {
  await openssl(["genrsa", "-out", `${dir}/jwt.key`, "2048"]);
  await openssl(["rsa", "-in", `${dir}/jwt.key`, "-pubout", "-out", `${dir}/jwt.pub`]);
  return `jwt,pub-key=${dir}/jwt.pub,priv-key=${dir}/jwt.key,sign-method=RS256,ttl=10m`;
}

/** The configuration file has the certificates in a section of their own. */
function yamlOf(flags: Readonly<Record<string, string>>): string {
  const inSection = ["cert-file", "key-file", "client-cert-auth", "trusted-ca-file"];
  const line = ([key, value]: [string, string]): string =>
    `${key}: ${/^(\d+|true|false)$/.test(value) ? value : JSON.stringify(value)}\n`;
  const all = Object.entries(flags);
  const section = all.filter(([key]) => inSection.includes(key));
  const rest = all.filter(([key]) => !inSection.includes(key)).map(line).join("");
  if (section.length === 0) return rest;
  return `${rest}client-transport-security:\n${section.map((one) => `  ${line(one)}`).join("")}`;
}

/** Ports that were free a moment ago: all are held at once, so that they differ. */
function freePorts(count: number): readonly number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map(({ addr }) => addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}

type Ready = (url: string) => Promise<boolean>;

async function healthy(member: Member, isReady: Ready): Promise<void> {
  const ended = member.process?.status.then(() => true);
  const deadline = Date.now() + HEALTHY_MS;
  while (Date.now() < deadline) {
    if (await isReady(member.client)) return;
    const gone = await Promise.race([ended, delay(20).then(() => false)]);
    if (gone) throw new Error(`Cannot start etcd ${member.name}: it ended`);
  }
  throw new Error(`Cannot start etcd ${member.name}: it is not healthy in time`);
}

async function isHealthy(url: string, http: Deno.HttpClient | undefined): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health`, http === undefined ? {} : { client: http });
    return (await response.text()).includes("true");
  } catch {
    return false;
  }
}

async function accepts(url: string): Promise<boolean> {
  try {
    const { hostname, port } = new URL(url);
    (await Deno.connect({ hostname, port: Number(port) })).close();
    return true;
  } catch {
    return false;
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function kill(member: Member): Promise<void> {
  const { process } = member;
  member.process = undefined;
  try {
    process?.kill("SIGKILL");
  } catch {
    // It had ended.
  }
  await process?.status;
}

type Ask = TestEtcd["ask"];

function asker(endpoints: readonly string[], http: Deno.HttpClient | undefined): Ask {
  let token: string | undefined;
  const post = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(`${endpoints[0]}${path}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: token === undefined ? {} : { authorization: token },
      ...(http === undefined ? {} : { client: http }),
    });
    return { status: response.status, ...await response.json() };
  };
  return async (path, body) => {
    const first = await post(path, body);
    if (first["status"] === 200) return first;
    if (!/auth|user name|CommonName/.test(String(first["message"]))) throw refused(path, first);
    const answer = await post("/v3/auth/authenticate", { name: "root", password: ROOT_PASSWORD });
    token = String(answer["token"]);
    const second = await post(path, body);
    if (second["status"] !== 200) throw refused(path, second);
    return second;
  };
}

function refused(path: string, answer: Record<string, unknown>): Error {
  return new Error(`Cannot ask etcd ${path}: current answer is ${JSON.stringify(answer)}`);
}

async function enableAuth(user: TestUser, ask: Ask): Promise<void> {
  const { username, password, prefix = "/kube-ipam/" } = user;
  const end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
  // deno-lint-ignore camelcase -- the name is of etcd
  const perm = { permType: "READWRITE", key: btoa(prefix), range_end: btoa(end) };
  await ask("/v3/auth/user/add", { name: "root", password: ROOT_PASSWORD });
  await ask("/v3/auth/role/add", { name: "root" });
  await ask("/v3/auth/user/grant", { user: "root", role: "root" });
  await ask("/v3/auth/role/add", { name: "ipam" });
  await ask("/v3/auth/role/grant", { name: "ipam", perm });
  await ask("/v3/auth/user/add", {
    name: username,
    ...(password === undefined ? { options: { no_password: true } } : { password }),
  });
  await ask("/v3/auth/user/grant", { user: username, role: "ipam" });
  await ask("/v3/auth/enable", {});
}
