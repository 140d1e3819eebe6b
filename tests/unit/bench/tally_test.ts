import { assertEquals } from "@std/assert";
import type { Answer } from "../../../bench/measure/load.ts";
import { count, newTally, rowOf } from "../../../bench/measure/tally.ts";

function answer(changes: Partial<Answer>): Answer {
  const base = { index: 0, code: 0, wallMs: 10, endedMs: 10, cpuMs: 5, text: "", addresses: [] };
  return { ...base, ...changes };
}

const NAME = { name: "x", of: "ours" } as const;

Deno.test("a failed call is counted, its time is not", () => {
  const tally = newTally();
  const answers = [answer({}), answer({ code: 1, wallMs: 900, text: '{\n  "code": 11\n}' })];
  count(tally, { asked: 2, answers });
  const row = rowOf(tally, NAME);
  assertEquals(row.failures, 1);
  assertEquals(row.wallMs?.max, 10);
  assertEquals(row.wallMs?.count, 1);
  assertEquals(row.note, 'failed: { "code": 11 }');
});

Deno.test("an address is a duplicate while somebody holds it, in a later batch too", () => {
  const tally = newTally();
  const held = new Set<string>();
  const one = answer({ addresses: ["10.0.0.2"] });
  count(tally, { asked: 2, answers: [one, answer({ addresses: ["10.0.0.3"] })], held });
  assertEquals(tally.duplicates, 0);
  count(tally, { asked: 1, answers: [one], held });
  assertEquals(rowOf(tally, NAME).duplicates, 1);
});

Deno.test("the rate counts what succeeded in the time from the first start to the last end", () => {
  const tally = newTally();
  const batch = [answer({ endedMs: 100 }), answer({ endedMs: 250 }), answer({ code: 1 })];
  for (let round = 0; round < 2; round++) count(tally, { asked: 3, answers: batch });
  assertEquals(rowOf(tally, NAME).perSecond, 4 / 0.5);
});

Deno.test("calls that were killed or never made are told apart from those that failed", () => {
  const tally = newTally();
  count(tally, { asked: 4, answers: [answer({}), answer({ code: 137 })] });
  const { note, failures } = rowOf(tally, { ...NAME, note: "one burst" });
  assertEquals(note, "one burst; 3 of 4 calls were out of time and ended");
  assertEquals(failures, 3);
});

Deno.test("a row without a single success has no times", () => {
  const tally = newTally();
  count(tally, { asked: 1, answers: [answer({ code: 1, text: "no" })] });
  const row = rowOf(tally, NAME);
  assertEquals(row.wallMs, undefined);
  assertEquals(row.cpuMs, undefined);
});
