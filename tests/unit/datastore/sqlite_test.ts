import { assertEquals, assertRejects } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { DatastoreError } from "../../../lib/datastore/datastore.ts";
import { openSqlite, SQLITE_FILE } from "../../../lib/datastore/sqlite.ts";
import { allEntries } from "../../support/invariants.ts";

async function inFolder(fn: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "kube-ipam-sqlite-" });
  try {
    await fn(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const PUT = { guards: [], writes: [{ kind: "put", key: "a", value: "1" } as const] };
const signal = new AbortController().signal;

Deno.test("openSqlite() keeps its time although another process holds the lock", () =>
  inFolder(async (dir) => {
    await using store = openSqlite(dir, { timeoutMs: 400 });
    const other = new DatabaseSync(`${dir}/${SQLITE_FILE}`);
    try {
      other.exec("BEGIN IMMEDIATE");
      for (let round = 0; round < 3; round++) {
        const error = await assertRejects(() => store.commit(PUT, { signal }), DatastoreError);
        assertEquals(error.kind, "unreachable");
      }
    } finally {
      other.close();
    }
  }));

Deno.test("openSqlite() keeps what it held, and refuses a newer layout", () =>
  inFolder(async (dir) => {
    {
      await using store = openSqlite(dir);
      await store.commit(PUT, { signal });
    }
    {
      await using store = openSqlite(dir);
      const [seen] = await store.read([{ kind: "get", key: "a" }], { signal });
      assertEquals(seen?.kind === "get" && seen.entry?.value, "1");
    }
    const db = new DatabaseSync(`${dir}/${SQLITE_FILE}`);
    db.exec("PRAGMA user_version = 9");
    db.close();
    const error = await assertRejects(
      async () => await openSqlite(dir)[Symbol.asyncDispose](),
      DatastoreError,
    );
    assertEquals(error.kind, "storage");
  }));

Deno.test("openSqlite() refuses a damaged page that SQLite reads as other entries", () =>
  inFolder(async (dir) => {
    const fixture = new URL("../../fixtures/schema-1/allocations.db", import.meta.url);
    const bytes = await Deno.readFile(fixture);
    bytes[28_672 + 4] = 8; // how many cells the last page has
    const path = `${dir}/${SQLITE_FILE}`;
    await Deno.writeFile(path, bytes);
    const db = new DatabaseSync(path);
    const { count } = db.prepare("SELECT count(*) AS count FROM entries").get() ?? {};
    db.close();
    assertEquals(count, 63, "three more than there are");
    await using store = openSqlite(dir);
    const error = await assertRejects(() => allEntries(store), DatastoreError);
    assertEquals(error.kind, "storage");
  }));

Deno.test("openSqlite() takes a backup that VACUUM INTO made", () =>
  inFolder(async (dir) => {
    await openSqlite(dir)[Symbol.asyncDispose]();
    const path = `${dir}/${SQLITE_FILE}`;
    const copy = `${dir}/restored`;
    const db = new DatabaseSync(path);
    db.exec(`VACUUM INTO '${copy}'`); // how an operator makes a backup
    db.close();
    await Deno.rename(copy, path);
    await using store = openSqlite(dir);
    assertEquals((await store.commit(PUT, { signal })).kind, "committed");
  }));
