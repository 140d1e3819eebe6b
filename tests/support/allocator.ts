/**
 * Requests for tests of the allocator, and a small way to run plans.
 *
 * @module
 */
import type { Datastore } from "../../lib/datastore/datastore.ts";
import { type Judge, transact } from "../../lib/datastore/transact.ts";
import { type AddOutcome, planAdd } from "../../lib/ipam/add/allocate.ts";
import type { Plan, Random } from "../../lib/ipam/plan.ts";
import { planRelease, type Released } from "../../lib/ipam/release.ts";
import type { AddRequest, Asker } from "../../lib/ipam/request.ts";
import { setOf } from "./sets.ts";

/** The asker of most tests. */
export const ASKER: Asker = {
  cluster: "default",
  node: "node-a",
  nodeId: "id-a",
  boot: "boot-a",
  network: "net",
  containerId: "c1",
  ifName: "eth0",
};

/** Pseudo-random integers from a seed: the same seed, the same sequence. */
export function seeded(seed: number): Random {
  let state = BigInt(seed) * 2n + 1n;
  return (below) => {
    let value = 0n;
    for (let words = 0; words < 3; words++) {
      state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
      value = (value << 32n) | (state >> 32n);
    }
    return value % below;
  };
}

/** An ADD of the asker `c1`, on a /29, unless said otherwise. */
export function addRequest(
  changes: Partial<Omit<AddRequest, "asker">> & { readonly asker?: Partial<Asker> } = {},
): AddRequest {
  const { asker, ...rest } = changes;
  return {
    space: "default",
    sets: [setOf({ subnet: "10.0.0.0/29", gateway: "10.0.0.1" })],
    wishes: [],
    allocation: "random",
    cooldownMs: 30_000,
    now: 1_000_000,
    random: seeded(1),
    ...rest,
    asker: { ...ASKER, ...asker },
  };
}

/** Which pod of a StatefulSet asks. */
export interface Incarnation {
  /** The pod's name, and its owner's. */
  readonly pod: string;
  /** Which pod of this name it is: each has a UID and a container of its own. */
  readonly incarnation: number;
}

/** Changes of {@linkcode addRequest}. */
export type RequestChanges = NonNullable<Parameters<typeof addRequest>[0]>;

/** An ADD of a pod of a StatefulSet, which an API knows. */
export function podRequest(
  { pod, incarnation }: Incarnation,
  { asker, ...changes }: RequestChanges = {},
): AddRequest {
  return addRequest({
    owner: { namespace: "shop", name: pod },
    ...changes,
    asker: {
      containerId: `${pod}-${incarnation}`,
      authorities: ["api-1"],
      pod: { namespace: "shop", name: pod, uid: `${pod}-uid-${incarnation}` },
      ...asker,
    },
  });
}

/** Runs a plan with a deadline of ten seconds. */
export function runPlan<T>(store: Datastore, plan: Plan<T>, judge?: Judge): Promise<T> {
  return transact(store, plan, { signal: AbortSignal.timeout(10_000), random: seeded(7), judge });
}

/** Runs an ADD. */
export function add(store: Datastore, request: AddRequest, judge?: Judge): Promise<AddOutcome> {
  return runPlan(store, planAdd(request), judge);
}

/** A judge that knows which pods live, by UID. */
export function judgeOf(living: ReadonlySet<string>): Judge {
  return ({ pod }) =>
    Promise.resolve(
      living.has(pod?.uid ?? "")
        ? { kind: "present", advice: "wait" }
        : { kind: "gone", reason: "it is gone" },
    );
}

/** The addresses of an outcome that has some. */
export function ipsOf(outcome: AddOutcome): readonly string[] {
  return outcome.kind === "granted" || outcome.kind === "held"
    ? outcome.record.addresses.map(({ ip }) => ip)
    : [];
}

/** Runs a DEL for the asker of a request. */
export async function release(
  store: Datastore,
  { space, asker, cooldownMs, now }: AddRequest,
): Promise<Released | undefined> {
  const [released] = await runPlan(
    store,
    planRelease({ space, node: asker, names: [asker], cooldownMs, now }),
  );
  return released;
}
