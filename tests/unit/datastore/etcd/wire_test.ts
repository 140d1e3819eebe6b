// deno-lint-ignore-file camelcase -- the names of the fields are etcd's
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  BASE64,
  outcomeFromWire,
  readsToWire,
  seenFromWire,
  txnToWire,
} from "../../../../lib/datastore/etcd/wire.ts";
import type { Read, Txn } from "../../../../lib/state/txn.ts";

const HEADER = { header: { revision: "7" } };
const A = btoa("a");

Deno.test("readsToWire() writes each kind of read", () => {
  const reads: Read[] = [
    { kind: "get", key: "a" },
    { kind: "list", from: "a", to: "b", limit: 3 },
    { kind: "list", from: "a", to: "b", limit: 3, values: true },
    { kind: "count", from: "a", to: "b" },
  ];
  const interval = { key: A, range_end: btoa("b") };
  assertEquals(readsToWire(reads, BASE64), {
    compare: [],
    success: [
      { request_range: { key: A } },
      { request_range: { ...interval, limit: "3", keys_only: true } },
      { request_range: { ...interval, limit: "3", keys_only: false } },
      { request_range: { ...interval, count_only: true } },
    ],
    failure: [],
  });
});

Deno.test("readsToWire() never asks for all keys by an empty or NUL end", () => {
  for (const to of ["", "\0"]) {
    for (const from of ["", "\0", "x"]) {
      const [operation] = readsToWire([{ kind: "count", from, to }], BASE64).success;
      const range = operation !== undefined && "request_range" in operation
        ? operation.request_range
        : undefined;
      assertEquals(range?.key, range?.range_end);
      assertEquals([btoa(""), btoa("\0")].includes(range?.range_end ?? ""), false);
    }
  }
});

Deno.test("readsToWire() begins an interval without start at the first key there can be", () => {
  assertEquals(readsToWire([{ kind: "count", from: "", to: "b" }], BASE64).success, [
    { request_range: { key: btoa("\0"), range_end: btoa("b"), count_only: true } },
  ]);
});

Deno.test("readsToWire() counts where a limit of 0 would mean none", () => {
  const [operation] = readsToWire([{ kind: "list", from: "a", to: "b", limit: 0 }], BASE64).success;
  assertEquals(operation, {
    request_range: { key: A, range_end: btoa("b"), count_only: true },
  });
});

Deno.test("txnToWire() writes guards, writes, and what is read on a conflict", () => {
  const txn: Txn = {
    guards: [{ kind: "absent", key: "a" }, { kind: "revision", key: "b", revision: "12" }],
    writes: [{ kind: "put", key: "a", value: "\u00e9" }, { kind: "delete", key: "b" }],
    otherwise: [{ kind: "get", key: "c" }],
  };
  assertEquals(txnToWire(txn, BASE64), {
    compare: [
      { key: A, target: "VERSION", result: "EQUAL", version: "0" },
      { key: btoa("b"), target: "MOD", result: "EQUAL", mod_revision: "12" },
    ],
    success: [
      { request_put: { key: A, value: "w6k=" } },
      { request_delete_range: { key: btoa("b") } },
    ],
    failure: ["a", "b", "c"].map((key) => ({ request_range: { key: btoa(key) } })),
  });
});

Deno.test("seenFromWire() takes an absent field as zero, false or empty", () => {
  const reads: Read[] = [
    { kind: "get", key: "a" },
    { kind: "get", key: "b" },
    { kind: "list", from: "a", to: "b", limit: 1 },
    { kind: "count", from: "a", to: "b" },
  ];
  const kv = { key: A, mod_revision: "9007199254740993" };
  const responses = [{ kvs: [kv], count: "1" }, {}, { kvs: [kv], more: true, count: "2" }, {}]
    .map((range) => ({ response_range: { ...HEADER, ...range } }));
  const entry = { key: "a", value: "", revision: "9007199254740993" };
  assertEquals(seenFromWire(reads, { ...HEADER, responses }, BASE64), [
    { kind: "get", entry },
    { kind: "get", entry: undefined },
    { kind: "list", entries: [entry], more: true },
    { kind: "count", count: 0 },
  ]);
  assertEquals(seenFromWire([], HEADER, BASE64), []);
});

Deno.test("outcomeFromWire() tells committed from conflict", () => {
  const txn: Txn = {
    guards: [{ kind: "absent", key: "a" }],
    writes: [],
    otherwise: [{ kind: "count", from: "a", to: "b" }],
  };
  assertEquals(outcomeFromWire(txn, { ...HEADER, succeeded: true }, BASE64), {
    kind: "committed",
  });
  const responses = [
    { response_range: { kvs: [{ key: A, value: btoa("x"), mod_revision: "3" }], count: "1" } },
    { response_range: { count: "1" } },
  ];
  assertEquals(outcomeFromWire(txn, { ...HEADER, responses }, BASE64), {
    kind: "conflict",
    guarded: [{ key: "a", value: "x", revision: "3" }],
    otherwise: [{ kind: "count", count: 1 }],
  });
});

Deno.test("an answer that does not fit is a SyntaxError", () => {
  const reads: Read[] = [{ kind: "get", key: "a" }];
  const range = (value: unknown): unknown => ({
    ...HEADER,
    responses: [{ response_range: value }],
  });
  const answers: unknown[] = [
    null,
    "text",
    [],
    {},
    { responses: [{ response_range: {} }] },
    HEADER,
    { ...HEADER, responses: "no" },
    { ...HEADER, responses: [{}] },
    { ...HEADER, responses: [{ response_put: {} }] },
    range(null),
    range({ kvs: 1 }),
    range({ kvs: [1] }),
    range({ kvs: [{ key: A }] }),
    range({ kvs: [{ key: "%%", mod_revision: "1" }] }),
    range({ kvs: [{ key: 1, mod_revision: "1" }] }),
    range({ count: "many" }),
  ];
  for (const answer of answers) {
    assertThrows(() => seenFromWire(reads, answer, BASE64), SyntaxError);
  }
  assertThrows(() => outcomeFromWire({ guards: [], writes: [] }, {}, BASE64), SyntaxError);
});

Deno.test("base64 of any text is read back as it was", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assertEquals(BASE64.decode(BASE64.encode(text)), text);
  }));
  assertEquals(BASE64.decode(BASE64.encode("\ufeffmark")), "\ufeffmark");
});

Deno.test("an answer of any JSON is read or refused with a SyntaxError", () => {
  const reads: Read[] = [{ kind: "list", from: "a", to: "b", limit: 2, values: true }];
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (kvs, count) => {
    const responses = [{ response_range: { kvs, count } }];
    try {
      seenFromWire(reads, { ...HEADER, responses }, BASE64);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }));
});
