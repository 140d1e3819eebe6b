import { assertEquals, assertMatch } from "@std/assert";
import type { CallRecord } from "../../robustness/history.ts";
import { remains, remainsOfPods } from "../../robustness/check/remains.ts";
import { unreturned } from "../../robustness/check/unreturned.ts";
import { formatRecord } from "../../../lib/state/record_text.ts";
import type { Entry } from "../../../lib/state/txn.ts";
import { attachment, call, changes, claimed, released } from "./_history.ts";

function entriesOf(keys: ReturnType<typeof claimed>): readonly Entry[] {
  return keys.map(({ key, value = "" }) => ({ key, value, revision: "2" }));
}

Deno.test("remains() finds every key of an attachment that was left, and what journals hold", () => {
  const left = entriesOf(
    claimed(attachment("c1", ["10.9.0.20"], { pod: { name: "u1", uid: "u1" } })),
  );
  const found = remains(left, ["pending/default/net/c2.json"]);
  assertEquals(found.map(({ kind }) => kind), Array(5).fill("leak"));
  assertMatch(found[0]?.text ?? "", /10\.9\.0\.20 is held for a\/c1 on n1 of pod u1/);
  assertEquals(remainsOfPods(left).length, 1);
  assertEquals(remainsOfPods(entriesOf(claimed(attachment("c2", ["10.9.0.21"])))), []);
});

Deno.test("unreturned() finds what is held after its DEL has succeeded", () => {
  const record = attachment("c1", ["10.9.0.20"]);
  const parts = (options: Partial<CallRecord>): Parameters<typeof unreturned>[0] => ({
    calls: [
      call("ADD", "c1", { ip: "10.9.0.20", endMs: 100 }),
      call("DEL", "c1", { startMs: 200, endMs: 300, ...options }),
    ],
    changes: changes(claimed(record)),
  });
  assertEquals(unreturned(parts({})).map(({ kind }) => kind), ["leak"]);
  assertEquals(unreturned(parts({ exit: 1 })), []);
  assertEquals(unreturned(parts({ node: "n2" })), []);
  assertEquals(unreturned(parts({ startMs: 50 })), []);
  assertEquals(
    unreturned({ ...parts({}), changes: changes(claimed(record), released(record)) }),
    [],
  );
});

Deno.test("unreturned() leaves a claim that may have come after the DEL to reconcile", () => {
  const calls = [
    call("ADD", "c1", { exit: undefined, killed: "claim random", endMs: 100 }),
    call("DEL", "c1", { startMs: 200, endMs: 300 }),
  ];
  assertEquals(
    unreturned({ calls, changes: changes(claimed(attachment("c1", ["10.9.0.20"]))) }),
    [],
  );
});

Deno.test("remains() lets addresses cool down", () => {
  const { addresses: [grant], ...holder } = attachment("c1", ["10.9.0.20"]);
  const record = { ...holder, ip: "10.9.0.20", prefixLength: 24, source: "range", cools: true };
  const value = (state: "cooling" | "retained"): string =>
    formatRecord({ ...record, ...grant, state, until: 5 });
  const key = "/kube-ipam/v1/default/addresses/4/0a090014";
  const other = { key: "/kube-ipam/v1/default/networks/robustnet", value: "{}", revision: "2" };
  assertEquals(remains([{ key, value: value("cooling"), revision: "2" }, other], []), []);
  assertEquals(remains([{ key, value: value("retained"), revision: "2" }], []).length, 1);
});
