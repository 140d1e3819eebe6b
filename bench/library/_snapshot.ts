/**
 * Pools of which a part is taken, computed; and plans that are run against answers recorded from them, so that a benchmark measures
 * the plan alone.
 *
 * @module
 */
import type { RangeSet } from "../../lib/config/config.ts";
import { type AddOutcome, planAdd } from "../../lib/ipam/add/allocate.ts";
import type { Answer, Step } from "../../lib/ipam/plan.ts";
import type { Family } from "../../lib/net/addr.ts";
import { addressKey, addressOfKey } from "../../lib/state/keys.ts";
import type { Entry, Read, Seen } from "../../lib/state/txn.ts";
import { addRequest, seeded } from "../../tests/support/allocator.ts";
import { setOf } from "../../tests/support/sets.ts";

/** Which pool, and how many addresses of a hundred are taken. */
export interface Crowd {
  readonly subnet: string;
  readonly percent: number;
}

/** What an ADD asked for and was answered. */
export interface Recording {
  readonly set: RangeSet;
  readonly seed: number;
  readonly answers: readonly Answer[];
}

/** Spreads the taken ones: neighbours differ by this modulo a hundred, which it shares no factor with. */
const STRIDE = 37n;
const HUNDRED = 100n;

/**
 * Runs an ADD once and keeps the answers.
 *
 * @param crowd The pool.
 * @param seed What is chosen.
 * @returns The recording.
 */
export function record({ subnet, percent }: Crowd, seed: number): Recording {
  const set = setOf({ subnet });
  const answers: Answer[] = [];
  const plan = planAdd(addRequest({ sets: [set], random: seeded(seed) }));
  let state = plan.next();
  while (state.done !== true) {
    const answer = answerOf(state.value, { family: set.family, percent: BigInt(percent) });
    answers.push(answer);
    state = plan.next(answer);
  }
  if (state.value.kind !== "granted") {
    throw new Error(`Cannot record an ADD as it is ${state.value.kind}`);
  }
  return { set, seed, answers };
}

/**
 * Runs the ADD of a recording again.
 *
 * @param recording The recording.
 * @returns How it ends: as it did.
 */
export function replay({ set, seed, answers }: Recording): AddOutcome {
  const plan = planAdd(addRequest({ sets: [set], random: seeded(seed) }));
  let state = plan.next();
  for (const answer of answers) {
    if (state.done === true) break;
    state = plan.next(answer);
  }
  if (state.done !== true) throw new Error("Cannot replay an ADD as it asks for more");
  return state.value;
}

interface Taken {
  readonly family: Family;
  readonly percent: bigint;
}

function answerOf(step: Step, taken: Taken): Answer {
  switch (step.kind) {
    case "read":
      return { kind: "seen", seen: step.reads.map((read) => seenOf(read, taken)) };
    case "commit": {
      const guarded = step.txn.guards.map(({ key }) => entryAt(key, taken));
      if (guarded.every((entry) => entry === undefined)) return { kind: "committed" };
      const otherwise = (step.txn.otherwise ?? []).map((read) => seenOf(read, taken));
      return { kind: "conflict", guarded, otherwise };
    }
    case "judge":
      return { kind: "judged", verdict: { kind: "unknown", reason: "nobody is asked" } };
  }
}

function isAddress(key: string): boolean {
  return key.includes("/addresses/");
}

function isTaken(value: bigint, { percent }: Taken): boolean {
  return (value * STRIDE) % HUNDRED < percent;
}

function entryAt(key: string, taken: Taken): Entry | undefined {
  if (!isAddress(key) || !isTaken(addressOfKey(key).value, taken)) return undefined;
  return { key, value: "", revision: "1" };
}

function seenOf(read: Read, taken: Taken): Seen {
  if (read.kind === "get") return { kind: "get", entry: entryAt(read.key, taken) };
  const isOther = !isAddress(read.from);
  if (isOther) {
    return read.kind === "count" ? { kind: "count", count: 0 } : {
      kind: "list",
      entries: [],
      more: false,
    };
  }
  const from = addressOfKey(read.from).value;
  const to = addressOfKey(read.to.slice(0, -1)).value + 1n;
  if (read.kind === "count") {
    return { kind: "count", count: Number(below(to, taken) - below(from, taken)) };
  }
  const entries: Entry[] = [];
  for (let value = from; value < to && entries.length < read.limit; value++) {
    if (!isTaken(value, taken)) continue;
    const key = addressKey("default", { family: taken.family, value });
    entries.push({ key, value: "", revision: "1" });
  }
  return { kind: "list", entries, more: entries.length === read.limit };
}

/** How many of the values below one are taken: of each hundred as many as the percentage says. */
function below(value: bigint, taken: Taken): bigint {
  let count = (value / HUNDRED) * taken.percent;
  for (let rest = value - value % HUNDRED; rest < value; rest++) {
    if (isTaken(rest, taken)) count++;
  }
  return count;
}
