/**
 * Random commands for `allocation_play.ts`: what runtimes, operators, pods and time do.
 *
 * @module
 */
import fc from "fast-check";
import type { Retain } from "../../lib/config/retain.ts";
import type { AddRequest } from "../../lib/ipam/request.ts";

/** One thing that happens. */
export type Command =
  | AddCommand
  /** DEL of one of the containers made so far: of the last one, or of an earlier one, late. */
  | { readonly kind: "del" | "check" | "defer"; readonly ago: number; readonly ifName: number }
  /** The pod ends; the next of its name is another. */
  | { readonly kind: "end"; readonly pod: number }
  | { readonly kind: "wait"; readonly ms: number }
  /** GC with a list that names about half of the containers. */
  | { readonly kind: "gc"; readonly node: number; readonly valid: number }
  | { readonly kind: "replay" | "reboot"; readonly node: number }
  | { readonly kind: "free"; readonly ip: number; readonly force: boolean }
  | ReconcileCommand
  /** A call for a container of another cluster, whose node has the same name. */
  | { readonly kind: "stray"; readonly verb: "add" | "del" | "replay" };

/** Reconcile, with what the API says. */
export interface ReconcileCommand {
  readonly kind: "reconcile";
  /** Where it runs: there it knows the boot. */
  readonly node: number;
  readonly isSetGone: boolean;
  readonly graceMs: number;
}

/** ADD for a pod. */
export interface AddCommand {
  readonly kind: "add";
  readonly pod: number;
  /** Whether the runtime calls for a new sandbox, for the last one again, or uses a container ID that was in use before. */
  readonly sandbox: "new" | "same" | "again";
  readonly ifName: number;
  readonly wishes: readonly number[];
  readonly isPooled: boolean;
  /** The process ends after its commit: nobody is answered, and a DEL that is owed stays owed. */
  readonly isKilled: boolean;
}

/** What stays the same during one run. */
export interface Setting {
  readonly allocation: AddRequest["allocation"];
  readonly cooldownMs: number;
  readonly dual: boolean;
  readonly seed: number;
}

/** The interfaces of a pod. */
export const INTERFACES = ["eth0", "net1"];
/** Addresses of which a pod may ask for any. */
export const POOL = ["10.0.0.9", "10.0.0.10", "10.0.0.11"];
/** Addresses that pods ask for, and that operators free. */
export const ASKED = [...POOL, "10.0.0.3", "10.0.0.4"];
/** Pods: the first three of one node, the others of the other one. The last is podman's, which names no pod. */
export const PODS: readonly {
  readonly owner?: string;
  readonly retain?: Retain;
}[] = [
  {},
  { owner: "a", retain: "forever" },
  { owner: "b", retain: 5_000 },
  { owner: "set-3", retain: "owner" },
  { owner: "a", retain: "forever" },
  { owner: "d", retain: "none" },
  {},
];
/** The index of podman's. */
export const PODMAN = PODS.length - 1;

const commands: readonly fc.WeightedArbitrary<Command>[] = [
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      pod: fc.nat(PODS.length - 1),
      sandbox: fc.constantFrom("new", "new", "same", "same", "again"),
      ifName: fc.constantFrom(0, 0, 0, 1),
      wishes: fc.oneof(
        { weight: 2, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.uniqueArray(fc.nat(ASKED.length - 1), { maxLength: 2 }) },
      ),
      isPooled: fc.nat(5).map((value) => value === 0),
      isKilled: fc.nat(5).map((value) => value === 0),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constantFrom("del" as const, "del" as const, "check" as const, "defer" as const),
      ago: fc.oneof(fc.nat(2), fc.nat(9)),
      ifName: fc.constantFrom(0, 0, 0, 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("end" as const), pod: fc.nat(PODS.length - 1) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(8_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("gc" as const),
      node: fc.nat(1),
      valid: fc.nat(2 ** 16 - 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom("replay" as const, "replay" as const, "reboot" as const),
      node: fc.nat(1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("free" as const),
      ip: fc.nat(ASKED.length - 1),
      force: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("stray" as const),
      verb: fc.constantFrom("add", "del", "replay"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("reconcile" as const),
      node: fc.nat(1),
      isSetGone: fc.boolean(),
      graceMs: fc.constantFrom(0, 3_000),
    }),
  },
];

/** Lists of commands. */
export function commandLists(maxLength: number): fc.Arbitrary<readonly Command[]> {
  return fc.array(fc.oneof(...commands), { maxLength, size: "max" });
}

/** Settings. */
export const settings: fc.Arbitrary<Setting> = fc.record({
  allocation: fc.constantFrom("random", "sequential", "lowest", "owner-hash"),
  cooldownMs: fc.constantFrom(0, 6_000),
  dual: fc.boolean(),
  seed: fc.nat(1_000_000),
});
