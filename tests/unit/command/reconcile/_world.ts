/**
 * A cluster in memory for tests of reconcile: its pods, nodes and StatefulSets, and the datastore that its nodes share.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { reconcile, type ReconcileOptions } from "../../../../lib/command/reconcile/reconcile.ts";
import type { Datastore } from "../../../../lib/datastore/datastore.ts";
import { MemoryDatastore } from "../../../../lib/datastore/memory.ts";
import { newReport, type Report } from "../../../../lib/ipam/reconcile/report.ts";
import type { KubeInventory, Ordinals } from "../../../../lib/kube/inventory.ts";
import type { Pod } from "../../../../lib/kube/pod.ts";
import type { Write } from "../../../../lib/state/txn.ts";
import {
  add,
  addRequest,
  ipsOf,
  release,
  type RequestChanges,
  seeded,
} from "../../../support/allocator.ts";
import { allEntries, checkInvariants } from "../../../support/invariants.ts";
import { podOf } from "../../../support/pod.ts";
import { setOf } from "../../../support/sets.ts";

/** Now. */
export const NOW = 10_000_000;
/** Long before the grace of a record is over. */
export const OLD = NOW - 3_600_000;

/** The UID of its namespace kube-system. */
export const CLUSTER_UID = "10000000-0000-4000-8000-00000000c1c1";

/** A cluster and its datastore. */
export interface World {
  readonly store: MemoryDatastore;
  /** By `namespace/name`. */
  readonly pods: Map<string, Pod>;
  readonly nodes: Set<string>;
  /** By `namespace/name`. */
  readonly sets: Map<string, Ordinals>;
  /** The pods that were asked for by name, and the StatefulSets. */
  readonly asked: string[];
  readonly api: NonNullable<ReconcileOptions["api"]>;
  /** Something that happens while pods are listed, after the list was taken. */
  whileListing: () => Promise<void> | void;
  /** Something that happens when a pod is asked for, before the answer. */
  whileAsking: (name: string) => Promise<void> | void;
}

/** Makes a world with one node. */
export function makeWorld(): World {
  const asked: string[] = [];
  const pods = new Map<string, Pod>();
  const nodes = new Set(["node-a"]);
  const sets = new Map<string, Ordinals>();
  const named = (list: readonly Pod[]): ReadonlySet<string> =>
    new Set(
      list.filter(({ phase }) => phase !== "Succeeded" && phase !== "Failed")
        .flatMap(({ uid, annotations }) => [uid, annotations["kubernetes.io/config.hash"] ?? uid]),
    );
  const inventory: KubeInventory = {
    livingPods: async () => {
      const list = named([...pods.values()]);
      await world.whileListing();
      return list;
    },
    livingPodsOf: (node) =>
      Promise.resolve(named([...pods.values()].filter(({ nodeName }) => nodeName === node))),
    nodes: () => Promise.resolve(new Set(nodes)),
    statefulSet: ({ namespace, name }) => {
      asked.push(`StatefulSet ${namespace}/${name}`);
      return Promise.resolve(sets.get(`${namespace}/${name}`));
    },
    clusterUid: () => Promise.resolve(CLUSTER_UID),
  };
  const world: World = {
    store: new MemoryDatastore(),
    pods,
    nodes,
    sets,
    asked,
    api: {
      inventory,
      kube: {
        authorities: ["api-1"],
        getPod: async ({ namespace, name }) => {
          asked.push(`${namespace}/${name}`);
          await world.whileAsking(`${namespace}/${name}`);
          return pods.get(`${namespace}/${name}`);
        },
      },
    },
    whileListing: () => {},
    whileAsking: () => {},
  };
  return world;
}

/** A UID that looks as one of Kubernetes. */
export function uidOf(name: string, incarnation = 1): string {
  const hex = [...name].map((letter) => letter.charCodeAt(0).toString(16)).join("");
  return `${incarnation.toString().padStart(8, "0")}-0000-4000-8000-${
    hex.slice(-12).padStart(12, "0")
  }`;
}

/** Makes a pod that runs. */
export function run(world: World, name: string, changes: Partial<Pod> = {}): Pod {
  const pod = podOf({ name, uid: uidOf(name), ...changes });
  world.pods.set(`${pod.namespace}/${name}`, pod);
  return pod;
}

/** The ADD of a pod, which need not run. */
export function requestOf(
  name: string,
  changes: RequestChanges = {},
): ReturnType<typeof addRequest> {
  const { asker, ...rest } = changes;
  return addRequest({
    sets: [setOf({ subnet: "10.0.0.0/22", gateway: "10.0.0.1" })],
    cooldownMs: 0,
    now: OLD,
    random: seeded([...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 100_003),
    ...rest,
    asker: {
      containerId: `c-${name}`,
      authorities: ["api-1"],
      pod: { namespace: "shop", name, uid: uidOf(name) },
      ...asker,
    },
  });
}

/** Gives a pod its address. */
export async function give(
  world: World,
  name: string,
  changes: RequestChanges = {},
): Promise<string> {
  const outcome = await add(world.store, requestOf(name, changes));
  assertEquals(outcome.kind, "granted");
  return ipsOf(outcome).join(",");
}

/** Gives a container of podman its address. */
export function giveContainer(
  world: World,
  containerId: string,
  changes: NonNullable<RequestChanges["asker"]> = {},
): Promise<string> {
  const { pod: _, ...asker } = {
    ...requestOf(containerId).asker,
    containerId,
    authorities: [],
    ...changes,
  };
  return add(world.store, { ...requestOf(containerId), asker }).then((outcome) => {
    assertEquals(outcome.kind, "granted");
    return ipsOf(outcome).join(",");
  });
}

/** Gives a pod its address and takes it away again: a sticky one is retained. */
export async function giveAndTake(
  world: World,
  name: string,
  changes: RequestChanges = {},
): Promise<string> {
  const ip = await give(world, name, changes);
  assertEquals((await release(world.store, requestOf(name, changes)))?.kind, "released");
  return ip;
}

/** What {@linkcode reconcileOnce} may be told. */
export interface RunChanges extends Partial<Omit<ReconcileOptions, "scope" | "report">> {
  readonly scope?: Partial<ReconcileOptions["scope"]>;
  /** Default the world's. */
  readonly store?: Datastore;
  /** What is left is not sound, and is to stay so. */
  readonly unsound?: boolean;
}

/** Reconciles; what is left must be sound, unless it is not to be checked. */
export async function reconcileOnce(
  world: World,
  { scope, store = world.store, dryRun = false, unsound = dryRun, ...changes }: RunChanges = {},
): Promise<Report> {
  const report = newReport(dryRun);
  await reconcile(store, {
    scope: {
      cluster: "default",
      node: undefined,
      now: NOW,
      graceMs: 300_000,
      cooldownMs: 0,
      ...scope,
    },
    thisNode: undefined,
    isRunning: undefined,
    api: world.api,
    dryRun,
    maxFraction: 0.5,
    report,
    random: seeded(3),
    page: 7,
    pausesMs: [0, 0],
    ...changes,
  });
  if (!unsound) await checkInvariants(world.store);
  return report;
}

/** What a report tells, in short: `kind ip-or-key`. */
export function told(items: Readonly<Report["freed"]>): readonly string[] {
  return items.map(({ kind, ip, key }) => `${kind} ${ip ?? key}`).sort();
}

/** The keys of a store below the space `default`. */
export async function keysOf({ store }: World): Promise<readonly string[]> {
  return (await allEntries(store)).map(({ key }) => key.replace("/kube-ipam/v1/default/", ""));
}

/** Writes as no ADD would. */
export function write({ store }: World, ...writes: readonly Write[]): Promise<unknown> {
  return store.commit({ guards: [], writes }, { signal: AbortSignal.timeout(10_000) });
}
