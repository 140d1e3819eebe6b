/**
 * Exploration of every state that a small world can reach: each action is a real plan of `lib/ipam`, taken one step at a time, in every
 * order.
 *
 * Variables, actions and invariants are those of docs/keys.md, State machine. Long because one world has one set of rules.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { MemoryDatastore } from "../../lib/datastore/memory.ts";
import type { AttachmentId } from "../../lib/cni/environment.ts";
import type { RangeSet, Wish } from "../../lib/config/config.ts";
import type { Retain } from "../../lib/config/retain.ts";
import { type AddOutcome, planAdd } from "../../lib/ipam/add/allocate.ts";
import { planStale } from "../../lib/ipam/gc.ts";
import { type Answer, judge, type Plan, type Step } from "../../lib/ipam/plan.ts";
import { candidatesOf } from "../../lib/ipam/reconcile/candidates.ts";
import { addToSurvey, planSurveyPage, type Survey } from "../../lib/ipam/reconcile/survey.ts";
import { planRelease, type Released } from "../../lib/ipam/release.ts";
import { planReplay } from "../../lib/ipam/replay.ts";
import { type AttachmentName, attachmentOfRecord } from "../../lib/state/keys.ts";
import type { Txn } from "../../lib/state/txn.ts";
import { add, addRequest, ipsOf, runPlan } from "../support/allocator.ts";
import { checkInvariants, entriesOfCluster } from "../support/invariants.ts";
import { setOf, wishFor } from "../support/sets.ts";
import {
  keyOf,
  type Known,
  labelled,
  labelsOf,
  type Owed,
  type Process,
  resume,
  type State,
  stepOf,
  titleOf,
} from "./exploration_state.ts";

/** A pod of the world. */
export interface WorldPod {
  /** Its UID; pods of one name are one after the other. */
  readonly uid: string;
  readonly owner?: string;
  readonly retain?: Retain;
  readonly wish?: string;
}

/** A container ID of the world: a sandbox, on a node, of one of some pods after the other. */
export interface WorldContainer {
  readonly pods: readonly number[];
  readonly node: "a" | "b";
}

/** What may happen in a world. */
export interface WorldOptions {
  readonly pods: readonly WorldPod[];
  readonly containers: readonly WorldContainer[];
  /** Nodes that GC runs on. */
  readonly gc?: readonly ("a" | "b")[];
  /** Whether reconcile runs. */
  readonly reconciles?: boolean;
  /** Whether a runtime makes a new sandbox of a pod although the ADD for the former one has not ended. */
  readonly overlaps?: boolean;
  /** Pods that may end. */
  readonly ending?: readonly number[];
  /** How far the clock goes. */
  readonly ticks: number;
  /** Calls that one path makes, at most. */
  readonly calls: number;
  /** Those of them that run at once, at most. */
  readonly atOnce: number;
  /** Answers that are lost, commits that arrive late and datastores that are out of reach, on one path at most. */
  readonly faults: number;
}

/** What was reached. */
export interface Explored {
  readonly states: number;
  readonly steps: number;
  /** How calls ended, as `ADD granted`. */
  readonly outcomes: ReadonlyMap<string, number>;
}

const SPACE = "default";
const NETWORK = "net";
const TICK_MS = 10;
/** Two addresses that may be chosen, and some that may only be asked for. */
const SET: RangeSet = setOf({
  subnet: "10.0.0.0/29",
  random: "10.0.0.1-10.0.0.2",
  gateway: "10.0.0.6",
});
/** What another cluster holds. */
const FOREIGN = "10.0.0.5";

/**
 * Explores a world, breadth first, and checks every state.
 *
 * @param options What may happen in it.
 * @returns What was reached.
 */
export async function explore(options: WorldOptions): Promise<Explored> {
  return await new Exploration(options).run();
}

class Exploration {
  readonly #options: WorldOptions;
  readonly #seen = new Set<string>();
  readonly #checked = new Set<string>();
  readonly #outcomes = new Map<string, number>();
  /** By the calls that were made: what is reached with fewer calls may go further. */
  readonly #queues: State[][];
  #steps = 0;
  #foreign = "";

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#queues = Array.from({ length: options.calls + 1 }, () => []);
  }

  async run(): Promise<Explored> {
    this.#queues[0]?.push(await this.#first());
    for (const queue of this.#queues) {
      for (const state of queue) {
        if (!(await this.#isNew(state))) continue;
        for (const next of await this.#nextOf(state)) {
          this.#steps++;
          this.#queues[next.calls]?.push(next);
        }
      }
    }
    return { states: this.#seen.size, steps: this.#steps, outcomes: this.#outcomes };
  }

  async #first(): Promise<State> {
    const { pods, containers } = this.#options;
    const store = new MemoryDatastore();
    const other = {
      cluster: "other",
      node: "a",
      nodeId: "id-a",
      containerId: "0",
      pod: { namespace: "ns", name: "pod", uid: pods[0]?.uid ?? "" },
    };
    const foreign = addRequest({ sets: [SET], wishes: [wishFor(FOREIGN)], asker: other });
    // Its containers are called as ours are, on a network of its own.
    await add(store, { ...foreign, asker: { ...foreign.asker, network: "other" } });
    this.#foreign = foreignOf(store);
    return {
      store,
      nowMs: TICK_MS,
      running: [],
      known: containers.map(() => UNKNOWN),
      owed: [],
      ended: pods.map(() => false),
      late: [],
      wasLate: false,
      faults: 0,
      calls: 0,
      path: undefined,
    };
  }

  async #isNew(state: State): Promise<boolean> {
    const key = keyOf(state);
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    try {
      await this.#check(state);
      return true;
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`${message}\nafter:\n${labelsOf(state).join("\n")}`, { cause });
    }
  }

  /** What a state without its processes shows is checked once. */
  async #check(state: State): Promise<void> {
    const key = keyOf({ ...state, running: [], faults: 0 });
    if (this.#checked.has(key)) return;
    this.#checked.add(key);
    const { store, known } = state;
    const held = await checkInvariants(store, SPACE);
    for (const [container, { granted = [], pod }] of known.entries()) {
      for (const ip of granted) {
        const holder = held.get(ip)?.split("/").at(-2);
        assertEquals(holder, String(container), `P1: ${ip} is not held by container ${container}`);
      }
      const wish = pod === undefined ? undefined : this.#pod(pod).wish;
      if (wish !== undefined) assert(granted.every((ip) => ip === wish), `I4: ${granted}`);
    }
    assertEquals(foreignOf(store), this.#foreign, "I8");
    await this.#heal(state);
  }

  /** All calls end here: DEL of what was made, and the releases that are owed, leave nothing. */
  async #heal({ store, known, owed, nowMs, late, wasLate }: State): Promise<void> {
    const fork = store.fork();
    for (const txn of late) await fork.commit(txn, { signal: NEVER });
    for (const [container, { isMade }] of known.entries()) {
      if (!isMade) continue;
      const { node } = this.#container(container);
      await runPlan(fork, planRelease({ ...this.#on(node, nowMs), names: [nameOf(container)] }));
    }
    for (const node of ["a", "b"] as const) {
      const mine = owed.filter(({ container }) => this.#container(container).node === node);
      await runPlan(fork, planReplay({ ...this.#on(node, nowMs), owed: owedOf(mine) }));
      // What came after its own DEL is nobody's but GC's.
      if (wasLate) await runPlan(fork, this.#collect({ node, nowMs, valid: [] }));
    }
    assertEquals([...(await checkInvariants(fork, SPACE)).keys()], [FOREIGN], "P2: all is healed");
  }

  async #nextOf(state: State): Promise<readonly State[]> {
    const next: State[] = [];
    const { atOnce, calls } = this.#options;
    if (state.running.length < atOnce && state.calls < calls) next.push(...this.#begun(state));
    if (state.nowMs < (this.#options.ticks + 1) * TICK_MS) {
      const path = labelled(state, "time passes");
      next.push({ ...state, nowMs: state.nowMs + TICK_MS, path });
    }
    for (const pod of this.#options.ending ?? []) {
      if (state.ended[pod] === false) next.push(this.#ended(state, pod));
    }
    for (const txn of state.late) next.push(await this.#arrived(state, txn));
    for (const process of state.running) next.push(...await this.#stepped(state, process));
    return next;
  }

  async #arrived(state: State, txn: Txn): Promise<State> {
    const store = state.store.fork();
    const { kind } = await store.commit(txn, { signal: NEVER });
    const late = state.late.filter((one) => one !== txn);
    const path = labelled(state, `what was late arrives: ${kind}`);
    return kind === "committed" ? { ...state, store, late, path } : { ...state, late, path };
  }

  #ended(state: State, pod: number): State {
    return {
      ...state,
      path: labelled(state, `pod ${pod} ends`),
      ended: state.ended.with(pod, true),
      known: state.known.map((one) => one.pod === pod ? { ...one, granted: undefined } : one),
    };
  }

  /** Every call that a runtime may make now. */
  #begun(state: State): readonly State[] {
    const { known, running, ended, owed } = state;
    const next: State[] = [];
    for (const [container, { isMade }] of known.entries()) {
      const { node, pods } = this.#container(container);
      const isBusy = running.some(({ verb, about }) =>
        (verb === "ADD" || verb === "DEL") && about.some((one) => one.container === container)
      );
      if (isBusy) continue;
      if (isMade) next.push(this.#beginDel(state, container));
      else if (!running.some(({ verb, node: other }) => verb === "GC" && node === other)) {
        for (const pod of pods.filter((one) => ended[one] === false)) {
          // One sandbox of a pod after the other.
          const isBlocked = this.#options.overlaps !== true &&
            running.some(({ verb, about }) =>
              verb === "ADD" && about.some((one) => known[one.container]?.pod === pod)
            );
          if (!isBlocked) next.push(this.#beginAdd(state, { container, pod }));
        }
      }
    }
    for (const node of this.#options.gc ?? []) {
      const isBlocked = running.some(({ verb, node: other }) => verb === "ADD" && node === other);
      if (!isBlocked) next.push(this.#beginGc(state, node));
    }
    if (this.#options.reconciles === true) next.push(this.#beginReconcile(state));
    for (const node of ["a", "b"] as const) {
      const about = owed.filter(({ container }) => this.#container(container).node === node);
      if (about.length > 0) next.push(this.#beginReplay(state, { node, about }));
    }
    return next;
  }

  #beginAdd(
    state: State,
    { container, pod }: { readonly container: number; readonly pod: number },
  ): State {
    const { node } = this.#container(container);
    const { uid, owner, retain, wish } = this.#pod(pod);
    const since = state.owed.filter((one) => one.container === container).at(-1)?.since;
    const others = state.known.filter((one) => one.pod === pod).map(({ calledMs }) => calledMs + 1);
    const now = Math.max(this.#momentOf(state, container), ...others);
    const wishes: readonly Wish[] = wish === undefined ? [] : [wishFor(wish)];
    const request = addRequest({
      sets: [SET],
      wishes,
      owner: owner === undefined ? undefined : { namespace: "ns", name: owner },
      retain,
      cooldownMs: TICK_MS,
      deferredMs: since,
      now,
      random: () => 0n,
      asker: {
        node,
        nodeId: `id-${node}`,
        network: NETWORK,
        containerId: String(container),
        authorities: ["api"],
        pod: { namespace: "ns", name: "pod", uid },
      },
    });
    const known = state.known.map((one, index) => {
      if (index === container) return { ...one, isMade: true, calledMs: now, pod };
      return one.pod === pod ? { ...one, granted: undefined } : one;
    });
    return this.#begin({ ...state, known }, {
      verb: "ADD",
      about: [{ container, since }],
      node,
      start: () => planAdd(request),
    });
  }

  #beginDel(state: State, container: number): State {
    const { node } = this.#container(container);
    const since = state.owed.filter((one) => one.container === container).at(-1)?.since;
    const request = { ...this.#on(node, state.nowMs), names: [nameOf(container)] };
    const known = state.known.map((one, index) =>
      index === container ? { ...one, granted: undefined } : one
    );
    return this.#begin({ ...state, known }, {
      verb: "DEL",
      about: [{ container, since }],
      node,
      start: () => planRelease(request),
    });
  }

  #beginGc(state: State, node: "a" | "b"): State {
    const valid = state.known.flatMap(({ isMade }, container) =>
      isMade ? [{ containerId: String(container), ifName: "eth0" }] : []
    );
    const start = (): Plan<unknown> => this.#collect({ node, nowMs: state.nowMs, valid });
    return this.#begin(state, { verb: "GC", about: [], node, start });
  }

  *#collect({ node, nowMs, valid }: {
    readonly node: "a" | "b";
    readonly nowMs: number;
    readonly valid: readonly AttachmentId[];
  }): Plan<readonly Released[]> {
    const on = this.#on(node, nowMs);
    const stale = yield* planStale({ ...on, ...on.node, network: NETWORK, valid });
    return yield* planRelease({ ...on, names: stale });
  }

  #beginReplay(
    state: State,
    { node, about }: { readonly node: "a" | "b"; readonly about: readonly Owed[] },
  ): State {
    const request = { ...this.#on(node, state.nowMs), owed: owedOf(about) };
    return this.#begin(state, { verb: "replay", about, node, start: () => planReplay(request) });
  }

  /** In the order of `lib/command/reconcile`; as if the list of pods were empty, so each of them is asked for. */
  #beginReconcile(state: State): State {
    const { space, cooldownMs, now } = this.#on("a", state.nowMs);
    const scope = { cluster: "default", node: undefined, now, graceMs: 0, cooldownMs };
    const census = { authorities: ["api"], living: new Set<string>() };
    return this.#begin(state, {
      verb: "reconcile",
      about: [],
      node: "a",
      start: function* (): Plan<readonly Released[]> {
        const survey: Survey = new Map();
        addToSurvey(survey, (yield* planSurveyPage(undefined)).entries);
        const found = survey.get(space);
        if (found === undefined) return [];
        const evidence = { census, thisNode: undefined, isRunning: undefined };
        const released: Released[] = [];
        for (const { seen: { entry, record } } of candidatesOf(found, { scope, evidence }).list) {
          const { addresses: [grant], ...holder } = record;
          if (grant === undefined) continue;
          const verdict = yield* judge({ ...holder, ...grant, state: "held" });
          if (verdict.kind !== "gone") continue;
          released.push(
            ...yield* planRelease({
              space,
              node: { cluster: "default" },
              names: [attachmentOfRecord(record)],
              cooldownMs,
              now,
              keep: (_, { revision }) => revision !== entry.revision,
            }),
          );
        }
        return released;
      },
    });
  }

  #begin(state: State, process: Omit<Process, "answers" | "begunMs">): State {
    const begun = { ...process, begunMs: state.nowMs, answers: [] };
    const path = labelled(state, `${titleOf(begun)} begins`);
    return { ...state, running: [...state.running, begun], calls: state.calls + 1, path };
  }

  /** All that may become of the next step of a process. */
  async #stepped(state: State, process: Process): Promise<readonly State[]> {
    const step = stepOf(process);
    const next = [this.#killed(state, process)];
    const canFail = state.faults < this.#options.faults;
    if (canFail && process.verb === "DEL") next.push(this.#deferred(state, process));
    if (step.kind !== "commit") {
      next.push(this.#answered(state, { process, answer: await this.#answer(state, step) }));
      return next;
    }
    const store = state.store.fork();
    const answer = await store.commit(step.txn, { signal: NEVER });
    const after = answer.kind === "committed" ? { ...state, store } : state;
    next.push(this.#answered(after, { process, answer }));
    if (after !== state) next.push(this.#killed(after, process));
    if (!canFail) return next;
    next.push({
      ...this.#killed(state, process),
      late: [...state.late, step.txn],
      wasLate: true,
      faults: state.faults + 1,
      path: labelled(state, `${titleOf(process)} is killed, and what it sent is under way`),
    });
    const unknown = { kind: "unknown" } as const;
    next.push(this.#answered({ ...state, faults: state.faults + 1 }, { process, answer: unknown }));
    if (after === state) return next;
    next.push(this.#answered({ ...after, faults: state.faults + 1 }, { process, answer: unknown }));
    return next;
  }

  async #answer(
    { store, ended }: State,
    step: Exclude<Step, { readonly kind: "commit" }>,
  ): Promise<Answer> {
    if (step.kind === "read") {
      return { kind: "seen", seen: await store.read(step.reads, { signal: NEVER }) };
    }
    const pod = this.#options.pods.findIndex(({ uid }) => uid === step.holder.pod?.uid);
    const verdict = ended[pod] === true
      ? { kind: "gone", reason: "it has ended" } as const
      : { kind: "present", advice: "wait" } as const;
    return { kind: "judged", verdict };
  }

  /** The process ends, and nobody is answered. */
  #killed(state: State, process: Process): State {
    const path = labelled(state, `${titleOf(process)} is killed`);
    return { ...state, running: state.running.filter((one) => one !== process), path };
  }

  /** A DEL that does not reach the datastore any more is written down; the runtime is answered that it succeeded. */
  #deferred(state: State, process: Process): State {
    const containers = process.about.map(({ container }) => container);
    const others = state.owed.filter(({ container }) => !containers.includes(container));
    const since = Math.max(...containers.map((container) => this.#momentOf(state, container)));
    return {
      ...this.#killed(state, process),
      faults: state.faults + 1,
      owed: [...others, ...containers.map((container) => ({ container, since }))],
      known: this.#unmade(state.known, containers),
      path: labelled(state, `${titleOf(process)} is deferred`),
    };
  }

  /** A moment after all that anybody still remembers of a container: the clock of a node does not go back. */
  #momentOf({ nowMs, known, owed, running }: State, container: number): number {
    const remembered = [...owed, ...running.flatMap(({ about }) => about)]
      .filter((one) => one.container === container)
      .map(({ since = 0 }) => since);
    return Math.max(nowMs, 1 + Math.max(known[container]?.calledMs ?? 0, ...remembered));
  }

  #unmade(known: readonly Known[], containers: readonly number[]): readonly Known[] {
    return known.map((one, index) => containers.includes(index) ? UNKNOWN : one);
  }

  #answered(
    state: State,
    { process, answer }: { readonly process: Process; readonly answer: Answer },
  ): State {
    const stepped = { ...process, answers: [...process.answers, answer] };
    const { done, value } = resume(stepped);
    const path = labelled(state, `${titleOf(process)} is answered ${answer.kind}`);
    if (done !== true) {
      const running = state.running.map((one) => one === process ? stepped : one);
      return { ...state, running, path };
    }
    return this.#finished({ ...this.#killed(state, process), path }, { process, value });
  }

  /** The runtime is answered; what was owed and is settled goes. */
  #finished(
    state: State,
    { process, value }: { readonly process: Process; readonly value: unknown },
  ): State {
    const { verb, about } = process;
    if (verb === "ADD") {
      const outcome = value as AddOutcome;
      this.#count(`ADD ${outcome.kind}`);
      if (outcome.kind === "granted") {
        if (outcome.former !== undefined) this.#count("ADD of a new sandbox");
        if (outcome.earlier !== undefined) this.#count("ADD while a DEL is owed");
        if (outcome.victims.length > 0) this.#count("ADD takes over");
      }
      const granted = ipsOf(outcome);
      if (granted.length === 0) return state;
      const [container = -1] = about.map((one) => one.container);
      const pod = state.known[container]?.pod ?? -1;
      const calledMs = state.known[container]?.calledMs ?? 0;
      const isFormer = state.known.some((one) => one.pod === pod && one.calledMs > calledMs);
      const isAnswered = state.ended[pod] === false && !isFormer;
      return {
        ...state,
        owed: settled(state.owed, about),
        known: state.known.map((one, index) =>
          index === container && isAnswered ? { ...one, granted } : one
        ),
      };
    }
    for (const { kind } of value as readonly Released[]) this.#count(`${verb} ${kind}`);
    if (verb === "GC" || verb === "reconcile") return state;
    const owed = settled(state.owed, about);
    if (verb === "replay") return { ...state, owed };
    return { ...state, owed, known: this.#unmade(state.known, about.map((one) => one.container)) };
  }

  #count(outcome: string): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
  }

  #on(node: "a" | "b", now: number): {
    readonly space: string;
    readonly node: { readonly cluster: string; readonly node: string; readonly nodeId: string };
    readonly cooldownMs: number;
    readonly now: number;
  } {
    const identity = { cluster: "default", node, nodeId: `id-${node}` };
    return { space: SPACE, node: identity, cooldownMs: TICK_MS, now };
  }

  #container(index: number): WorldContainer {
    const found = this.#options.containers[index];
    assert(found !== undefined, `there is no container ${index}`);
    return found;
  }

  #pod(index: number): WorldPod {
    const found = this.#options.pods[index];
    assert(found !== undefined, `there is no pod ${index}`);
    return found;
  }
}

const UNKNOWN: Known = { isMade: false, granted: undefined, calledMs: 0, pod: undefined };
const NEVER = new AbortController().signal;

/** Those that were written down meanwhile stay. */
function settled(owed: readonly Owed[], about: readonly Owed[]): readonly Owed[] {
  return owed.filter((one) =>
    !about.some(({ container, since }) => container === one.container && since === one.since)
  );
}

function owedOf(
  list: readonly Owed[],
): readonly { readonly name: AttachmentName; readonly since: number }[] {
  return list.map(({ container, since = 0 }) => ({ name: nameOf(container), since }));
}

function nameOf(container: number): AttachmentName {
  return { network: NETWORK, containerId: String(container), ifName: "eth0" };
}

function foreignOf(store: MemoryDatastore): string {
  return JSON.stringify(entriesOfCluster(store.entries(), { cluster: "other", now: 0 }));
}
