/**
 * Two nodes of a cluster with a real Kubernetes API, over etcd or a shared SQLite database.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { openEtcd } from "../../../lib/datastore/etcd/open.ts";
import { openSqlite, SQLITE_FILE } from "../../../lib/datastore/sqlite.ts";
import {
  assertRefused,
  assertResult,
  assertSilent,
  ipsOf,
  type Json,
  type Refusal,
} from "../../support/answers.ts";
import { allEntries, checkInvariants } from "../../support/invariants.ts";
import type { TestKube } from "../../support/kube.ts";
import type { CreatePodOptions, TestPod } from "../../support/kube_pods.ts";
import { makeSandbox, type PluginAnswer, type Sandbox } from "../../support/plugin.ts";

/** What a machine needs for these tests. */
export const NEEDS = ["etcd", "kube-apiserver", "openssl"] as const;

/** Where the allocations are kept. */
export type Store = "etcd" | "sqlite";

/** A node of the cluster. */
export interface KubeNode extends Sandbox {
  readonly name: string;
}

/** What a call says beside its pod. */
export interface PodCall {
  /** Default one of its own for each pod and node. */
  readonly containerId?: string;
  /** Default `eth0`. */
  readonly ifName?: string;
  /** Default the pod's. */
  readonly uid?: string;
  /** Merged into `ipam`. */
  readonly ipam?: Json;
  /** Merged into the netconf. */
  readonly top?: Json;
}

/** Two nodes and their pods; everything below an address space and a namespace of its own. */
export interface World extends AsyncDisposable {
  readonly kube: TestKube;
  readonly space: string;
  readonly namespace: string;
  readonly a: KubeNode;
  readonly b: KubeNode;
  pod(options?: CreatePodOptions): Promise<TestPod>;
  /** The netconf of a node. */
  netconf(node: KubeNode, more?: PodCall): Json;
  call(command: string, node: KubeNode, pod: TestPod, more?: PodCall): Promise<PluginAnswer>;
  /** ADD that must succeed: its addresses. */
  add(node: KubeNode, pod: TestPod, more?: PodCall): Promise<readonly string[]>;
  /** ADD that must fail. */
  refused(code: number, node: KubeNode, pod: TestPod, more?: PodCall): Promise<Refusal>;
  /** DEL, which always succeeds. */
  del(node: KubeNode, pod: TestPod, more?: PodCall): Promise<void>;
  /** The held addresses and the container IDs of their holders; the invariants are checked. */
  held(): Promise<Readonly<Record<string, string>>>;
  /** Everything that is stored, as text. */
  stored(): Promise<string>;
}

/** How a world is made. */
export interface WorldOptions {
  readonly store: Store;
  /** Merged into every netconf's `ipam`. */
  readonly ipam?: Json;
  /** The server of its kubeconfig, such as a proxy's. Default the API itself. */
  readonly server?: string;
}

/** Makes a world. */
export async function makeWorld(kube: TestKube, options: WorldOptions): Promise<World> {
  const { store, ipam = {}, server } = options;
  await using undo = new globalThis.AsyncDisposableStack();
  const id = crypto.randomUUID().slice(0, 8);
  const space = String(ipam.addressSpace ?? `s${id}`);
  const namespace = `ns-${id}`;
  const [a, b] = [
    undo.use(await makeNode("node-a")),
    undo.use(await makeNode("node-b")),
  ];
  if (store === "sqlite") {
    // Both nodes share the first one's database: a link to nothing would be refused.
    await openSqlite(a.dataDir)[Symbol.asyncDispose]();
    await Deno.mkdir(b.dataDir, { recursive: true });
    await Deno.symlink(`${a.dataDir}/${SQLITE_FILE}`, `${b.dataDir}/${SQLITE_FILE}`);
  }
  const role = server === undefined ? {} : { server };
  for (const node of [a, b]) await kube.roleKubeconfig(node.root, role);
  const netconf = (node: KubeNode, { ipam: more = {}, top = {} }: PodCall = {}): Json =>
    node.netconf({
      subnet: "10.1.0.0/16",
      rangeStart: "10.1.0.10",
      rangeEnd: "10.1.0.200",
      annotations: "on",
      kubeConfig: `${node.root}/kubectl.kubeconfig`,
      nodeName: node.name,
      addressSpace: space,
      cooldown: "0s",
      ...(store === "etcd"
        ? { etcdConfig: { etcdURL: kube.etcd.endpoints.join(",") } }
        : { datastore: "sqlite" }),
      ...ipam,
      ...more,
    }, top);
  const call: World["call"] = (command, node, pod, more = {}) => {
    const { containerId = containerOf(node, pod), ifName = "eth0", uid = pod.uid } = more;
    const args = [
      "IgnoreUnknown=1",
      `K8S_POD_NAMESPACE=${pod.namespace}`,
      `K8S_POD_NAME=${pod.name}`,
      `K8S_POD_INFRA_CONTAINER_ID=${containerId}`,
      ...(uid === "" ? [] : [`K8S_POD_UID=${uid}`]),
    ].join(";");
    const netns = "/run/netns/test";
    return node.call({ command, containerId, ifName, netns, args, netconf: netconf(node, more) });
  };
  const open = (): ReturnType<typeof openSqlite> =>
    store === "sqlite" ? openSqlite(a.dataDir) : openEtcd(kube.etcd.config(), {
      dataDir: `${a.root}/look`,
      runDir: `${a.root}/look`,
      random: () => 0,
    });
  const stack = undo.move();
  return {
    kube,
    space,
    namespace,
    a,
    b,
    pod: (more = {}) => kube.createPod({ namespace, nodeName: "node-a", ...more }),
    netconf,
    call,
    add: async (node, pod, more) => ipsOf(assertResult(await call("ADD", node, pod, more))),
    refused: async (code, node, pod, more) =>
      assertRefused(await call("ADD", node, pod, more), code),
    del: async (node, pod, more) => assertSilent(await call("DEL", node, pod, more)),
    held: async () => {
      await using opened = open();
      const held = await checkInvariants(opened, space);
      return Object.fromEntries([...held].map(([ip, key]) => [ip, key.split("/").at(-2) ?? ""]));
    },
    stored: async () => {
      await using opened = open();
      return JSON.stringify(await allEntries(opened));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function makeNode(name: string): Promise<KubeNode> {
  return { ...await makeSandbox(), name };
}

/** The container that a node makes for a pod, unless a test says otherwise. */
export function containerOf(node: KubeNode, pod: TestPod): string {
  return `${node.name}-${pod.name}-${pod.uid.slice(0, 8)}`;
}

/** Runs a scenario over both datastores. */
export async function inBothStores(
  t: Deno.TestContext,
  name: string,
  scenario: (store: Store) => Promise<void>,
): Promise<void> {
  for (const store of ["etcd", "sqlite"] as const) {
    await t.step(`${name} (${store})`, () => scenario(store));
  }
}

/** Checks that nothing is held but this. */
export async function assertHeld(
  world: World,
  expected: Readonly<Record<string, string>>,
): Promise<void> {
  assertEquals(await world.held(), expected);
}
