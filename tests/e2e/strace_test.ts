/**
 * Which files the binary touches, as the kernel sees it.
 *
 * What an empty compiled program opens (libraries, /proc, its own file) belongs to Deno and to the
 * machine; everything beyond that must be in what `--conf` bakes for the same configuration.
 */
import { assert, assertEquals } from "@std/assert";
import { bake } from "../../deploy/baked.ts";
import { compile } from "../../deploy/compile.ts";
import { readNetworks } from "../../deploy/networks.ts";
import { readPermissions } from "../../deploy/permissions.ts";
import { findProgram } from "../support/assets.ts";
import { startEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import { BINARY, callPlugin, makeSandbox } from "../support/plugin.ts";

const NEEDS = ["binary", "strace", "etcd"] as const;

/** What opens, makes, renames or removes; "?" marks those that not every architecture has. */
const CALLS = [
  ...["?open", "openat", "?openat2", "?creat", "?truncate", "?mkdir", "mkdirat", "?rmdir"],
  ...["?unlink", "unlinkat", "?rename", "?renameat", "?renameat2", "?link", "linkat"],
  ...["?symlink", "symlinkat", "?chmod", "fchmodat", "?chown", "fchownat", "?mknod", "mknodat"],
];

/** V8 reads how fast the processor counts when it loads a code cache; an empty program has none. */
const OF_V8 = "/sys/devices/system/cpu/cpu0/tsc_freq_khz";

interface Traced {
  readonly program: string;
  readonly ipam: Readonly<Record<string, unknown>>;
}

/** What one ADD touches without its own program, and what it may. */
interface Trace {
  readonly touched: ReadonlySet<string>;
  readonly allowed: readonly string[];
}

async function trace({ program, ipam }: Traced): Promise<Trace> {
  await using box = await makeSandbox();
  const netconf = box.netconf(ipam);
  const file = `${box.root}/trace`;
  const strace = await findProgram("strace") ?? "strace";
  const flags = ["-f", "-qq", "-s", "4096", "-e", `trace=${CALLS.join(",")}`, "-o", file];
  const answer = await callPlugin({
    command: "ADD",
    containerId: "traced",
    ifName: "eth0",
    netns: "/run/netns/traced",
    netconf,
  }, { root: box.root, words: [strace, ...flags, program] });
  assertEquals(answer.code, 0, answer.stdout + answer.stderr);
  const text = await Deno.readTextFile(file);
  const paths = Array.from(text.matchAll(/"([^"]*)"/g), ([, path = ""]) => path);
  return {
    touched: new Set(paths.filter((path) => path !== program)),
    allowed: await bakedPaths(netconf, box.root),
  };
}

async function bakedPaths(netconf: unknown, folder: string): Promise<readonly string[]> {
  const conf = `${folder}/net.conf`;
  await Deno.writeTextFile(conf, JSON.stringify(netconf));
  const { networks } = await readNetworks([conf]);
  const { read, write } = bake(networks, await readPermissions("plugin"));
  return [read, write].flatMap((paths) => typeof paths === "object" ? paths : []);
}

async function traceEmpty(): Promise<ReadonlySet<string>> {
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-empty-" });
  try {
    await Deno.writeTextFile(`${folder}/empty.ts`, "export {};\n");
    await compile({ entry: `${folder}/empty.ts`, output: `${folder}/empty` });
    return (await trace({ program: `${folder}/empty`, ipam: {} })).touched;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

testNeeding(NEEDS, "ADD opens nothing but what is baked for its configuration", async (t) => {
  await using etcd = await startEtcd();
  const program = await Deno.realPath(BINARY ?? "");
  const empty = await traceEmpty();
  const cases: Readonly<Record<string, Traced["ipam"]>> = {
    "on SQLite": { datastore: "sqlite" },
    "on etcd": { etcdConfig: { etcdURL: etcd.endpoints.join(",") } },
    "with a resolv.conf": { datastore: "sqlite", resolvConf: "/etc/resolv.conf" },
  };
  for (const [name, ipam] of Object.entries(cases)) {
    await t.step(name, async () => {
      const { touched, allowed } = await trace({ program, ipam });
      const isAllowed = (path: string): boolean =>
        empty.has(path) || path === OF_V8 ||
        allowed.some((one) => path === one || path.startsWith(`${one}/`));
      assert([...touched].some((path) => path.endsWith("/node-id")), "the trace holds something");
      assertEquals([...touched].filter((path) => !isAllowed(path)), []);
    });
  }
});
