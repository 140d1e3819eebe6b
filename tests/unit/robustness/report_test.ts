import { assert, assertEquals, assertMatch } from "@std/assert";
import { formatLast, formatReport, isGood, type Outcome } from "../../robustness/report.ts";
import { countsOf } from "../../robustness/tally.ts";
import { call } from "./_history.ts";

const OUTCOME: Outcome = {
  seed: "one",
  minutes: 2,
  calls: [
    call("ADD", "c1", { ip: "10.9.0.20" }),
    call("ADD", "c2", { exit: undefined, killed: "claim committed" }),
    call("ADD", "c3", { exit: undefined, killed: "take-over committed" }),
    call("DEL", "c1", { exit: undefined, killed: "release random" }),
    call("replay", "c1", { exit: undefined, killed: "replay committed" }),
  ],
  faults: new Map([["kill leader", 2], ["partition", 3]]),
  happened: new Map(),
  violations: [],
  missing: [],
  skipped: [],
};

Deno.test("formatLast() ends a good run with its counts, faults of the network apart", () => {
  assertEquals(
    formatLast(OUTCOME),
    "5 calls, 4 kills, 2 faults of etcd, 0 duplicates, 0 leaks, 0 other violations",
  );
  assert(isGood(OUTCOME));
});

Deno.test("a violation of any kind, and a goal that was missed, spoil a run", () => {
  for (const kind of ["duplicate", "leak", "lost"] as const) {
    assert(!isGood({ ...OUTCOME, violations: [{ kind, text: "" }] }), kind);
  }
  const missing = ["1 of 5 kills in DEL"];
  assert(!isGood({ ...OUTCOME, missing }));
  assertMatch(formatLast({ ...OUTCOME, missing }), /too few: 1 of 5 kills in DEL$/);
  assertMatch(formatLast({ ...OUTCOME, violations: [{ kind: "leak", text: "" }] }), /1 leaks/);
});

Deno.test("formatReport() names the seed and what was left out", () => {
  const text = formatReport({ ...OUTCOME, skipped: ["reconcile"] });
  assertMatch(text, /^2 minutes, seed `one`, without reconcile\n/);
  assertMatch(text, /\| claim committed +\| +1 \|/);
});

Deno.test("countsOf() counts kills where they fall", () => {
  assertEquals(countsOf(OUTCOME), { kills: 4, claims: 2, dels: 1, moves: 2, faults: 2 });
});
