/**
 * What happens in the world of `crash_world.ts`: calls and their faults, and what becomes of pods and containers.
 *
 * @module
 */
import fc from "fast-check";
import { type Fault, FAULTS, type Planned, type StepKind } from "../support/failpoints.ts";

/** The names of the nodes. */
export const NODES = ["node-a", "node-b", "node-c"];
/** What their netconfs say. */
export const IPAM = {
  subnet: "10.0.0.0/28",
  rangeStart: "10.0.0.2",
  rangeEnd: "10.0.0.6",
  gateway: "10.0.0.1",
  cooldown: "2s",
};
/** The gateway: never granted. */
export const GATEWAY = "10.0.0.1";
/** Annotations by pod: some want the same addresses, some keep theirs. */
export const PODS: readonly Readonly<Record<string, string>>[] = [
  {},
  { "kube-ipam.ip": "10.0.0.9" },
  { "kube-ipam.ip": "10.0.0.9,10.0.0.10" },
  { "kube-ipam.owner": "kept", "kube-ipam.retain": "forever" },
  { "kube-ipam.owner": "timed", "kube-ipam.retain": "3s" },
  { "kube-ipam.pool": "10.0.0.9-10.0.0.10" },
  { "kube-ipam.owner": "fixed", "kube-ipam.retain": "forever", "kube-ipam.ip": "10.0.0.9" },
  {},
  {},
  { "kube-ipam.retain": "owner" },
];
/** The pod of a StatefulSet. */
export const OF_SET = 9;

/** ADD of a new sandbox of a pod, of its last one again, or of one whose container ID is used again. */
export interface AddCommand {
  readonly kind: "add";
  readonly pod: number;
  readonly sandbox: "new" | "same" | "again";
  readonly planned: readonly Planned[];
}

/** DEL of one of the containers made so far: 0 is the last one. */
export interface DelCommand {
  readonly kind: "del";
  readonly ago: number;
  readonly planned: readonly Planned[];
}

/** A call that speaks of no container; of a node where there is something to do, if there is any. */
export interface NodeCommand {
  readonly kind: "gc" | "replay" | "reconcile";
  readonly node: number;
  readonly planned: readonly Planned[];
}

/** A call, and how it fails; or something that happens to pods and containers. */
export type Command =
  | AddCommand
  | DelCommand
  | NodeCommand
  /** The runtime forgets a container: GC is not told of it. */
  | { readonly kind: "lose"; readonly ago: number }
  | { readonly kind: "end"; readonly pod: number }
  /** DEL of a container of another cluster, on a node of the same name. */
  | { readonly kind: "stray"; readonly planned: readonly Planned[] }
  /** The StatefulSet is made smaller or larger. */
  | { readonly kind: "scale"; readonly isGone: boolean };

/** Faults of some kinds of steps. */
function faultsOf(...kinds: readonly StepKind[]): fc.Arbitrary<readonly Planned[]> {
  const one: fc.Arbitrary<Planned> = fc.constantFrom(...kinds).chain((kind) =>
    fc.record({
      kind: fc.constant(kind),
      nth: fc.constantFrom(0, 0, 0, 1, 2),
      fault: fc.constantFrom<Fault>(...FAULTS[kind]),
    })
  );
  return fc.array(one, { minLength: 1, maxLength: 3, size: "max" });
}

/** None of the call's first steps of a kind gets through. */
const outage: fc.Arbitrary<readonly Planned[]> = fc.record({
  kind: fc.constantFrom("read" as const, "commit" as const),
  fault: fc.constantFrom<Fault>("unreachable", "lost", "unsent", "full"),
}).map(({ kind, fault }): readonly Planned[] => {
  const [only] = FAULTS[kind].includes(fault) ? [fault] : ["unreachable" as const];
  return Array.from({ length: 6 }, (_, nth) => ({ kind, nth, fault: only ?? fault }));
});
const none = fc.constant<readonly Planned[]>([]);
const ofAdd = fc.oneof(
  { weight: 4, arbitrary: none },
  { weight: 4, arbitrary: faultsOf("read", "commit", "ask") },
  { weight: 1, arbitrary: outage },
);
const ofDel = fc.oneof(
  { weight: 2, arbitrary: none },
  { weight: 2, arbitrary: faultsOf("read", "commit") },
  { weight: 3, arbitrary: outage },
);
const ofNode = fc.oneof(
  { weight: 2, arbitrary: none },
  { weight: 5, arbitrary: faultsOf("read", "commit", "ask") },
  { weight: 1, arbitrary: outage },
);
const pod = fc.nat(PODS.length - 1);
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      pod,
      sandbox: fc.constantFrom("new", "same", "again", "again"),
      planned: ofAdd,
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({ kind: fc.constant("del" as const), ago: fc.nat(4), planned: ofDel }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constantFrom("gc", "replay", "replay", "reconcile", "reconcile"),
      node: fc.nat(NODES.length - 1),
      planned: ofNode,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("stray" as const), planned: ofDel }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("scale" as const), isGone: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("lose" as const), ago: fc.nat(4) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("end" as const), pod }) },
);
/** Calls that run at once, and the time that passes before. */
export const groups = fc.array(
  fc.record({
    ms: fc.constantFrom(1, 1, 1, 4_000),
    list: fc.array(command, { minLength: 2, maxLength: 5, size: "max" }),
  }),
  { minLength: 1, maxLength: 12, size: "max" },
);
