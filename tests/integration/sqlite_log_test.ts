/**
 * Copies of the SQLite files whose write-ahead log was cut or torn: what opens is exactly what was committed before the damage.
 *
 * @module
 */
import { assertEquals, assertNotEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { openSqlite, SQLITE_FILE } from "../../lib/datastore/sqlite.ts";
import { add, addRequest, release, seeded } from "../support/allocator.ts";
import { allEntries, checkInvariants } from "../support/invariants.ts";
import { setOf } from "../support/sets.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** How long the log was after a commit, and what the database held then. */
interface Moment {
  readonly length: number;
  readonly entries: string;
}

async function entriesAt(dataDir: string): Promise<string> {
  await using store = openSqlite(dataDir);
  await checkInvariants(store);
  return JSON.stringify(await allEntries(store));
}

/** What opens of a database and a log. */
async function reopened({ db, wal }: { readonly db: Bytes; readonly wal: Bytes }): Promise<string> {
  const dataDir = await Deno.makeTempDir({ prefix: "kube-ipam-log-" });
  try {
    await Deno.writeFile(`${dataDir}/${SQLITE_FILE}`, db);
    await Deno.writeFile(`${dataDir}/${SQLITE_FILE}-wal`, wal);
    return await entriesAt(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

interface Recorded {
  readonly db: Bytes;
  readonly wal: Bytes;
  /** The first one is that of the last checkpoint. */
  readonly moments: readonly Moment[];
}

/** Changes of a database that nobody closes: a checkpoint after some of them, and all others in the log. */
async function record(): Promise<Recorded> {
  const dataDir = await Deno.makeTempDir({ prefix: "kube-ipam-log-" });
  try {
    const path = `${dataDir}/${SQLITE_FILE}`;
    await using store = openSqlite(dataDir);
    const sets = [setOf({ subnet: "10.0.0.0/24", gateway: "10.0.0.1" })];
    const change = async (turn: number): Promise<void> => {
      const id = turn % 3 === 2 ? turn - 1 : turn; // each third one gives the former's address back
      const asker = { containerId: `c${id}` };
      const request = addRequest({ now: turn, cooldownMs: 5, sets, random: seeded(turn), asker });
      if (id === turn) assertEquals((await add(store, request)).kind, "granted");
      else assertEquals((await release(store, request))?.kind, "released");
    };
    const look = async (): Promise<Moment> => ({
      length: (await Deno.stat(`${path}-wal`)).size,
      entries: JSON.stringify(await allEntries(store)),
    });
    for (let turn = 0; turn < 6; turn++) await change(turn);
    using other = new DatabaseSync(path);
    other.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    const moments = [await look()];
    for (let turn = 6; turn < 12; turn++) {
      await change(turn);
      moments.push(await look());
    }
    return { db: await Deno.readFile(path), wal: await Deno.readFile(`${path}-wal`), moments };
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("a log that was cut holds what was committed before, and the checkpoint what was before it", async () => {
  const { db, wal, moments } = await record();
  assertNotEquals(moments[0]?.entries, "[]");
  assertEquals(moments.at(-1)?.length, wal.length);
  const lengths = new Set(moments.flatMap(({ length }) => [length - 1, length, length + 1]));
  for (let length = 0; length < wal.length; length += 2048) lengths.add(length);
  for (const length of lengths) {
    if (length < 0) continue;
    const was = moments.findLast((moment) => moment.length <= length);
    const found = await reopened({ db, wal: wal.slice(0, length) });
    assertEquals(found, was?.entries, `${length} of ${wal.length} bytes`);
  }
});

Deno.test("a log that is torn anywhere in its last frame ends with the commit before", async () => {
  const { db, wal, moments } = await record();
  const [before, last] = moments.slice(-2);
  const frame = 24 + 4096;
  for (let at = wal.length - frame; at < wal.length; at += 512) {
    const torn = wal.map((byte, index) => index === at ? byte ^ 1 : byte);
    const found = await reopened({ db, wal: torn });
    assertNotEquals(found, last?.entries, `byte ${at}`);
    assertEquals(found, before?.entries, `byte ${at}`);
  }
});

Deno.test("a log of zeros, of garbage or of another database is passed over", async () => {
  const { db, wal, moments } = await record();
  const other = await record();
  for (const strange of [new Uint8Array(wal.length), wal.map((byte) => byte ^ 0xff)]) {
    assertEquals(await reopened({ db, wal: strange }), moments[0]?.entries);
  }
  assertEquals(await reopened({ db: other.db, wal: other.wal }), other.moments.at(-1)?.entries);
});
