/**
 * Whatever stands in the place of the SQLite file is refused with advice and stays as it is: never is a new database put there, as that
 * would give addresses a second time.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { addressFor, assertRefused, assertSilent, callFor } from "../../support/answers.ts";
import { makeSandbox, type Sandbox } from "../../support/plugin.ts";
import { run } from "../../support/programs.ts";
import { databaseOf, heldIn, soundEntries } from "./_sqlite.ts";

const VERBS = ["ADD", "DEL", "CHECK", "GC", "STATUS"];
const RESTORE = /Restore the file from a backup.*move the file away/s;

/** All files of a folder with their bytes; what is not a file, by its kind. */
async function contentsOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const contents: Record<string, string> = {};
  for await (const { name, isFile } of Deno.readDir(folder)) {
    const bytes = isFile ? await Deno.readFile(`${folder}/${name}`) : undefined;
    contents[name] = bytes === undefined ? "no file" : new TextDecoder("latin1").decode(bytes);
  }
  return contents;
}

async function assertAllRefused(sandbox: Sandbox, advice: RegExp): Promise<void> {
  const prevResult = { cniVersion: "1.1.0", ips: [{ address: "10.1.0.2/24" }] };
  const top = { cniVersion: "1.1.0", prevResult, "cni.dev/valid-attachments": [] };
  const netconf = sandbox.netconf({}, top);
  const before = await contentsOf(sandbox.dataDir);
  for (const verb of VERBS) {
    const answer = await sandbox.call(callFor(verb, "c1", { netconf }));
    const { msg, details } = assertRefused(answer, verb === "STATUS" ? 50 : 5);
    assertMatch(`${msg}: ${details}`, advice);
    assertMatch(details, /allocations\.db/);
  }
  assertEquals(await contentsOf(sandbox.dataDir), before, "nothing was written");
}

/** A database as another application may have it. */
function makeForeign(path: string, layout: number): void {
  const db = new DatabaseSync(path);
  db.exec(`CREATE TABLE bookmarks (url TEXT); INSERT INTO bookmarks VALUES ('https://a.example');
    PRAGMA user_version = ${layout}`);
  db.close();
}

function setLayout(path: string, layout: number): void {
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA user_version = ${layout}`);
  db.close();
}

interface Case {
  readonly advice: RegExp;
  /** Puts it in the place of the file. */
  readonly put: (path: string, bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>;
}

const CASES: Readonly<Record<string, Case>> = {
  "an empty file": {
    advice: RESTORE,
    put: (path) => Deno.writeFile(path, new Uint8Array()),
  },
  "an empty file with a log beside it": {
    advice: RESTORE,
    // SQLite itself would remove the log.
    put: async (path) => {
      await Deno.writeFile(path, new Uint8Array());
      await Deno.writeFile(`${path}-wal`, new Uint8Array(4096));
    },
  },
  "one byte": {
    advice: RESTORE,
    put: (path) => Deno.writeFile(path, new Uint8Array(1)),
  },
  "zeros only": {
    advice: RESTORE,
    put: (path, bytes) => Deno.writeFile(path, new Uint8Array(bytes.length)),
  },
  "garbage in the header": {
    advice: RESTORE,
    put: (path, bytes) =>
      Deno.writeFile(path, bytes.map((byte, at) => at < 100 ? byte ^ 0x5a : byte)),
  },
  "the first half": {
    advice: RESTORE,
    put: (path, bytes) => Deno.writeFile(path, bytes.slice(0, bytes.length / 2)),
  },
  "a directory": {
    advice: RESTORE,
    put: (path) => Deno.mkdir(path),
  },
  "a pipe": {
    advice: RESTORE,
    put: async (path) => void await run(["mkfifo", path]),
  },
  "a symbolic link to nothing": {
    advice: /cannot be opened.*Make ipam\.dataDir/s,
    put: (path) => Deno.symlink("/nowhere/allocations.db", path),
  },
  "another application's database": {
    advice: RESTORE,
    put: (path) => makeForeign(path, 0),
  },
  "another application's database with the number of ours": {
    advice: RESTORE,
    put: (path) => makeForeign(path, 1),
  },
  "an older layout": {
    advice: RESTORE,
    put: async (path, bytes) => {
      await Deno.writeFile(path, bytes);
      setLayout(path, 0);
    },
  },
  "nothing, with a log beside it": {
    advice: RESTORE,
    put: (path) => Deno.writeFile(`${path}-wal`, new Uint8Array(4096)),
  },
};

for (const [what, { advice, put }] of Object.entries(CASES)) {
  Deno.test(`${what} in the place of the database is refused with 5, and stays`, async () => {
    await using sandbox = await makeSandbox();
    const path = databaseOf(sandbox);
    for (const id of ["c0", "c1"]) {
      await addressFor(sandbox, id, { netconf: sandbox.netconf() });
    }
    const bytes = await Deno.readFile(path);
    await Deno.remove(path);
    await put(path, bytes);
    await assertAllRefused(sandbox, advice);

    // The advice, followed: whoever restores the file has everything back.
    for (const suffix of ["", "-wal"]) {
      await Deno.rename(`${path}${suffix}`, `${sandbox.root}/away${suffix}`).catch(() => {});
    }
    await Deno.writeFile(path, bytes);
    assertEquals([...heldIn(await soundEntries(sandbox)).keys()], ["c0", "c1"]);
    assertSilent(
      await sandbox.call(callFor("DEL", "c1", { netconf: sandbox.netconf({ cooldown: "0s" }) })),
    );
  });
}

Deno.test("a database without its file begins anew, as the advice says", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ rangeStart: "10.1.0.2", rangeEnd: "10.1.0.2" });
  await addressFor(sandbox, "c1", { netconf });
  await Deno.remove(databaseOf(sandbox));
  assertEquals(await addressFor(sandbox, "c2", { netconf }), "10.1.0.2");
  await soundEntries(sandbox);
});

Deno.test("a damaged page is refused with 5 by whoever meets it, and gives nothing twice", async () => {
  await using sandbox = await makeSandbox();
  const path = databaseOf(sandbox);
  const netconf = sandbox.netconf({ rangeStart: "10.1.0.10", rangeEnd: "10.1.0.29" });
  for (let at = 0; at < 8; at++) await addressFor(sandbox, `c${at}`, { netconf });
  const bytes = await Deno.readFile(path);
  const held = heldIn(await soundEntries(sandbox));
  const taken = new Set(held.values());
  let refused = 0;
  for (let page = 4096; page < bytes.length; page += 4096) {
    for (const mask of [0, 0xff]) {
      const damaged = bytes.map((byte, at) =>
        at < page || at >= page + 4096 ? byte : mask === 0 ? 0 : byte ^ mask
      );
      await Deno.writeFile(path, damaged);
      const added = await sandbox.call(callFor("ADD", "new", { netconf }));
      if (added.code === 0) assert(!taken.has(added.json.ips[0].address.split("/")[0]));
      else assertMatch(assertRefused(added, 5).details, RESTORE);
      for (const [id, ip] of [...held].slice(0, 3)) {
        const again = await sandbox.call(callFor("ADD", id, { netconf }));
        if (again.code === 0) assertEquals(again.json.ips[0].address, `${ip}/24`);
        else assertMatch(assertRefused(again, 5).details, RESTORE);
        refused += again.code;
        if (added.code === 0) continue;
        assertEquals(await Deno.readFile(path), damaged, "what was refused changed nothing");
        break;
      }
    }
  }
  assertNotEquals(refused, 0);
});
