/**
 * A world of three nodes whose calls run at once and fail: the real verbs, with their files, on the memory datastore.
 *
 * It knows what a runtime knows: which containers it made, and what it was answered. So it can tell whether a grant was lost, and it can heal
 * as a runtime does. Long because one world has one set of rules.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { CniError } from "../../lib/cni/errors.ts";
import { type JudgingApi, reconcile } from "../../lib/command/reconcile/reconcile.ts";
import { type Datastore, DatastoreError } from "../../lib/datastore/datastore.ts";
import { MemoryDatastore } from "../../lib/datastore/memory.ts";
import type { Random } from "../../lib/ipam/plan.ts";
import { newReport } from "../../lib/ipam/reconcile/report.ts";
import { planRelease } from "../../lib/ipam/release.ts";
import { type KubeApi, KubeError } from "../../lib/kube/api.ts";
import type { Pod } from "../../lib/kube/pod.ts";
import type { Done } from "../../lib/plugin/call.ts";
import { add, addRequest, runPlan, seeded } from "../support/allocator.ts";
import { FaultyCall, type Gate, type Planned, type Reached } from "../support/failpoints.ts";
import { Host, type Sandbox } from "../support/hosts.ts";
import { checkInvariants, entriesOfCluster } from "../support/invariants.ts";
import { setOf, wishFor } from "../support/sets.ts";
import {
  type AddCommand,
  type Command,
  type DelCommand,
  GATEWAY,
  type NodeCommand,
  NODES,
  OF_SET,
  PODS,
} from "./crash_commands.ts";

/** A container that the runtime made. */
interface Container extends Sandbox {
  pod: Pod;
  readonly node: number;
  /** Whether its last call was an ADD: GC is told of it. */
  isLiving: boolean;
  /** Whether a DEL of it succeeded since. */
  isDone: boolean;
}

function atOnce(): Promise<void> {
  return Promise.resolve();
}

/** One run. */
export class World {
  readonly memory = new MemoryDatastore();
  /** Those that the API knows. */
  readonly pods = new Map<string, Pod>();
  /** How often a pod was replaced by another of its name. */
  readonly incarnations = PODS.map(() => 0);
  /** All of them, the last one first. */
  readonly containers: Container[] = [];
  /** What was answered and not taken back. */
  readonly granted = new Map<string, readonly string[]>();
  /** All calls. */
  readonly calls: FaultyCall[] = [];
  readonly random;
  /** Where the steps of calls wait. */
  gate: Gate = atOnce;
  /** Whether the StatefulSet wants none of its pods. */
  isSetGone = false;
  now = 1_000_000;
  reached: Reached;

  constructor(
    readonly hosts: readonly Host[],
    { reached, seed }: { readonly reached: Reached; readonly seed: number },
  ) {
    this.random = seeded(seed);
    this.reached = reached;
  }

  /** Begins the calls of a group. */
  begin(list: readonly Command[]): readonly Promise<unknown>[] {
    for (const one of list) {
      if (one.kind === "end") this.#end(one.pod);
      if (one.kind === "lose") this.#lose(one.ago);
      if (one.kind === "scale") this.isSetGone = one.isGone;
    }
    const busy = new Set<string>();
    // GC is told of every container that is there when it begins.
    return list.toSorted((a, b) => Number(a.kind === "gc") - Number(b.kind === "gc")).flatMap(
      (one) => {
        switch (one.kind) {
          case "add":
            return this.#add(one, busy);
          case "del":
            return this.#del(one, busy);
          case "gc":
          case "replay":
            return [this.#node(one)];
          case "reconcile":
            return [this.#reconcile(one)];
          case "stray":
            return [this.#stray(one.planned)];
          case "end":
          case "lose":
          case "scale":
            return [];
        }
      },
    );
  }

  #end(pod: number): void {
    const { uid } = this.#podOf(pod);
    this.pods.delete(nameOf(pod));
    this.incarnations[pod] = (this.incarnations[pod] ?? 0) + 1;
    for (const one of this.containers) {
      if (one.pod.uid === uid) this.granted.delete(one.containerId);
    }
  }

  #lose(ago: number): void {
    const container = this.containers[ago];
    if (container === undefined) return;
    container.isLiving = false;
    this.granted.delete(container.containerId);
  }

  #podOf(pod: number): Pod {
    const known = this.pods.get(nameOf(pod));
    if (known !== undefined) return known;
    const incarnation = String(this.incarnations[pod]).padStart(3, "0");
    const made: Pod = {
      namespace: "ns",
      name: nameOf(pod),
      uid: `00000000-0000-4000-8000-00000000${pod}${incarnation}`,
      phase: "Running",
      deletionMs: undefined,
      annotations: PODS[pod] ?? {},
      controller: pod === OF_SET
        ? { apiVersion: "apps/v1", kind: "StatefulSet", name: "pod", uid: "set" }
        : undefined,
      templateHash: undefined,
      serviceAccount: "default",
      nodeName: "",
    };
    this.pods.set(made.name, made);
    return made;
  }

  #add(
    { pod: index, sandbox, planned }: AddCommand,
    busy: Set<string>,
  ): readonly Promise<unknown>[] {
    const pod = this.#podOf(index);
    if (busy.has(pod.uid)) return []; // a runtime makes one sandbox of a pod after the other
    const container = this.#containerOf(pod, { index, sandbox });
    const { containerId, node } = container;
    // A container ID is used again when its DEL has succeeded, perhaps by the pod's successor.
    const isIts = container.isLiving && container.pod.uid === pod.uid;
    if (busy.has(containerId) || !(isIts || container.isDone)) return [];
    container.pod = pod;
    busy.add(pod.uid).add(containerId);
    container.isLiving = true;
    container.isDone = false;
    for (const { containerId: other, pod: { uid } } of this.containers) {
      if (uid === pod.uid && other !== containerId) this.granted.delete(other);
    }
    const call = this.#faulty("add", planned);
    const run = call.run(() =>
      this.#host(node).add(container, { ...this.#on(call), api: this.#api(call) })
    );
    return [
      failing(run).then((done) => {
        const ips = done === undefined || done === "killed" ? undefined : ipsOf(done);
        if (ips === undefined) return;
        assert(!ips.includes(GATEWAY), "I3");
        const asked = PODS[index]?.["kube-ipam.ip"]?.split(",");
        if (asked !== undefined) assert(ips.some((ip) => asked.includes(ip)), "I4");
        if (pod.uid === this.pods.get(pod.name)?.uid) this.granted.set(containerId, ips);
      }),
    ];
  }

  #containerOf(
    pod: Pod,
    { index, sandbox }: { readonly index: number; readonly sandbox: AddCommand["sandbox"] },
  ): Container {
    const last = this.containers.find((one) => one.pod.uid === pod.uid);
    if (sandbox === "same" && last !== undefined) return last;
    const containerId = sandbox === "again" ? `again-${pod.name}` : `c${this.containers.length}`;
    const found = this.containers.find((one) => one.containerId === containerId);
    if (found !== undefined) return found;
    const node = (index + (this.incarnations[index] ?? 0)) % NODES.length;
    const made = { containerId, ifName: "eth0", pod, node, isLiving: true, isDone: false };
    this.containers.unshift(made);
    return made;
  }

  #del(
    { ago, planned }: DelCommand,
    busy: Set<string>,
  ): readonly Promise<unknown>[] {
    const container = this.containers[ago % (this.containers.length || 1)];
    if (container === undefined || busy.has(container.containerId)) return [];
    busy.add(container.containerId);
    container.isLiving = false;
    container.isDone = false;
    this.granted.delete(container.containerId);
    const call = this.#faulty("del", planned);
    const run = call.run(() => this.#host(container.node).del(container, this.#on(call)));
    return [
      failing(run).then((outcome) => {
        container.isDone = outcome !== undefined && outcome !== "killed";
      }),
    ];
  }

  async #node({ kind, node, planned }: NodeCommand): Promise<void> {
    const call = this.#faulty(kind, planned);
    // Where there is something to do, if there is anywhere.
    const busy = [...this.hosts.keys()].filter((index) =>
      kind === "replay"
        ? this.#host(index).owed() > 0
        : this.containers.some((one) => one.node === index && !one.isLiving && !one.isDone)
    );
    const chosen = busy[node % (busy.length || 1)] ?? node;
    const host = this.#host(chosen);
    const living = this.containers.filter((one) => one.node === chosen && one.isLiving);
    await failing(call.run(async () => {
      if (kind === "gc") await host.gc(living, this.#on(call));
      else await host.replay(this.#on(call));
    }));
  }

  async #stray(planned: readonly Planned[]): Promise<void> {
    const call = this.#faulty("del", planned);
    const host = this.#host(0);
    await failing(
      call.run(() => host.del({ containerId: OTHERS, ifName: "eth0" }, this.#on(call))),
    );
  }

  async #reconcile({ planned }: NodeCommand): Promise<void> {
    const call = this.#faulty("reconcile", planned);
    const { store, now, random } = this.#on(call);
    await failing(call.run(() => reconcileAll(store, { now, random, api: this.#judging(call) })));
  }

  #judging(call: FaultyCall): JudgingApi {
    const living = (): Promise<ReadonlySet<string>> =>
      call.ask(() => Promise.resolve(new Set([...this.pods.values()].map(({ uid }) => uid))));
    const replicas = this.isSetGone ? 0 : PODS.length;
    return {
      kube: this.#api(call),
      inventory: {
        livingPods: living,
        livingPodsOf: living,
        nodes: () => call.ask(() => Promise.resolve(new Set(NODES))),
        statefulSet: () => call.ask(() => Promise.resolve({ start: 0, replicas })),
        clusterUid: () => Promise.resolve(undefined),
      },
    };
  }

  /** Waits for what was sent by processes that are gone. */
  async settle(): Promise<void> {
    await Promise.all(this.calls.map(({ late }) => late));
  }

  /** What a runtime does in the end: DEL of all that it did not see deleted; or, where it forgot all, GC of nothing. Then nothing is owed. */
  async heal(how: "runtime" | "gc" | "reconcile"): Promise<void> {
    const call = { store: this.memory, now: this.now, random: this.random };
    this.granted.clear();
    const isLate = this.calls.some((one) => one.isLate);
    if (how === "runtime") {
      for (const container of this.containers) {
        if (container.isDone) continue;
        await this.#host(container.node).del(container, call);
      }
    }
    if (how === "reconcile") {
      this.pods.clear();
      const faultless = new FaultyCall({
        verb: "",
        planned: [],
        gate: atOnce,
        reached: this.reached,
      });
      await reconcileAll(this.memory, { ...call, api: this.#judging(faultless) });
    }
    for (const host of this.hosts) {
      await host.replay(call);
      assertEquals(host.owed(), 0, `${host.name} owes something still`);
    }
    // What a killed ADD sent and arrived after its DEL is nobody's but GC's.
    if (how === "gc" || isLate) { for (const host of this.hosts) await host.gc([], call); }
    assertEquals([...(await checkInvariants(this.memory)).keys()], [FOREIGN], `after ${how}`);
  }

  /** The invariants, the grants, and what another cluster had. */
  async check(foreign: string): Promise<void> {
    const held = await checkInvariants(this.memory);
    for (const [containerId, ips] of this.granted) {
      for (const ip of ips) {
        assertEquals(held.get(ip)?.split("/").at(-2), containerId, `P1: ${ip}`);
      }
    }
    assert(!held.has(GATEWAY), "I3");
    assertEquals(this.foreign(), foreign, "I8");
  }

  /** All that another cluster has. */
  foreign(): string {
    return JSON.stringify(
      entriesOfCluster(this.memory.entries(), { cluster: "other", now: this.now }),
    );
  }

  #faulty(verb: string, planned: readonly Planned[]): FaultyCall {
    const { reached, gate } = this;
    const call = new FaultyCall({ verb, planned, gate, reached });
    this.calls.push(call);
    return call;
  }

  #on(call: FaultyCall): Parameters<Host["gc"]>[1] {
    return { store: call.store(this.memory), now: this.now, random: this.random };
  }

  #api(call: FaultyCall): KubeApi {
    return {
      server: "https://api",
      authorities: ["api"],
      warnings: [],
      getPod: ({ name }) => call.ask(() => Promise.resolve(this.pods.get(name))),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  #host(node: number): Host {
    const host = this.hosts[node];
    assert(host !== undefined);
    return host;
  }
}

const FOREIGN = "10.0.0.6";
/** The container that holds it. */
const OTHERS = "others";

/**
 * Another cluster holds an address of the range, and keeps a fixed one, with nodes, pods and owners of the same
 * names.
 */
export async function settleOthers(memory: MemoryDatastore): Promise<void> {
  for (const [index, ip] of [FOREIGN, "10.0.0.12"].entries()) {
    const request = addRequest({
      sets: [setOf({ subnet: "10.0.0.0/28", gateway: GATEWAY })],
      wishes: [wishFor(ip)],
      owner: { namespace: "ns", name: "kept" },
      retain: "forever",
      asker: {
        cluster: "other",
        containerId: OTHERS,
        ifName: `eth${index}`,
        node: NODES[0] ?? "",
        authorities: ["api"],
        pod: { namespace: "ns", name: nameOf(0), uid: "00000000-0000-4000-8000-000000000000" },
      },
    });
    await add(memory, request);
    const { space, asker, now, cooldownMs } = request;
    if (index === 0) continue;
    await runPlan(memory, planRelease({ space, node: asker, names: [asker], now, cooldownMs }));
  }
}

/** Reconciles with small pages: what they show is no snapshot. No record is too young to be judged. */
async function reconcileAll(
  store: Datastore,
  { now, random, api }: {
    readonly now: number;
    readonly random: Random;
    readonly api: JudgingApi;
  },
): Promise<void> {
  const report = newReport(false);
  await reconcile(store, {
    scope: { cluster: "default", node: undefined, now, graceMs: 0, cooldownMs: 2_000 },
    thisNode: undefined,
    isRunning: undefined,
    api,
    dryRun: false,
    maxFraction: 1,
    report,
    random,
    page: 6,
    pausesMs: [],
  });
  assertEquals(report.unreadable, []);
  assertEquals(report.refused, []);
  assertEquals(report.freed.filter(({ kind }) => kind === "orphan"), [], "I2");
}

/** A call may fail, in ways that are ours. */
async function failing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    const isOurs = error instanceof CniError || error instanceof DatastoreError ||
      error instanceof KubeError;
    if (isOurs) return undefined;
    throw error;
  }
}

function ipsOf({ stdout }: Done): readonly string[] {
  const { ips } = JSON.parse(stdout);
  return ips.map(({ address }: { readonly address: string }) => address.split("/")[0] ?? "");
}

function nameOf(pod: number): string {
  return `pod-${pod}`;
}
