/**
 * One suite for every datastore: what all of them must do in the same way. Long because it is one list of rules.
 *
 * @module
 */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { type Datastore, DatastoreError } from "../../lib/datastore/datastore.ts";
import type { Committed, Conflict, Entry, Read, Seen, Txn, Write } from "../../lib/state/txn.ts";
import { type Need, testNeeding } from "../support/needs.ts";

/** A datastore under test; disposal ends it and what it stands on. */
export interface OpenStore extends AsyncDisposable {
  readonly store: Datastore;
}

/** What the suite needs to know of a datastore. */
export interface DatastoreSuiteOptions {
  /** What the machine must have. */
  readonly needs?: readonly Need[];
  /** How many calls run at once in the race. Default 8. */
  readonly racers?: number;
}

/** All keys of the suite begin with it: a role limited to a prefix may be tested too. */
const ROOT = "/kube-ipam/v1/suite/";
const CALL_MS = 10_000;

type Fixture = {
  readonly read: (...reads: Read[]) => Promise<readonly Seen[]>;
  readonly commit: (txn: Partial<Txn>) => Promise<Committed | Conflict>;
  readonly get: (key: string) => Promise<Entry | undefined>;
  readonly store: Datastore;
};

/**
 * Registers the suite for one datastore.
 *
 * @param name The name of the datastore.
 * @param open Opens an empty one: called for each test.
 * @param options What it needs.
 */
export function datastoreSuite(
  name: string,
  open: () => Promise<OpenStore>,
  options: DatastoreSuiteOptions = {},
): void {
  const { needs = [], racers = 8 } = options;
  const test = (title: string, fn: (fixture: Fixture) => Promise<void>): void =>
    testNeeding(needs, `${name}: ${title}`, async () => {
      await using opened = await open();
      await fn(fixtureOf(opened.store));
    });

  test("read() answers nothing for no reads", async ({ read }) => {
    assertEquals(await read(), []);
  });

  test("read() finds a key that was put, and no other", async ({ commit, get }) => {
    assertEquals(await get("a"), undefined);
    assertEquals(await commit({ writes: [put("a", "1")] }), { kind: "committed" });
    const entry = await get("a");
    assertEquals([entry?.key, entry?.value], [`${ROOT}a`, "1"]);
    assertEquals(await get("a/b"), undefined);
  });

  test("read() lists keys and revisions, with values when asked", async ({ commit, read, get }) => {
    await commit({ writes: [put("l/1", "one"), put("l/2", "two"), put("m", "no")] });
    const second = await get("l/2");
    const [bare, full] = await read(list("l/", "l0"), list("l/", "l0", { values: true }));
    assertEquals(entriesOf(bare).map(({ key, value }) => [key, value]), [
      [`${ROOT}l/1`, ""],
      [`${ROOT}l/2`, ""],
    ]);
    assertEquals(entriesOf(full).map(({ value }) => value), ["one", "two"]);
    assertEquals(entriesOf(bare)[1]?.revision, second?.revision);
    assertEquals(entriesOf(full)[1], second);
  });

  test("read() keeps to the limit of a list and tells that there is more", async (fixture) => {
    const { commit, read } = fixture;
    await commit({ writes: ["1", "2", "3"].map((one) => put(`l/${one}`, one)) });
    const limits = [0, 1, 2, 3, 4];
    const seen = await read(...limits.map((limit) => list("l/", "l0", { limit, values: true })));
    assertEquals(seen.map((one) => entriesOf(one).map(({ value }) => value).join("")), [
      "",
      "1",
      "12",
      "123",
      "123",
    ]);
    assertEquals(seen.map((one) => one.kind === "list" && one.more), [
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  test("read() counts an interval, the end left out", async ({ commit, read }) => {
    await commit({ writes: ["a", "b", "c"].map((one) => put(`c/${one}`, one)) });
    const counts = await read(
      count("c/", "c0"),
      count("c/a", "c/c"),
      count("c/b", "c/b"),
      count("c/c", "c/a"),
      count("d/", "d0"),
    );
    assertEquals(counts, [3, 2, 0, 0, 0].map((one) => ({ kind: "count", count: one })));
  });

  test("read() takes an empty end as an empty interval", async ({ commit, read }) => {
    await commit({ writes: [put("a", "1")] });
    const seen = await read(
      { kind: "count", from: `${ROOT}a`, to: "" },
      { kind: "list", from: `${ROOT}a`, to: "", limit: 5 },
    );
    assertEquals(seen, [
      { kind: "count", count: 0 },
      { kind: "list", entries: [], more: false },
    ]);
  });

  test("read() answers in the order of the reads", async ({ commit, read }) => {
    await commit({ writes: [put("a", "1"), put("b", "2")] });
    const seen = await read(count("a", "c"), get("b"), list("a", "b"), get("none"), get("a"));
    assertEquals(seen.map(({ kind }) => kind), ["count", "get", "list", "get", "get"]);
    assertEquals(seen.map((one) => one.kind === "get" && one.entry?.value), [
      false,
      "2",
      false,
      undefined,
      "1",
    ]);
  });

  test("commit() applies nothing and everything of an empty transaction", async ({ commit }) => {
    assertEquals(await commit({}), { kind: "committed" });
  });

  test("commit() without writes tells whether the guards hold", async ({ commit, get }) => {
    await commit({ writes: [put("a", "1")] });
    const revision = (await get("a"))?.revision ?? "";
    assertEquals(await commit({ guards: [at("a", revision), absent("b")] }), { kind: "committed" });
    assertEquals((await commit({ guards: [absent("a")] })).kind, "conflict");
  });

  test("commit() holds absent guards only for absent keys", async ({ commit, get }) => {
    const claim: Partial<Txn> = { guards: [absent("a")], writes: [put("a", "mine")] };
    assertEquals(await commit(claim), { kind: "committed" });
    const conflict = await commit({ guards: [absent("a")], writes: [put("a", "theirs")] });
    assertEquals(conflict, { kind: "conflict", guarded: [await get("a")], otherwise: [] });
    assertEquals((await get("a"))?.value, "mine");
    await commit({ writes: [del("a")] });
    assertEquals(await commit(claim), { kind: "committed" });
  });

  test("commit() holds revision guards only for the revision read", async ({ commit, get }) => {
    await commit({ writes: [put("a", "1")] });
    const first = (await get("a"))?.revision ?? "";
    const next: Partial<Txn> = { guards: [at("a", first)], writes: [put("a", "2")] };
    assertEquals(await commit(next), { kind: "committed" });
    assertEquals((await commit(next)).kind, "conflict");
    assertEquals((await commit({ guards: [at("none", first)] })).kind, "conflict");
  });

  test("commit() gives a key a new revision with each put, also an equal one", async (fixture) => {
    const { commit, get } = fixture;
    const seen: string[] = [];
    for (let round = 0; round < 3; round++) {
      await commit({ writes: [put("a", "same")] });
      seen.push((await get("a"))?.revision ?? "");
    }
    assertEquals(new Set(seen).size, 3);
  });

  test("commit() gives a key that was deleted and made again a new revision", async (fixture) => {
    const { commit, get } = fixture;
    await commit({ writes: [put("a", "1")] });
    const first = (await get("a"))?.revision ?? "";
    await commit({ writes: [del("a")] });
    await commit({ writes: [put("a", "1")] });
    assertNotEquals((await get("a"))?.revision, first);
    assertEquals((await commit({ guards: [at("a", first)], writes: [del("a")] })).kind, "conflict");
    assertEquals((await get("a"))?.value, "1");
  });

  test("commit() leaves the revision of other keys alone", async ({ commit, get }) => {
    await commit({ writes: [put("a", "1"), put("b", "1")] });
    const before = await get("a");
    await commit({ writes: [put("b", "2"), del("c")] });
    assertEquals(await get("a"), before);
  });

  test("commit() answers a conflict with all guarded keys, then the reads, in order", async (fixture) => {
    const { commit, get: entryOf } = fixture;
    await commit({ writes: [put("a", "1"), put("b", "2"), put("c", "3")] });
    const [a, b] = [await entryOf("a"), await entryOf("b")];
    const conflict = await commit({
      guards: [at("b", b?.revision ?? ""), absent("none"), absent("a")],
      writes: [put("x", "never")],
      otherwise: [count("a", "d"), get("c"), list("a", "d", { limit: 1, values: true })],
    });
    assertEquals(conflict, {
      kind: "conflict",
      guarded: [b, undefined, a],
      otherwise: [
        { kind: "count", count: 3 },
        { kind: "get", entry: await entryOf("c") },
        { kind: "list", entries: a === undefined ? [] : [a], more: true },
      ],
    });
    assertEquals(await entryOf("x"), undefined);
  });

  test("commit() writes all or nothing", async ({ commit, read }) => {
    await commit({ writes: [put("a", "1"), put("b", "1")] });
    const writes = [del("a"), put("b", "2"), put("c", "2")];
    await commit({ guards: [absent("b")], writes });
    assertEquals(await read(count("a", "d")), [{ kind: "count", count: 2 }]);
    await commit({ guards: [absent("c")], writes });
    const [left] = await read(list("a", "d", { values: true }));
    assertEquals(entriesOf(left).map(({ value }) => value), ["2", "2"]);
  });

  test("commit() deletes an absent key without an error", async ({ commit, get }) => {
    assertEquals(await commit({ writes: [del("none")] }), { kind: "committed" });
    assertEquals(await get("none"), undefined);
  });

  test("commit() refuses a key written twice", async ({ commit, get }) => {
    await assertRejects(() => commit({ writes: [put("a", "1"), put("a", "2")] }), TypeError);
    await assertRejects(() => commit({ writes: [put("a", "1"), del("a")] }), TypeError);
    assertEquals(await get("a"), undefined);
  });

  test("commit() and read() take 128 operations, and refuse 129", async ({ commit, read }) => {
    const writes = Array.from({ length: 129 }, (_, index) => put(`n/${index}`, "x"));
    const reads = writes.map(({ key }): Read => ({ kind: "get", key }));
    const guards = writes.map(({ key }) => ({ kind: "absent" as const, key }));
    await assertRejects(() => commit({ writes }), TypeError);
    await assertRejects(() => commit({ guards, writes: [] }), TypeError);
    await assertRejects(() =>
      commit({ guards: guards.slice(0, 1), otherwise: reads.slice(1) })
        .then(() => commit({ guards: guards.slice(0, 1), otherwise: reads })), TypeError);
    await assertRejects(() => read(...reads), TypeError);
    const most = { guards: guards.slice(0, 128), writes: writes.slice(0, 128) };
    assertEquals(await commit(most), { kind: "committed" });
    const conflict = await commit(most);
    assert(conflict.kind === "conflict");
    assertEquals(conflict.guarded.filter((entry) => entry?.value === "x").length, 128);
    assertEquals((await read(...reads.slice(0, 128))).length, 128);
  });

  test("values and keys keep every character", async ({ commit, get }) => {
    const values = [
      "",
      " ",
      '"\\u0000"',
      "\ufeffmark",
      "pod-\u00e9\u4e2d\u{1f600}",
      '{"a":"\\u2028"}\n',
      "x".repeat(100_000),
    ];
    for (const [index, value] of values.entries()) {
      await commit({ writes: [put(`v/${index}/\u00e9\u{1f600}`, value)] });
      assertEquals((await get(`v/${index}/\u00e9\u{1f600}`))?.value, value);
    }
  });

  test("the order of keys is that of their bytes", async ({ commit, read }) => {
    // By UTF-16 the last two would change places.
    const sorted = ["0", "9", "A", "Z", "a", "a/", "a0", "aa", "\u00e9", "\uff5e", "\u{1f600}"];
    await commit({ writes: sorted.toReversed().map((one) => put(`o/${one}`, "x")) });
    const [all, part] = await read(list("o/", "o0"), list("o/\uff5e", "o/\u{1f600}"));
    assertEquals(entriesOf(all).map(({ key }) => key), sorted.map((one) => `${ROOT}o/${one}`));
    assertEquals(entriesOf(part).map(({ key }) => key), [`${ROOT}o/\uff5e`]);
  });

  test("of many claims at once exactly one wins", async ({ commit, get }) => {
    const outcomes = await Promise.all(
      Array.from(
        { length: racers },
        (_, index) => commit({ guards: [absent("prize")], writes: [put("prize", String(index))] }),
      ),
    );
    const winners = outcomes.flatMap(({ kind }, index) => kind === "committed" ? [index] : []);
    assertEquals(winners.length, 1);
    const entry = await get("prize");
    assertEquals(entry?.value, String(winners[0]));
    for (const outcome of outcomes) {
      if (outcome.kind === "conflict") assertEquals(outcome.guarded, [entry]);
    }
  });

  test("a signal that was aborted ends the call promptly, without a trace", async (fixture) => {
    const { store, get } = fixture;
    const signal = AbortSignal.abort();
    const begin = performance.now();
    const read: Read = { kind: "get", key: `${ROOT}a` };
    await assertRejects(() => store.read([read], { signal }), DatastoreError);
    const txn: Txn = { guards: [], writes: [put("a", "1")] };
    const error = await assertRejects(() => store.commit(txn, { signal }), DatastoreError);
    assertEquals(error.kind, "unreachable");
    assert(performance.now() - begin < 1000);
    assertEquals(await get("a"), undefined);
  });
}

function fixtureOf(store: Datastore): Fixture {
  const signal = (): { readonly signal: AbortSignal } => ({ signal: AbortSignal.timeout(CALL_MS) });
  const read = (...reads: Read[]): Promise<readonly Seen[]> => store.read(reads, signal());
  return {
    store,
    read,
    commit: (txn) => store.commit({ guards: [], writes: [], ...txn }, signal()),
    get: async (key) => {
      const [seen] = await read(get(key));
      assert(seen?.kind === "get");
      return seen.entry;
    },
  };
}

function put(key: string, value: string): Write {
  return { kind: "put", key: `${ROOT}${key}`, value };
}

function del(key: string): Write {
  return { kind: "delete", key: `${ROOT}${key}` };
}

function absent(key: string): Txn["guards"][number] {
  return { kind: "absent", key: `${ROOT}${key}` };
}

function at(key: string, revision: string): Txn["guards"][number] {
  return { kind: "revision", key: `${ROOT}${key}`, revision };
}

function get(key: string): Read {
  return { kind: "get", key: `${ROOT}${key}` };
}

function count(from: string, to: string): Read {
  return { kind: "count", from: `${ROOT}${from}`, to: `${ROOT}${to}` };
}

function list(
  from: string,
  to: string,
  options: { readonly limit?: number; readonly values?: boolean } = {},
): Read {
  return { kind: "list", from: `${ROOT}${from}`, to: `${ROOT}${to}`, limit: 100, ...options };
}

function entriesOf(seen: Seen | undefined): readonly Entry[] {
  assert(seen?.kind === "list");
  return seen.entries;
}
