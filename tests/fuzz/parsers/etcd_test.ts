// deno-lint-ignore-file camelcase -- the names of the fields are etcd's
/** Whatever JSON an etcd answers: what was asked for, or a SyntaxError. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BASE64, outcomeFromWire, seenFromWire } from "../../../lib/datastore/etcd/wire.ts";
import type { Entry, Read, Txn } from "../../../lib/state/txn.ts";
import { corpus, fuzz, throwsOnly } from "../_fuzz.ts";
import { aCut, cutUp, damaged, someEdits } from "../_mutate.ts";

const KEY = "/kube-ipam/v1/default/addresses/4/0a010009";
const FROM = "/kube-ipam/v1/default/addresses/4/0a010000";
const TO = "/kube-ipam/v1/default/addresses/4/0a0100ff0";
const READS: readonly Read[] = [
  { kind: "get", key: KEY },
  { kind: "list", from: FROM, to: TO, limit: 64, values: true },
  { kind: "count", from: FROM, to: TO },
];
const TXN: Txn = { guards: [{ kind: "absent", key: KEY }], writes: [], otherwise: READS.slice(1) };
const header = { cluster_id: "1", member_id: "2", revision: "7", raft_term: "2" };
const kv = {
  key: btoa(KEY),
  create_revision: "3",
  mod_revision: "5",
  version: "2",
  value: btoa('{"schema":1}'),
};
const ANSWER = {
  header,
  succeeded: false,
  responses: [
    { response_range: { header: { revision: "7" }, kvs: [kv], count: "1" } },
    {
      response_range: {
        header: { revision: "7" },
        kvs: [kv, { ...kv, key: btoa(`${FROM.slice(0, -1)}1`) }],
        more: true,
        count: "3",
      },
    },
    { response_range: { header: { revision: "7" }, count: "3" } },
  ],
};

function read(answer: unknown): void {
  throwsOnly(() => {
    for (const [index, seen] of seenFromWire(READS, answer, BASE64).entries()) {
      assertEquals(seen.kind, READS[index]?.kind);
      if (seen.kind === "count") assert(Number.isSafeInteger(seen.count) && seen.count >= 0);
      if (seen.kind === "get" && seen.entry !== undefined) check(seen.entry, (key) => key === KEY);
      if (seen.kind === "list") {
        seen.entries.forEach((entry) => check(entry, (key) => FROM <= key && key < TO));
      }
    }
  }, SyntaxError);
  throwsOnly(() => {
    const outcome = outcomeFromWire(TXN, answer, BASE64);
    if (outcome.kind === "committed") return;
    assertEquals([outcome.guarded.length, outcome.otherwise.length], [1, 2]);
    const [entry] = outcome.guarded;
    if (entry !== undefined) check(entry, (key) => key === KEY);
  }, SyntaxError);
}

/** Whoever believes an answer about another key takes the address of another. */
function check({ key, value, revision }: Entry, isAsked: (key: string) => boolean): void {
  assert(isAsked(key), `another key: ${key}`);
  assertEquals(typeof value, "string");
  assert(/^\d+$/.test(revision), `revision ${revision}`);
}

Deno.test("answers of etcd of the corpus are read, or refused as ours", () => {
  for (const { text } of corpus("etcd")) throwsOnly(() => read(JSON.parse(text)), SyntaxError);
});

Deno.test("an answer of etcd that is damaged is refused, or one to what was asked", () => {
  read(ANSWER);
  return fuzz(fc.property(someEdits, (edits) => read(damaged(ANSWER, edits))), 600);
});

Deno.test("an answer of etcd whose bytes are damaged is refused, or one to what was asked", () => {
  const bytes = new TextEncoder().encode(JSON.stringify(ANSWER));
  return fuzz(
    fc.property(fc.array(aCut, { minLength: 1, maxLength: 2 }), (cuts) => {
      throwsOnly(() => read(JSON.parse(new TextDecoder().decode(cutUp(bytes, cuts)))), SyntaxError);
    }),
    200,
  );
});

Deno.test("any JSON is refused as an answer of etcd, or one to what was asked", () =>
  fuzz(fc.property(fc.jsonValue(), read), 100));
