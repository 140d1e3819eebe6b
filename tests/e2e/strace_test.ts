/**
 * Which files the binary touches, as the kernel sees it.
 *
 * What an empty compiled program opens (libraries, /proc, its own file) belongs to Deno and to the
 * machine; everything beyond that must be in the permission set.
 */
import { assert, assertEquals } from "@std/assert";
import { compile } from "../../deploy/compile.ts";
import { readPermissions } from "../../deploy/permissions.ts";
import { findProgram } from "../support/assets.ts";
import { startEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import { BINARY, callPlugin, makeSandbox } from "../support/plugin.ts";

const NEEDS = ["binary", "strace"] as const;

/** What opens, makes, renames or removes; "?" marks those that not every architecture has. */
const CALLS = [
  ...["?open", "openat", "?openat2", "?creat", "?truncate", "?mkdir", "mkdirat", "?rmdir"],
  ...["?unlink", "unlinkat", "?rename", "?renameat", "?renameat2", "?link", "linkat"],
  ...["?symlink", "symlinkat", "?chmod", "fchmodat", "?chown", "fchownat", "?mknod", "mknodat"],
];

interface Traced {
  readonly program: string;
  readonly ipam: Readonly<Record<string, unknown>>;
}

/** The paths that one ADD touches, without its own program. */
async function trace({ program, ipam }: Traced): Promise<ReadonlySet<string>> {
  await using box = await makeSandbox();
  const file = `${box.root}/trace`;
  const strace = await findProgram("strace") ?? "strace";
  const flags = ["-f", "-qq", "-s", "4096", "-e", `trace=${CALLS.join(",")}`, "-o", file];
  const answer = await callPlugin({
    command: "ADD",
    containerId: "traced",
    ifName: "eth0",
    netns: "/run/netns/traced",
    netconf: box.netconf(ipam),
  }, { root: box.root, words: [strace, ...flags, program] });
  assertEquals(answer.code, 0, answer.stdout + answer.stderr);
  const text = await Deno.readTextFile(file);
  const paths = Array.from(text.matchAll(/"([^"]*)"/g), ([, path = ""]) => path);
  return new Set(paths.filter((path) => path !== program));
}

async function traceEmpty(): Promise<ReadonlySet<string>> {
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-empty-" });
  try {
    await Deno.writeTextFile(`${folder}/empty.ts`, "export {};\n");
    await compile({ entry: `${folder}/empty.ts`, output: `${folder}/empty` });
    return await trace({ program: `${folder}/empty`, ipam: {} });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function checkPaths(ipam: Readonly<Record<string, unknown>>): Promise<void> {
  const { read, write } = await readPermissions("plugin");
  const allowed = [read, write].flatMap((paths) => typeof paths === "object" ? paths : []);
  const program = await Deno.realPath(BINARY ?? "");
  const [empty, touched] = [await traceEmpty(), await trace({ program, ipam })];
  const isAllowed = (path: string): boolean =>
    empty.has(path) || allowed.some((one) => path === one || path.startsWith(`${one}/`));
  assert([...touched].some((path) => path.endsWith("/node-id")), "the trace holds something");
  assertEquals([...touched].filter((path) => !isAllowed(path)), []);
}

testNeeding(NEEDS, "ADD on SQLite opens nothing but the permission set", () => checkPaths({}));

testNeeding([...NEEDS, "etcd"], "ADD on etcd opens nothing but the permission set", async () => {
  await using etcd = await startEtcd();
  await checkPaths({ etcdConfig: { etcdURL: etcd.endpoints.join(",") } });
});
