/**
 * Registers tests that need something of the machine, and says by name why one was not run.
 *
 * @module
 */
import { findEtcd, findKubeApiserver, findKubectl, findProgram } from "./assets.ts";

/** What a test may need of the machine. */
export type Need =
  | "etcd"
  | "kube-apiserver"
  | "kubectl"
  | "openssl"
  | "root"
  | "netns"
  | "cni-plugins"
  | "ping"
  | "binary"
  | "strace";

type Check = () => boolean | Promise<boolean>;

const CNI_FOLDERS = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"];

/** How each need is looked for: a new need is one more line. */
const CHECKS: Readonly<Record<Need, Check>> = {
  "etcd": async () => await findEtcd() !== undefined,
  "kube-apiserver": async () => await findKubeApiserver() !== undefined,
  "kubectl": async () => await findKubectl() !== undefined,
  "openssl": async () => await findProgram("openssl") !== undefined,
  "root": () => Deno.uid() === 0,
  // Root in a container may not be allowed to.
  "netns": () => succeeds(["unshare", "--net", "--mount", "true"]),
  "cni-plugins": async () => await findCniPlugins() !== undefined,
  "ping": async () => await findProgram("ping") !== undefined,
  // Never dist/kube-ipam unasked: it may be older than the sources.
  "binary": () => (Deno.env.get("KUBE_IPAM_BINARY") ?? "") !== "",
  "strace": async () => await findProgram("strace") !== undefined,
};

const found = new Map<Need, Promise<boolean>>();

/**
 * Finds the folder of the CNI reference plugins: `CNI_PATH`, then where distributions put them.
 *
 * @returns Its path, or `undefined`.
 */
export async function findCniPlugins(): Promise<string | undefined> {
  const before = [...(Deno.env.get("CNI_PATH") ?? "").split(":"), ...CNI_FOLDERS];
  // Not "bridge": iproute2 has a program of this name.
  const found = await findProgram("host-local", { before });
  return found?.replace(/\/host-local$/, "");
}

async function succeeds([program = "", ...args]: readonly string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args, stdin: "null" }).output()).success;
  } catch {
    return false;
  }
}

function isMet(need: Need): Promise<boolean> {
  const known = found.get(need) ?? Promise.resolve(CHECKS[need]());
  found.set(need, known);
  return known;
}

/**
 * Tells which needs this machine does not meet.
 *
 * @param needs What a test needs.
 * @returns The unmet ones, in the same order.
 */
export async function unmetNeeds(needs: readonly Need[]): Promise<readonly Need[]> {
  const met = await Promise.all(needs.map(isMet));
  return needs.filter((_, index) => !met[index]);
}

// Deno.test must be called while the module loads, so all needs are looked for before.
const UNMET = new Set(
  await unmetNeeds(Object.keys(CHECKS) as readonly Need[]),
);

/**
 * Registers a test; where a need is unmet it is ignored, with the reason in its name.
 *
 * @param needs What the test needs of the machine.
 * @param name The name of the test.
 * @param fn The test.
 */
export function testNeeding(
  needs: readonly Need[],
  name: string,
  fn: (t: Deno.TestContext) => void | Promise<void>,
): void {
  const missing = needs.filter((need) => UNMET.has(need));
  if (missing.length === 0) {
    Deno.test(name, fn);
    return;
  }
  Deno.test({ name: `${name} (not run: needs ${missing.join(", ")})`, ignore: true, fn });
}
