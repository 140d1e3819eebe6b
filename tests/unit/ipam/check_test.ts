import { assertEquals } from "@std/assert";
import { MemoryDatastore } from "../../../lib/datastore/memory.ts";
import { planCheck } from "../../../lib/ipam/check.ts";
import { parseAddr } from "../../../lib/net/addr.ts";
import { put } from "../../../lib/state/operations.ts";
import { parseAddress } from "../../../lib/state/record_text.ts";
import type { AddressRecord } from "../../../lib/state/records.ts";
import type { Write } from "../../../lib/state/txn.ts";
import { add, addRequest, ASKER, ipsOf, runPlan } from "../../support/allocator.ts";
import { setOf } from "../../support/sets.ts";

/** What stands at the address instead, and how CHECK ends. */
const CASES: readonly (readonly [string, Partial<AddressRecord> | undefined, string])[] = [
  ["as it was", {}, "ok"],
  ["nothing", undefined, "lost"],
  ["cooling", { state: "cooling", until: 9_000_000 }, "lost"],
  ["retained", { state: "retained", owner: { namespace: "a", name: "b" } }, "lost"],
  ["another container", { containerID: "c2" }, "lost"],
  ["another interface", { ifname: "net1" }, "lost"],
  ["another network", { network: "other" }, "lost"],
];

for (const [what, changes, kind] of CASES) {
  Deno.test(`planCheck() of an address at which stands: ${what}`, async () => {
    await using store = new MemoryDatastore();
    const [ip = ""] = ipsOf(
      await add(store, addRequest({ sets: [setOf({ subnet: "10.0.0.0/24" })] })),
    );
    const entry = store.entries().find(({ key }) => key.includes("/addresses/"));
    const key = entry?.key ?? "";
    const write: Write = entry === undefined || changes === undefined
      ? { kind: "delete", key }
      : put(key, { ...parseAddress(entry), ...changes });
    await store.commit({ guards: [], writes: [write] }, { signal: AbortSignal.timeout(1000) });
    const before = store.entries();
    const previous = [{ addr: parseAddr(ip), prefixLength: 24 }];
    const asked = { space: "default", node: ASKER, name: ASKER, previous };
    for (let time = 0; time < 2; time++) {
      assertEquals((await runPlan(store, planCheck(asked))).kind, kind);
    }
    assertEquals(store.entries(), before);
  });
}
