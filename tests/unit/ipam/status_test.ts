import { assertEquals, assertRejects } from "@std/assert";
import { type Datastore, DatastoreError } from "../../../lib/datastore/datastore.ts";
import { MemoryDatastore } from "../../../lib/datastore/memory.ts";
import { planStatus } from "../../../lib/ipam/status.ts";
import { networkKey } from "../../../lib/state/keys.ts";
import { runPlan } from "../../support/allocator.ts";

const ASKED = { space: "default", network: "net", sets: [], now: 1 };

Deno.test("planStatus() with a trial writes nothing, whatever stands at the key", async () => {
  await using store = new MemoryDatastore();
  for (let revision = 0; revision < 3; revision++) {
    const before = store.entries();
    assertEquals(await runPlan(store, planStatus({ ...ASKED, trial: true })), []);
    assertEquals(store.entries(), before);
    const write = { kind: "put", key: networkKey("default", "net"), value: "{}" } as const;
    await store.commit({ guards: [], writes: [write] }, { signal: AbortSignal.timeout(1000) });
  }
});

Deno.test("planStatus() commits with a trial only, and that must be taken", async () => {
  await using memory = new MemoryDatastore();
  const readOnly: Datastore = {
    read: memory.read.bind(memory),
    commit: () => Promise.reject(new DatastoreError("storage", "it is read-only", { repair: "" })),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  assertEquals(await runPlan(readOnly, planStatus(ASKED)), []);
  await assertRejects(
    () => runPlan(readOnly, planStatus({ ...ASKED, trial: true })),
    DatastoreError,
  );
});
