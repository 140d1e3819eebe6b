/** Calls that fail at any await, alone and at once: nothing is lost, nothing is given twice, and all is healed. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FAULTS, type Planned, type Reached, type StepKind } from "../support/failpoints.ts";
import { Host } from "../support/hosts.ts";
import { runs } from "../support/runs.ts";
import {
  type AddCommand,
  type Command,
  type DelCommand,
  groups,
  IPAM,
  type NodeCommand,
  NODES,
} from "./crash_commands.ts";
import { settleOthers, World } from "./crash_world.ts";

/** The kinds of steps of each verb. */
const STEPS: Readonly<Record<string, readonly StepKind[]>> = {
  add: ["read", "commit", "ask"],
  del: ["read", "commit"],
  gc: ["read", "commit"],
  replay: ["read", "commit"],
  reconcile: ["read", "commit", "ask"],
};

const RUNS = runs(80);
const KINDS = ["read", "commit", "ask"] as const;
/** Who heals: the runtime by DEL, GC, or reconcile. */
const HEALED = ["runtime", "gc", "reconcile"] as const;

/** A call, and what came before it. */
interface Scene {
  readonly name: string;
  readonly before: readonly Command[];
  readonly call: AddCommand | DelCommand | NodeCommand;
}

const GONE: Command = { kind: "scale", isGone: true };
/** A DEL that must be made up for. */
const OWE = del([{ kind: "read", nth: 0, fault: "unreachable" }]);
const SCENES: readonly Scene[] = [
  { name: "ADD", before: [], call: add(0) },
  { name: "ADD, repeated", before: [add(0)], call: add(0, "same") },
  { name: "ADD of a new sandbox", before: [add(1)], call: add(1) },
  { name: "ADD of what a pod held that is gone", before: [add(1), end(1)], call: add(2) },
  { name: "ADD of a pool that a pod held", before: [add(1), add(2), end(1)], call: add(5) },
  { name: "ADD of an owner's next pod", before: [add(3), del(), end(3)], call: add(3) },
  { name: "ADD of an owner whose pod is gone", before: [add(3), end(3)], call: add(3) },
  { name: "ADD of what another owner's pod held", before: [add(6), end(6)], call: add(1) },
  { name: "ADD while a DEL is owed", before: [add(0, "again"), OWE], call: add(0, "again") },
  { name: "ADD of a full range", before: [add(0), add(3), add(4), add(7)], call: add(8) },
  { name: "DEL", before: [add(0)], call: del() },
  { name: "DEL of an owner's", before: [add(3)], call: del() },
  { name: "DEL of nothing", before: [add(0), del()], call: del() },
  { name: "DEL while one is owed", before: [add(0), OWE], call: del() },
  { name: "GC", before: [add(0), add(3), lose(0), lose(1)], call: node("gc") },
  { name: "replay", before: [add(0), OWE], call: node("replay") },
  { name: "replay of an owner's", before: [add(3), OWE], call: node("replay") },
  { name: "reconcile", before: [add(0), add(3), end(0), end(3)], call: node("reconcile") },
  {
    name: "reconcile of an owner's",
    before: [add(9), del(), end(9), GONE],
    call: node("reconcile"),
  },
];

function add(pod: number, sandbox: AddCommand["sandbox"] = "new"): AddCommand {
  return { kind: "add", pod, sandbox, planned: [] };
}

function del(planned: readonly Planned[] = []): DelCommand {
  return { kind: "del", ago: 0, planned };
}

function node(kind: NodeCommand["kind"]): NodeCommand {
  return { kind, node: 0, planned: [] };
}

function end(pod: number): Command {
  return { kind: "end", pod };
}

function lose(ago: number): Command {
  return { kind: "lose", ago };
}

/** Runs a test with three nodes whose files are gone at its end. */
async function withHosts(test: (hosts: readonly Host[]) => Promise<void>): Promise<void> {
  const prefix = "kube-ipam-crashes-";
  // What is written down is synced to the disk: where there is a disk of memory, that costs nothing.
  const folder = await Deno.makeTempDir({ prefix, dir: "/dev/shm" })
    .catch(() => Deno.makeTempDir({ prefix }));
  try {
    await test(NODES.map((name) => new Host(name, { folder, ipam: IPAM })));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function makeWorld(
  hosts: readonly Host[],
  options: { readonly reached: Reached; readonly seed: number },
): Promise<{ readonly world: World; readonly foreign: string }> {
  for (const host of hosts) host.forget();
  const world = new World(hosts, options);
  await settleOthers(world.memory);
  return { world, foreign: world.foreign() };
}

/** Plays a scene to its end; returns how many steps of each kind its call made. */
async function playScene(
  { before, call }: Scene,
  options: {
    readonly hosts: readonly Host[];
    readonly planned: readonly Planned[];
    readonly how: typeof HEALED[number];
    readonly reached: Reached;
  },
): Promise<Readonly<Record<StepKind, number>>> {
  const { hosts, planned, how, reached } = options;
  const { world, foreign } = await makeWorld(hosts, { reached: new Map(), seed: 1 });
  for (const one of before) {
    world.now += 1;
    await Promise.all(world.begin([one]));
  }
  world.now += 1;
  world.reached = reached;
  const begun = world.begin([{ ...call, planned }]);
  assertEquals(begun.length, 1, "the call is made");
  await Promise.all([...begun, world.settle()]);
  const steps = world.calls.at(-1)?.steps;
  assert(steps !== undefined);
  await world.check(foreign);
  await world.heal(how);
  await world.check(foreign);
  return steps;
}

/** Each fault of each step of a scene's call, healed in one way after the other. */
async function sweep(
  scene: Scene,
  { hosts, reached }: { readonly hosts: readonly Host[]; readonly reached: Reached },
): Promise<void> {
  const steps = await playScene(scene, { hosts, reached, planned: [], how: "runtime" });
  const planned = KINDS.flatMap((kind) =>
    Array.from(
      { length: steps[kind] },
      (_, nth) => FAULTS[kind].map((fault): Planned => ({ kind, nth, fault })),
    ).flat()
  );
  for (const [index, one] of planned.entries()) {
    const how = HEALED[index % HEALED.length] ?? "runtime";
    try {
      await playScene(scene, { hosts, reached, planned: [one], how });
    } catch (cause) {
      const { kind, nth, fault } = one;
      throw new Error(`${scene.name}: ${fault} at ${kind} ${nth}, healed by ${how}`, { cause });
    }
  }
}

Deno.test("a call that fails at any one of its awaits breaks nothing, and all is healed", async () => {
  await withHosts(async (hosts) => {
    const reached: Reached = new Map();
    for (const scene of SCENES) await sweep(scene, { hosts, reached });
    const all = Object.entries(STEPS).flatMap(([verb, kinds]) =>
      kinds.flatMap((kind) => FAULTS[kind].map((fault) => `${verb} ${kind} ${fault}`))
    );
    assertEquals(all.filter((point) => !reached.has(point)), [], "every failpoint is reached");
  });
});

/** Calls that meet after the same past: each list is of one runtime, one call after the other. */
const MEETINGS: readonly {
  readonly before: readonly Command[];
  readonly calls: readonly (readonly Scene["call"][])[];
}[] = [
  {
    before: [add(0, "again"), OWE],
    calls: [[add(0, "again")], [node("replay")], [node("replay")]],
  },
  {
    before: [add(0, "again"), OWE],
    calls: [[add(0, "again")], [node("replay"), node("reconcile")]],
  },
  { before: [add(1), add(1)], calls: [[del()], [{ ...del(), ago: 1 }], [node("replay")]] },
  { before: [add(3), end(3)], calls: [[del()], [add(3)], [node("reconcile")]] },
  { before: [add(1), end(1)], calls: [[add(2)], [add(5)], [node("reconcile")]] },
  { before: [add(6), end(6), lose(0)], calls: [[add(1)], [node("gc")], [node("reconcile")]] },
  { before: [add(0, "again"), end(0)], calls: [[del(), add(0, "again")], [node("reconcile")]] },
  { before: [], calls: [[add(1), add(0)], [node("reconcile")]] },
  { before: [add(9), del(), end(9), GONE], calls: [[add(9)], [node("reconcile")]] },
];

async function inTurn(world: World, list: readonly Command[]): Promise<void> {
  for (const one of list) await Promise.all(world.begin([one]));
}

Deno.test("calls that meet break nothing in any order, and all is healed", async () => {
  await withHosts(async (hosts) => {
    for (const { before, calls } of MEETINGS) {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), fc.constantFrom(...HEALED), async (scheduler, how) => {
          const { world, foreign } = await makeWorld(hosts, { reached: new Map(), seed: 1 });
          for (const one of before) {
            world.now += 1;
            await Promise.all(world.begin([one]));
          }
          world.now += 1;
          world.gate = (label) => scheduler.schedule(Promise.resolve(), label);
          await scheduler.waitFor(Promise.all(calls.map((list) => inTurn(world, list))));
          await world.check(foreign);
          await world.heal(how);
          await world.check(foreign);
        }),
        { numRuns: runs(35) },
      );
    }
  });
});

Deno.test("killed at any await, calls of three nodes at once break nothing, and all is healed", async () => {
  const reached: Reached = new Map();
  await withHosts((hosts) =>
    fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        groups,
        fc.constantFrom(...HEALED),
        fc.nat(1_000_000),
        async (scheduler, groups, how, seed) => {
          const { world, foreign } = await makeWorld(hosts, { reached, seed });
          world.gate = (label) => scheduler.schedule(Promise.resolve(), label);
          for (const { ms, list } of groups) {
            world.now += ms;
            await scheduler.waitFor(Promise.all(world.begin(list)));
            await world.check(foreign);
          }
          await scheduler.waitFor(world.settle());
          await world.check(foreign);
          await world.heal(how);
          await world.check(foreign);
        },
      ),
      { numRuns: RUNS },
    )
  );
  const failed = (verb: string): number =>
    [...reached].reduce(
      (sum, [point, times]) => point.startsWith(`${verb} `) ? sum + times : sum,
      0,
    );
  const few = Object.keys(STEPS).filter((verb) => failed(verb) < Math.min(5, RUNS / 20));
  assertEquals(few, [], "each verb failed a few times");
});
