/**
 * Runs the plugin as a container runtime does: a process with CNI_* variables, a netconf on stdin.
 *
 * With KUBE_IPAM_BINARY set it is the compiled binary, whose directories are baked in; otherwise
 * `deno run cli.ts` with the permission set of `deno.json` and the sandbox's own directory. With
 * KUBE_IPAM_BUNDLE set it is the bundle in that folder instead, which starts faster: hundreds of tests
 * start it. With KUBE_IPAM_IN_PROCESS=1 its main function is called instead, in the process of the
 * test: the same answers without the sandbox, for the quick check before a commit.
 *
 * @module
 */
import { fileURLToPath as fromFileUrl } from "node:url";
import { runPlugin } from "../../lib/plugin/main.ts";
import { randomBelow } from "../../lib/plugin/random.ts";

/** The compiled binary under test, if one is. */
export const BINARY: string | undefined = Deno.env.get("KUBE_IPAM_BINARY") || undefined;

const IN_PROCESS = BINARY === undefined && Deno.env.get("KUBE_IPAM_IN_PROCESS") === "1";
const BUNDLE: string | undefined = Deno.env.get("KUBE_IPAM_BUNDLE") || undefined;

/** One execution of the plugin. */
export interface PluginCall {
  readonly command?: string | undefined;
  readonly containerId?: string | undefined;
  readonly ifName?: string | undefined;
  readonly netns?: string | undefined;
  readonly args?: string | undefined;
  /** A text is passed as it is. */
  readonly netconf: unknown;
}

/** What came back. */
export interface PluginAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as JSON; undefined when it is empty or not JSON. */
  // deno-lint-ignore no-explicit-any
  readonly json: any;
}

/** Directories of one test, gone at its end. */
export interface Sandbox extends AsyncDisposable {
  readonly root: string;
  readonly dataDir: string;
  readonly runDir: string;
  readonly logFile: string;
  /** A netconf with these directories; `ipam` is merged, `top` replaces top-level keys. */
  netconf(
    ipam?: Readonly<Record<string, unknown>>,
    top?: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>>;
  call(call: PluginCall): Promise<PluginAnswer>;
  /** The lines of the log file. */
  // deno-lint-ignore no-explicit-any
  log(): Promise<readonly any[]>;
}

interface PermissionSet {
  readonly env: readonly string[];
  readonly read: readonly string[];
  readonly write: readonly string[];
}

/** Makes a sandbox. The binary may write below its data directory only, so its sandboxes lie there. */
export async function makeSandbox(): Promise<Sandbox> {
  const parent = BINARY === undefined ? undefined : "/var/lib/cni/kube-ipam";
  if (parent !== undefined) await Deno.mkdir(parent, { recursive: true });
  const root = await Deno.makeTempDir({
    prefix: "kube-ipam-test-",
    ...(parent && { dir: parent }),
  });
  const dataDir = `${root}/data`;
  const runDir = `${root}/run`;
  const logFile = `${root}/plugin.log`;
  return {
    root,
    dataDir,
    runDir,
    logFile,
    netconf: (ipam = {}, top = {}) => ({
      cniVersion: "1.0.0",
      name: "testnet",
      type: "bridge",
      ...top,
      ipam: {
        type: "kube-ipam",
        subnet: "10.1.0.0/24",
        annotations: "off",
        dataDir,
        runDir,
        log: { file: logFile, level: "debug" },
        ...ipam,
      },
    }),
    call: (call) => callPlugin(call, { root }),
    log: async () => {
      const text = await Deno.readTextFile(logFile);
      return text.trim().split("\n").map((line) => JSON.parse(line));
    },
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** How the plugin is executed. */
export interface CallOptions {
  /** The directory the process may use beside its permission set. */
  readonly root: string;
  /** The words that start it. Default those of {@linkcode pluginCommand}. */
  readonly words?: readonly string[];
  /** More variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Executes the plugin once.
 *
 * @param call Variables and stdin.
 * @param options How it is executed.
 * @returns Exit code and output.
 */
export async function callPlugin(call: PluginCall, options: CallOptions): Promise<PluginAnswer> {
  const isPlain = options.words === undefined && options.env === undefined;
  // Without CNI_COMMAND it is the program for people that is called.
  if (IN_PROCESS && isPlain && call.command) return await callInProcess(call);
  const { root, words = await pluginCommand(root), env = {} } = options;
  const [program = "", ...args] = words;
  const process = new Deno.Command(program, {
    args,
    env: { ...environment(call, words), ...env },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(bytesOf(call)).then(() => writer.close()).catch(
    () => {},
  );
  const { code, stdout, stderr } = await process.output();
  const text = new TextDecoder().decode(stdout);
  return { code, stdout: text, stderr: new TextDecoder().decode(stderr), json: parse(text) };
}

async function callInProcess(call: PluginCall): Promise<PluginAnswer> {
  const variables = environment(call, []);
  let [stdout, stderr] = ["", ""];
  const code = await runPlugin({
    env: (name) => variables[name],
    // As bytes and back, as a stream would: this drops an order mark.
    stdin: () => Promise.resolve(new TextDecoder().decode(bytesOf(call))),
    stdout: (text) => stdout += text,
    stderr: (text) => stderr += text,
    now: Date.now,
    random: randomBelow,
  });
  return { code, stdout, stderr, json: parse(stdout) };
}

function bytesOf({ netconf }: PluginCall): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(typeof netconf === "string" ? netconf : JSON.stringify(netconf));
}

/** The words that start the plugin: the binary under test, or the sources. */
export async function pluginCommand(root: string): Promise<readonly string[]> {
  return BINARY === undefined ? await sourceCommand(root) : [BINARY];
}

/**
 * The words that start the plugin from its sources.
 *
 * @param root The directory the process may use beside its permission set.
 * @param bundle The folder of a bundle. Default that of KUBE_IPAM_BUNDLE, if there is one.
 * @returns The words.
 */
export async function sourceCommand(
  root: string,
  bundle: string | undefined = BUNDLE,
): Promise<readonly string[]> {
  const config = fromFileUrl(new URL("../../deno.json", import.meta.url));
  const { env, read, write } = await permissionSet(config);
  // etcd3 reads its protocol from there; a compiled binary needs no permission for what it embeds.
  const bundled = bundle === undefined ? [] : [`${bundle}/proto`];
  return [
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-prompt",
    "--no-check",
    `--config=${config}`,
    "--allow-net",
    "--allow-sys=hostname",
    `--allow-env=${env.join(",")}`,
    `--allow-read=${[...read, root, ...bundled].join(",")}`,
    `--allow-write=${[...write, root].join(",")}`,
    bundle === undefined
      ? fromFileUrl(new URL("../../cli.ts", import.meta.url))
      : `${bundle}/cli.js`,
  ];
}

function environment(call: PluginCall, words: readonly string[]): Record<string, string> {
  const variables = {
    CNI_COMMAND: call.command,
    CNI_CONTAINERID: call.containerId,
    CNI_IFNAME: call.ifName,
    CNI_NETNS: call.netns,
    CNI_ARGS: call.args,
    CNI_PATH: "/opt/cni/bin",
  };
  const set = Object.entries(variables).filter((pair): pair is [string, string] =>
    pair[1] !== undefined
  );
  if (words[0] === BINARY) return Object.fromEntries(set);
  // Deno finds its cache of npm packages there; the compiled binary needs neither.
  const cache = ["HOME", "DENO_DIR"].map((name) => [name, Deno.env.get(name)] as const)
    .filter((pair): pair is [string, string] => pair[1] !== undefined);
  return Object.fromEntries([...set, ...cache]);
}

async function permissionSet(config: string): Promise<PermissionSet> {
  const text = (await Deno.readTextFile(config)).replace(/^\s*\/\/.*$/gm, "");
  return JSON.parse(text).permissions.plugin;
}

// deno-lint-ignore no-explicit-any
function parse(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
