/**
 * Which faults meet etcd and the network, and when: drawn from the seed, so that they can be repeated.
 *
 * @module
 */
import { type Dice, makeDice, shuffled } from "./dice.ts";

/** The faults of etcd that come in each round, in an order that is drawn. */
export const ROUND = [
  "kill leader",
  "kill leader",
  "kill member",
  "pause leader",
  "pause member",
  "restart all",
  "compact",
  "compact",
  "no space",
] as const;

/** A fault of etcd. */
export type FaultKind = typeof ROUND[number];

/** A fault to come. */
export interface PlannedFault {
  /** `partition` is one of the network: one node reaches no member. */
  readonly kind: FaultKind | "partition";
  /** When it begins, in ms after the start of the run. */
  readonly atMs: number;
  /** How long it lasts, in ms. */
  readonly holdMs: number;
  /** A number of `[0, 1)` that chooses the member, or the node. */
  readonly at: number;
}

/** Faults of etcd a minute: more than three, as some find etcd in another fault. */
const ETCD_PER_MINUTE = 5;
const PARTITIONS_PER_MINUTE = 2;
const SHORTEST_MS = 300;
const LONGEST_MS = 3_500;

/**
 * Plans the faults of a run.
 *
 * @param seed The seed of the run.
 * @param minutes How long it takes.
 * @returns Those of etcd, which come one after the other, and those of the network.
 */
export function planFaults(
  seed: string,
  minutes: number,
): { readonly etcd: readonly PlannedFault[]; readonly network: readonly PlannedFault[] } {
  const dice = makeDice(`${seed}/etcd`);
  const count = Math.ceil(minutes * ETCD_PER_MINUTE);
  const rounds = Array.from(
    { length: Math.ceil(count / ROUND.length) },
    () => shuffled(dice, ROUND),
  );
  const partitions = Array(Math.ceil(minutes * PARTITIONS_PER_MINUTE)).fill("partition" as const);
  return {
    etcd: spread(dice, { minutes, kinds: rounds.flat().slice(0, count) }),
    network: spread(makeDice(`${seed}/network`), { minutes, kinds: partitions }),
  };
}

/** Each in a slot of its own, at a random moment of it. */
function spread(
  dice: Dice,
  options: { readonly minutes: number; readonly kinds: readonly PlannedFault["kind"][] },
): readonly PlannedFault[] {
  const { minutes, kinds } = options;
  const slotMs = minutes * 60_000 / kinds.length;
  return kinds.map((kind, index) => ({
    kind,
    atMs: Math.round((index + dice.next() * 0.6) * slotMs),
    holdMs: SHORTEST_MS + dice.below(LONGEST_MS - SHORTEST_MS),
    at: dice.next(),
  }));
}
