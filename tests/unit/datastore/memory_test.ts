import { assertEquals } from "@std/assert";
import { MemoryDatastore } from "../../../lib/datastore/memory.ts";
import type { Txn } from "../../../lib/state/txn.ts";

const signal = new AbortController().signal;

function puts(value: string): Txn {
  return { guards: [], writes: [{ kind: "put", key: "a", value }] };
}

Deno.test("fork() copies entries and revisions, and neither copy sees what the other is given", async () => {
  await using store = new MemoryDatastore();
  await store.commit(puts("1"), { signal });
  await using copy = store.fork();
  assertEquals(copy.entries(), store.entries());
  await store.commit(puts("2"), { signal });
  assertEquals(copy.entries(), [{ key: "a", value: "1", revision: "1" }]);
  await copy.commit({ guards: [], writes: [{ kind: "delete", key: "a" }] }, { signal });
  await copy.commit(puts("3"), { signal });
  // A revision is never given twice, though the key was gone.
  assertEquals(copy.entries(), [{ key: "a", value: "3", revision: "3" }]);
  assertEquals(store.entries(), [{ key: "a", value: "2", revision: "2" }]);
});
