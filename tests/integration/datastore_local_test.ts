import { MemoryDatastore } from "../../lib/datastore/memory.ts";
import { openSqlite } from "../../lib/datastore/sqlite.ts";
import { datastoreSuite } from "./datastore_suite.ts";

datastoreSuite("memory", () => {
  const store = new MemoryDatastore();
  return Promise.resolve({
    store,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  });
});

datastoreSuite("SQLite", async () => {
  const dir = await Deno.makeTempDir({ prefix: "kube-ipam-suite-" });
  const store = openSqlite(dir);
  return {
    store,
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]();
      await Deno.remove(dir, { recursive: true });
    },
  };
});
