import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { planFaults, ROUND } from "../../robustness/plan/faults.ts";
import { goalsOf, missing } from "../../robustness/plan/goals.ts";
import { type Step, stepsOf, WEIGHTS } from "../../robustness/plan/steps.ts";

function steps(seed: string, lane: number): readonly unknown[] {
  const seen: Step[] = [];
  for (const step of stepsOf(seed, { lane })) {
    if (seen.push(step) === 400) break;
  }
  return seen.map(({ kind, kills, dice }) => [kind, kills, dice.next()]);
}

Deno.test("stepsOf() draws the same steps for the same seed and lane, and others for others", () => {
  assertEquals(steps("one", 0), steps("one", 0));
  assertNotEquals(steps("one", 0), steps("two", 0));
  assertNotEquals(steps("one", 0), steps("one", 1));
});

Deno.test("stepsOf() draws every kind, and only those that are asked for", () => {
  const kinds = new Set<string>();
  let count = 0;
  for (const { kind } of stepsOf("one", { lane: 0 })) {
    kinds.add(kind);
    if (count++ === 2_000) break;
  }
  assertEquals([...kinds].sort(), Object.keys(WEIGHTS).sort());
  count = 0;
  for (const { kind } of stepsOf("one", { lane: 0, only: ["start", "late"] })) {
    assert(kind === "start" || kind === "late");
    if (count++ === 200) break;
  }
});

Deno.test("planFaults() plans the same faults for the same seed, each kind within two minutes", () => {
  assertEquals(planFaults("one", 2), planFaults("one", 2));
  assertNotEquals(planFaults("one", 2), planFaults("two", 2));
  const kinds = new Set(planFaults("one", 2).etcd.map(({ kind }) => kind));
  assertEquals([...kinds].sort(), [...new Set(ROUND)].sort());
});

Deno.test("planFaults() plans more faults than a run must have", () => {
  for (const minutes of [0.2, 1, 10]) {
    assert(planFaults("one", minutes).etcd.length >= goalsOf(minutes).faults);
  }
});

Deno.test("goalsOf() asks of ten minutes what was promised, and missing() names what is not there", () => {
  const goals = goalsOf(10);
  assertEquals(goals, { kills: 300, claims: 100, dels: 50, moves: 50, faults: 30 });
  assertEquals(missing(goals, goals), []);
  assertEquals(missing({ ...goals, dels: 49 }, goals), ["49 of 50 kills in DEL"]);
});
