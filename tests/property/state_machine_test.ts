import { assert, assertEquals } from "@std/assert";
import { runs } from "../support/runs.ts";
import { explore, type Explored, type WorldOptions } from "./exploration.ts";

/** The state machine of docs/keys.md, checked: every state that these worlds reach keeps the invariants, and can be healed. */

/** More calls where more runs are asked for: each multiplies the states. */
const MORE = Math.floor(Math.log10(runs(1)));

async function reach(
  options: WorldOptions,
  expected: { readonly states: number; readonly outcomes: readonly string[] },
): Promise<Explored> {
  const explored = await explore({ ...options, calls: options.calls + MORE });
  const { states, outcomes } = explored;
  assert(states >= expected.states, `${states} states are reached, not ${expected.states}`);
  assertEquals(
    expected.outcomes.filter((one) => !outcomes.has(one)),
    [],
    "every outcome is reached",
  );
  return explored;
}

Deno.test("sandboxes of one pod, a pod of another node, and GC: every order keeps the invariants", async () => {
  await reach({
    pods: [{ uid: "1" }, { uid: "2" }],
    containers: [{ pods: [0], node: "a" }, { pods: [0], node: "a" }, { pods: [1], node: "b" }],
    gc: ["a"],
    ticks: 0,
    calls: 4,
    atOnce: 2,
    faults: 0,
  }, {
    states: 1000,
    outcomes: ["ADD granted", "ADD of a new sandbox", "DEL released", "DEL absent"],
  });
});

Deno.test("a new sandbox while the ADD of the former one goes on: every order keeps the invariants", async () => {
  await reach({
    pods: [{ uid: "1" }],
    containers: [{ pods: [0], node: "a" }, { pods: [0], node: "a" }],
    overlaps: true,
    ticks: 0,
    calls: 4,
    atOnce: 2,
    faults: 0,
  }, {
    states: 200,
    outcomes: ["ADD granted", "ADD of a new sandbox", "ADD superseded", "DEL released"],
  });
});

Deno.test("DELs that are owed, replays at once, GC and a container ID used again: every order keeps the invariants", async () => {
  await reach({
    pods: [{ uid: "1" }],
    containers: [{ pods: [0], node: "a" }],
    gc: ["a"],
    ticks: 0,
    calls: 6,
    atOnce: 3,
    faults: 1,
  }, {
    states: 1000,
    outcomes: [
      "ADD while a DEL is owed",
      "ADD held",
      "replay released",
      "replay kept",
      "replay absent",
      "GC released",
      "GC absent",
    ],
  });
});

Deno.test("a container ID of one pod after the other, and a pod that asks for their address: every order keeps the invariants (found by model)", async () => {
  await reach({
    pods: [{ uid: "1" }, { uid: "2" }, { uid: "3", wish: "10.0.0.1" }],
    containers: [{ pods: [0, 1], node: "a" }, { pods: [2], node: "b" }],
    ending: [0],
    ticks: 0,
    calls: 4,
    atOnce: 2,
    faults: 1,
  }, {
    states: 2000,
    outcomes: ["ADD while a DEL is owed", "ADD taken", "ADD takes over", "replay kept"],
  });
});

Deno.test("an owner's pods one after the other, and a pod that asks for their address: every order keeps the invariants", async () => {
  await reach({
    pods: [
      { uid: "1", owner: "kept", retain: "forever" },
      { uid: "2", owner: "kept", retain: "forever" },
      { uid: "3", wish: "10.0.0.1" },
    ],
    containers: [{ pods: [0], node: "a" }, { pods: [1], node: "b" }, { pods: [2], node: "b" }],
    ending: [0],
    ticks: 0,
    calls: 4,
    atOnce: 2,
    faults: 0,
  }, {
    states: 2000,
    outcomes: ["ADD granted", "ADD takes over", "ADD taken", "DEL released"],
  });
});

Deno.test("two nodes, lost answers and addresses that cool down: every order keeps the invariants", async () => {
  await reach({
    pods: [{ uid: "1" }, { uid: "2", owner: "timed", retain: 10 }],
    containers: [{ pods: [0], node: "a" }, { pods: [1], node: "b" }],
    ticks: 1,
    calls: 3,
    atOnce: 2,
    faults: 1,
  }, {
    states: 2000,
    outcomes: ["ADD granted", "ADD held", "DEL released", "DEL absent", "replay released"],
  });
});

Deno.test("three pods that ask for one address: every order keeps the invariants", async () => {
  const wish = "10.0.0.3";
  await reach({
    pods: [{ uid: "1", wish }, { uid: "2", wish }, { uid: "3", wish }],
    containers: [{ pods: [0], node: "a" }, { pods: [1], node: "b" }, { pods: [2], node: "b" }],
    ending: [0, 1],
    ticks: 0,
    calls: 3,
    atOnce: 3,
    faults: 0,
  }, { states: 500, outcomes: ["ADD granted", "ADD takes over", "ADD taken", "DEL released"] });
});

Deno.test("reconcile beside ADDs, DELs and itself, while pods end: every order keeps the invariants", async () => {
  await reach({
    pods: [{ uid: "00000000-0000-4000-8000-000000000001" }, {
      uid: "00000000-0000-4000-8000-000000000002",
      wish: "10.0.0.1",
    }],
    containers: [{ pods: [0, 1], node: "a" }, { pods: [1], node: "b" }],
    reconciles: true,
    ending: [0],
    ticks: 0,
    calls: 4,
    atOnce: 2,
    faults: 0,
  }, { states: 500, outcomes: ["reconcile released", "reconcile kept", "reconcile absent"] });
});
