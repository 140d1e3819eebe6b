/**
 * Plays random commands against a datastore and the naive model: after each of them the outcome is one that the model allows, the
 * datastore holds what the model holds, I1 to I6 hold, and nothing of another cluster was changed. Long because each command is
 * told to both in the same breath.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type JudgingApi, reconcile } from "../../lib/command/reconcile/reconcile.ts";
import type { Datastore } from "../../lib/datastore/datastore.ts";
import { planCheck } from "../../lib/ipam/check.ts";
import { planFree } from "../../lib/ipam/free.ts";
import { planStale } from "../../lib/ipam/gc.ts";
import { entriesOf } from "../../lib/ipam/plan.ts";
import { newReport } from "../../lib/ipam/reconcile/report.ts";
import { planRelease, RELEASE_BATCH } from "../../lib/ipam/release.ts";
import { planReplay } from "../../lib/ipam/replay.ts";
import type { AddRequest } from "../../lib/ipam/request.ts";
import type { Pod } from "../../lib/kube/pod.ts";
import { parseAddr } from "../../lib/net/addr.ts";
import type { AttachmentName } from "../../lib/state/keys.ts";
import { parseAddress } from "../../lib/state/record_text.ts";
import { add, addRequest, ipsOf, runPlan, seeded } from "../support/allocator.ts";
import { allEntries, checkInvariants, entriesOfCluster } from "../support/invariants.ts";
import { podOf } from "../support/pod.ts";
import { setOf, wishFor } from "../support/sets.ts";
import {
  type AddCommand,
  ASKED,
  type Command,
  INTERFACES,
  PODMAN,
  PODS,
  POOL,
  type ReconcileCommand,
  type Setting,
} from "./allocation_commands.ts";
import { type Ask, Model, type ModelSet, nameOf, ownerOf } from "./allocation_model.ts";

const V4 = setOf(
  { subnet: "10.0.0.0/28", random: "10.0.0.2-10.0.0.5", gateway: "10.0.0.1" },
  { subnet: "10.9.0.0/30" },
);
const V6 = setOf({ subnet: "fd00::/120", random: "fd00::1-fd00::30", exclude: ["fd00::3"] });
const MODEL_V4: ModelSet = {
  random: [...range("10.0.0.", { first: 2, last: 5 }), "10.9.0.1", "10.9.0.2"],
  fixed: range("10.0.0.", { first: 6, last: 14 }),
};
const MODEL_V6: ModelSet = {
  random: range("fd00::", { first: 1, last: 0x30, radix: 16 }).filter((ip) => ip !== "fd00::3"),
  fixed: [],
};
/** What another cluster of the same space holds all the time. */
const FOREIGN = ["10.0.0.5", "10.0.0.11"];

/** Which container of which pod. */
interface Container {
  readonly name: string;
  readonly pod: number;
  readonly uid: string | undefined;
}

/** One run. */
class Play {
  readonly model = new Model(new Set(FOREIGN));
  /** All containers, the last one first. */
  readonly made: Container[] = [];
  readonly incarnations = PODS.map(() => 0);
  readonly boots = [0, 0];
  /** DELs that wait, by attachment. */
  readonly deferred = new Map<string, number>();
  /** What the last ADD of an attachment answered. */
  readonly results = new Map<string, readonly string[]>();
  readonly random;
  now = 1_000_000;

  constructor(readonly store: Datastore, readonly setting: Setting, readonly space: string) {
    this.random = seeded(setting.seed);
  }

  async run(command: Command): Promise<void> {
    switch (command.kind) {
      case "add":
        return await this.#add(command);
      case "wait":
        this.now += command.ms;
        return;
      case "end":
        this.model.ended.add(uidOf(command.pod, this.incarnations[command.pod] ?? 0));
        this.incarnations[command.pod] = (this.incarnations[command.pod] ?? 0) + 1;
        return;
      case "reboot":
        this.boots[command.node] = (this.boots[command.node] ?? 0) + 1;
        return;
      case "gc":
        return await this.#gc(command);
      case "free":
        return await this.#free(command);
      case "replay":
        return await this.#replay(command.node);
      case "reconcile":
        return await this.#reconcile(command);
      case "stray":
        return await this.#stray(command.verb);
      case "del":
      case "check":
      case "defer":
        return await this.#known(command);
    }
  }

  async #add(command: AddCommand): Promise<void> {
    const ask = this.#askOf(command);
    const request = this.#requestOf(ask, command);
    const outcome = await add(this.store, request, ({ pod }) =>
      Promise.resolve(
        this.model.ended.has(pod?.uid ?? "")
          ? { kind: "gone", reason: "it has ended" }
          : { kind: "present", advice: "wait" },
      ));
    const answered = { kind: outcome.kind, ips: ipsOf(outcome) };
    const left = new Set((await this.#attachments()).map(shortName));
    this.model.added(ask, { answered, left });
    if (answered.ips.length === 0) return;
    this.results.set(nameOf(ask), answered.ips);
    if (!command.isKilled) this.deferred.delete(nameOf(ask));
  }

  async #attachments(): Promise<readonly string[]> {
    const from = `/kube-ipam/v1/${this.space}/attachments/`;
    const [seen] = await this.store.read([{ kind: "list", from, to: `${from}~`, limit: 1000 }], {
      signal: AbortSignal.timeout(10_000),
    });
    return entriesOf(seen).map(({ key }) => key);
  }

  #askOf({ pod, sandbox, ifName, wishes, isPooled }: AddCommand): Ask {
    const { owner, retain = "none" } = PODS[pod] ?? {};
    const { cooldownMs, dual } = this.setting;
    const uid = pod === PODMAN ? undefined : uidOf(pod, this.incarnations[pod] ?? 0);
    const last = this.made.find((one) => one.pod === pod && one.uid === uid);
    const name = sandbox === "again"
      ? `again-${pod % 2}`
      : sandbox === "new" || last === undefined
      ? `c${this.made.length}`
      : last.name;
    this.made.unshift({ name, pod, uid });
    const interfaceName = INTERFACES[ifName] ?? "";
    const deferred = this.deferred.get(nameOf({ container: name, ifName: interfaceName }));
    return {
      node: `node-${pod % 2}`,
      boot: `boot-${this.boots[pod % 2]}`,
      container: name,
      ifName: interfaceName,
      uid,
      owner: owner === undefined ? undefined : ownerOf(owner, interfaceName),
      isWanted: retain === "owner",
      keptMs: typeof retain === "number" ? retain : retain === "none" ? 0 : Infinity,
      wishes: wishes.map((index) => ASKED[index] ?? ""),
      pool: isPooled && wishes.length === 0 ? POOL : [],
      sets: dual ? [MODEL_V4, MODEL_V6] : [MODEL_V4],
      cooldownMs,
      deferredMs: deferred,
      now: this.now,
    };
  }

  #requestOf(ask: Ask, { pod }: AddCommand): AddRequest {
    const { owner, retain } = PODS[pod] ?? {};
    const { node, boot, uid, ifName, pool, wishes, cooldownMs, now, deferredMs } = ask;
    const members = pool.map((ip) => parseAddr(ip).value);
    const intervals = members.map((value) => ({ first: value, last: value }));
    return addRequest({
      space: this.space,
      sets: this.setting.dual ? [V4, V6] : [V4],
      wishes: wishes.map((ip) => wishFor(ip)),
      pools: pool.length === 0
        ? []
        : [{ set: 0, members: [intervals, []], text: "pool", path: "pool" }],
      owner: owner === undefined ? undefined : { namespace: "ns", name: owner },
      retain,
      allocation: this.setting.allocation,
      cooldownMs,
      deferredMs,
      now,
      random: this.random,
      asker: {
        node,
        nodeId: `id-${node}`,
        boot,
        containerId: ask.container,
        ifName,
        ...(uid === undefined
          ? {}
          : { authorities: ["api"], pod: { namespace: "ns", name: `pod-${pod}`, uid } }),
      },
    });
  }

  /** DEL, CHECK and a DEL that must wait speak of a container that was made. */
  async #known(command: Extract<Command, { kind: "del" | "check" | "defer" }>): Promise<void> {
    const container = this.made[command.ago];
    if (container === undefined) return;
    const { name: containerId, pod } = container;
    const ifName = INTERFACES[command.ifName] ?? "";
    const name = { network: "net", containerId, ifName };
    const short = `${containerId}/${ifName}`;
    const node = nodeOf(pod % 2);
    const { model, space, now } = this;
    switch (command.kind) {
      case "check": {
        const ips = this.results.get(short) ?? [];
        const previous = ips.map((ip) => ({
          addr: parseAddr(ip),
          prefixLength: ip.startsWith("10.9.") ? 30 : ip.includes(":") ? 120 : 28,
        }));
        const { kind } = await runPlan(this.store, planCheck({ space, node, name, previous }));
        assertEquals(kind, model.attachments.has(short) ? "ok" : "absent", `CHECK of ${short}`);
        return;
      }
      case "defer":
        this.deferred.set(short, now);
        return;
      case "del": {
        const expected = model.attachments.has(short) ? "released" : "absent";
        const kinds = await this.#release(pod % 2, { names: [name] });
        assertEquals(kinds, [expected], `I5: DEL of ${short}`);
        model.removed(short, { now });
        return;
      }
    }
  }

  async #release(
    node: number,
    { names }: { readonly names: readonly AttachmentName[] },
  ): Promise<readonly string[]> {
    const { space, now, setting: { cooldownMs } } = this;
    const request = { space, node: nodeOf(node), names, cooldownMs, now };
    const released = await runPlan(this.store, planRelease(request));
    return released.map(({ kind }) => kind);
  }

  async #gc({ node, valid }: Extract<Command, { kind: "gc" }>): Promise<void> {
    const { space, model, now } = this;
    const here = [...model.attachments.values()].filter((one) => one.node === `node-${node}`);
    const isValid = (index: number): boolean => (valid >> index % 16 & 1) === 1;
    const known = here.filter((_, index) => isValid(index))
      .map(({ container, ifName }) => ({ containerId: container, ifName }));
    const asked = { space, network: "net", valid: known, ...nodeOf(node) };
    const names = await runPlan(this.store, planStale(asked));
    const stale = here.filter((_, index) => !isValid(index)).map(nameOf);
    assertEquals(names.map(shortOf).sort(), [...stale].sort(), "GC finds what is not valid");
    // Several at once, in pages.
    for (let at = 0; at < names.length; at += 4) {
      await this.#release(node, { names: names.slice(at, at + 4) });
    }
    for (const name of names.map(shortOf)) model.removed(name, { now });
  }

  async #replay(node: number): Promise<void> {
    const { space, now, setting: { cooldownMs } } = this;
    const owed = [...this.deferred].flatMap(([short, since]) => {
      const [containerId = "", ifName = ""] = short.split("/");
      const made = this.made.find(({ name }) => name === containerId);
      const name = { network: "net", containerId, ifName };
      return made?.pod === undefined || made.pod % 2 !== node ? [] : [{ name, since }];
    }).slice(0, RELEASE_BATCH);
    const request = { space, node: nodeOf(node), owed, cooldownMs, now };
    const released = await runPlan(this.store, planReplay(request));
    for (const [index, { name, since }] of owed.entries()) {
      const short = shortOf(name);
      const found = this.model.attachments.get(short);
      const isOld = found !== undefined && found.since < since;
      const expected = found === undefined ? "absent" : isOld ? "released" : "kept";
      assertEquals(released[index]?.kind, expected, `replay of ${short}`);
      if (isOld) this.model.removed(short, { now });
      this.deferred.delete(short);
    }
  }

  async #free({ ip, force }: Extract<Command, { kind: "free" }>): Promise<void> {
    const { model, space, now } = this;
    const text = ASKED[ip] ?? "";
    if (FOREIGN.includes(text)) return; // an operator may free anything
    const state = model.stateOf(text, now);
    const addr = parseAddr(text);
    const { kind } = await runPlan(this.store, planFree({ space, addr, now, force }));
    if (state === "held") assertEquals(kind, force ? "freed" : "held");
    else if (state === "free") assert(kind === "absent" || kind === "freed");
    else assertEquals(kind, "freed");
    model.freed(text, { force });
  }

  async #stray(verb: "add" | "del" | "replay"): Promise<void> {
    const { store, space, now, setting: { cooldownMs } } = this;
    const node = nodeOf(0);
    const name = { network: "net", containerId: "other-0", ifName: "eth0" };
    if (verb === "add") {
      const { kind } = await add(
        store,
        addRequest({ space, sets: [V4], now, asker: { ...node, ...name } }),
      );
      return assertEquals(kind, "foreign");
    }
    const request = { space, node, cooldownMs, now };
    const plan = verb === "del"
      ? planRelease({ ...request, names: [name] })
      : planReplay({ ...request, owed: [{ name, since: now }] });
    assertEquals((await runPlan(store, plan)).map(({ kind }) => kind), ["foreign"], "I5");
  }

  async #reconcile({ node, isSetGone, graceMs }: ReconcileCommand): Promise<void> {
    const { model, now, setting: { cooldownMs } } = this;
    const boot = `boot-${this.boots[node]}`;
    const report = newReport(false);
    await reconcile(this.store, {
      scope: { cluster: "default", node: undefined, now, graceMs, cooldownMs },
      thisNode: { nodeId: nodeOf(node).nodeId, boot },
      isRunning: () => false,
      api: this.#api({ isSetGone }),
      dryRun: false,
      maxFraction: 1,
      report,
      random: this.random,
      page: 7,
    });
    assertEquals(report.unreadable, []);
    assertEquals(report.refused, []);
    assertEquals(report.freed.filter(({ kind }) => kind === "orphan"), [], "I2");
    model.reconciled({ node: nodeOf(node).node, boot, isSetGone, now, graceMs });
  }

  /** What the API knows: the pods that have not ended. */
  #api({ isSetGone }: { readonly isSetGone: boolean }): JudgingApi {
    const pods = PODS.flatMap((_, pod): readonly Pod[] => {
      const uid = uidOf(pod, this.incarnations[pod] ?? 0);
      return pod === PODMAN ? [] : [podOf({ namespace: "ns", name: `pod-${pod}`, uid })];
    });
    const living = (): Promise<ReadonlySet<string>> =>
      Promise.resolve(new Set(pods.map(({ uid }) => uid)));
    return {
      kube: {
        authorities: ["api"],
        getPod: ({ name }) => Promise.resolve(pods.find((pod) => pod.name === name)),
      },
      inventory: {
        livingPods: living,
        livingPodsOf: living,
        nodes: () => Promise.resolve(new Set([nodeOf(0).node, nodeOf(1).node])),
        statefulSet: () => Promise.resolve(isSetGone ? undefined : { start: 0, replicas: 9 }),
        clusterUid: () => Promise.resolve(undefined),
      },
    };
  }

  /** All that the datastore says is what the model says. */
  async check(foreign: string): Promise<void> {
    const { store, space, model, now } = this;
    const held = await checkInvariants(store, space);
    const ours = [...held].filter(([ip]) => !FOREIGN.includes(ip));
    assertEquals(new Map(ours.map(([ip, name]) => [ip, shortName(name)])), new Map(model.held()));
    const entries = await allEntries(store);
    const records = entries.filter(({ key }) => key.includes(`/${space}/addresses/`))
      .map(parseAddress);
    const waiting = records.filter(({ state, until = Infinity, cluster }) =>
      state !== "held" && until > now && cluster === "default"
    );
    const expected = [...model.retained, ...model.cooling]
      .map(([ip]) => [ip, model.stateOf(ip, now)] as const)
      .filter(([, state]) => state === "retained" || state === "cooling");
    assertEquals(
      new Map(waiting.map(({ ip, state }) => [ip, state])),
      new Map(expected),
    );
    assertEquals(textOf(entriesOfCluster(entries, { cluster: "other", now })), foreign, "I8");
  }
}

/**
 * Plays commands against a datastore.
 *
 * @param store An empty datastore.
 * @param options The commands, the setting and the space.
 */
export async function play(
  store: Datastore,
  options: {
    readonly commands: readonly Command[];
    readonly setting: Setting;
    readonly space?: string;
  },
): Promise<void> {
  const { commands, setting, space = "default" } = options;
  for (const [index, ip] of FOREIGN.entries()) await holdForOthers(store, { space, index, ip });
  const foreign = textOf(
    entriesOfCluster(await allEntries(store), { cluster: "other", now: 0 }),
  );
  assert(foreign.includes("retained"), "another cluster has something to lose");
  const run = new Play(store, setting, space);
  for (const command of commands) {
    run.now += 1;
    await run.run(command);
    await run.check(foreign);
  }
}

/** Another cluster has pods, containers, nodes and owners of the same names: it holds one address, and one is kept for its owner. */
async function holdForOthers(
  store: Datastore,
  { space, index, ip }: { readonly space: string; readonly index: number; readonly ip: string },
): Promise<void> {
  const request = addRequest({
    space,
    sets: [V4],
    wishes: [wishFor(ip)],
    owner: { namespace: "ns", name: "a" },
    retain: "forever",
    asker: {
      cluster: "other",
      node: "node-0",
      nodeId: "id-other",
      containerId: `other-${index}`,
      ifName: INTERFACES[index] ?? "",
      authorities: ["api"],
      pod: { namespace: "ns", name: "pod-1", uid: uidOf(1, 0) },
    },
  });
  assertEquals((await add(store, request)).kind, "granted");
  if (index === 0) return;
  const { asker, now } = request;
  await runPlan(store, planRelease({ space, node: asker, names: [asker], cooldownMs: 0, now }));
}

function uidOf(pod: number, incarnation: number): string {
  return `00000000-0000-4000-8000-00000000${pod}${String(incarnation).padStart(3, "0")}`;
}

function nodeOf(
  index: number,
): { readonly cluster: string; readonly node: string; readonly nodeId: string } {
  const node = `node-${index}`;
  return { cluster: "default", node, nodeId: `id-${node}` };
}

function shortOf({ containerId, ifName }: AttachmentName): string {
  return `${containerId}/${ifName}`;
}

/** `container/interface` of an attachment's key. */
function shortName(key: string): string {
  return key.split("/").slice(-2).join("/");
}

function textOf(entries: readonly unknown[]): string {
  return JSON.stringify(entries);
}

function range(
  prefix: string,
  { first, last, radix = 10 }: {
    readonly first: number;
    readonly last: number;
    readonly radix?: number;
  },
): readonly string[] {
  return Array.from(
    { length: last - first + 1 },
    (_, index) => prefix + (first + index).toString(radix),
  );
}
