// deno-lint-ignore-file camelcase -- the names of the fields are etcd's
/**
 * Transactions and reads as etcd's `TxnRequest`, and its answers: pure, and the same for both transports.
 *
 * The JSON gateway and gRPC differ only in how bytes are written, so that is a parameter. In the JSON
 * form numbers of 64 bits are text and an absent field is zero, false or empty.
 *
 * @see {@link https://github.com/etcd-io/etcd/blob/release-3.4/etcdserver/etcdserverpb/rpc.proto}
 * @module
 */
import type { Committed, Conflict, Entry, Guard, Read, Seen, Txn, Write } from "../../state/txn.ts";

/** How a transport writes keys, values and the names of enumerations. */
export interface BytesCodec<B> {
  /**
   * How it spells `CompareTarget` and `CompareResult`: a name that it does not know is silently the first
   * one, and the guard another.
   */
  readonly spelling: { readonly version: string; readonly mod: string; readonly equal: string };
  /** Text to bytes. */
  encode(text: string): B;
  /** Bytes to text; throws `SyntaxError` when the value is not of the transport's form. */
  decode(value: unknown): string;
}

/** A condition of a {@linkcode WireTxn}. */
export interface WireCompare<B> {
  readonly key: B;
  readonly target: string;
  readonly result: string;
  readonly version?: string;
  readonly mod_revision?: string;
}

/** A range of keys as etcd reads it. */
export interface WireRange<B> {
  readonly key: B;
  readonly range_end?: B;
  readonly limit?: string;
  readonly keys_only?: boolean;
  readonly count_only?: boolean;
}

/** One operation of a {@linkcode WireTxn}. */
export type WireOperation<B> =
  | { readonly request_range: WireRange<B> }
  | { readonly request_put: { readonly key: B; readonly value: B } }
  | { readonly request_delete_range: { readonly key: B } };

/** etcd's `TxnRequest`. */
export interface WireTxn<B> {
  readonly compare: readonly WireCompare<B>[];
  readonly success: readonly WireOperation<B>[];
  readonly failure: readonly WireOperation<B>[];
}

/** The codec of the JSON gateway: base64. */
export const BASE64: BytesCodec<string> = {
  spelling: { version: "VERSION", mod: "MOD", equal: "EQUAL" },
  encode: toBase64,
  decode: fromBase64,
};

const UTF8 = new TextEncoder();
const FROM_UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Writes reads as a transaction without conditions: etcd answers all of it from one revision.
 *
 * @param reads The reads.
 * @param codec How bytes are written.
 * @returns The request.
 */
export function readsToWire<B>(reads: readonly Read[], codec: BytesCodec<B>): WireTxn<B> {
  return { compare: [], success: reads.map((read) => readToWire(read, codec)), failure: [] };
}

/**
 * Writes a transaction; where a guard does not hold, the guarded keys and `otherwise` are read.
 *
 * @param txn The transaction.
 * @param codec How bytes are written.
 * @returns The request.
 */
export function txnToWire<B>(txn: Txn, codec: BytesCodec<B>): WireTxn<B> {
  return {
    compare: txn.guards.map((guard) => guardToWire(guard, codec)),
    success: txn.writes.map((write) => writeToWire(write, codec)),
    failure: conflictReads(txn).map((read) => readToWire(read, codec)),
  };
}

/**
 * Reads the answer to {@linkcode readsToWire}.
 *
 * @param reads What was asked.
 * @param answer The `TxnResponse`.
 * @param codec How bytes are written.
 * @returns The answers, in the order of the reads.
 * @throws {SyntaxError} If the answer does not fit the question.
 */
export function seenFromWire<B>(
  reads: readonly Read[],
  answer: unknown,
  codec: BytesCodec<B>,
): readonly Seen[] {
  const responses = listField(answerOf(answer), "responses");
  if (responses.length !== reads.length) {
    throw new SyntaxError(
      `Cannot read the answer as it has not one response for each read: current numbers are ${responses.length} and ${reads.length}`,
    );
  }
  return reads.map((read, index) => seenOf(read, responses[index], codec));
}

/**
 * Reads the answer to {@linkcode txnToWire}.
 *
 * @param txn What was asked.
 * @param answer The `TxnResponse`.
 * @param codec How bytes are written.
 * @returns Whether it was applied; if not, what stands there.
 * @throws {SyntaxError} If the answer does not fit the question.
 */
export function outcomeFromWire<B>(
  txn: Txn,
  answer: unknown,
  codec: BytesCodec<B>,
): Committed | Conflict {
  const record = answerOf(answer);
  if (record["succeeded"] === true) return { kind: "committed" };
  const seen = seenFromWire(conflictReads(txn), record, codec);
  return {
    kind: "conflict",
    guarded: seen.slice(0, txn.guards.length).map((one) =>
      one.kind === "get" ? one.entry : undefined
    ),
    otherwise: seen.slice(txn.guards.length),
  };
}

/** Every answer of etcd has a header; without one this is some other server's JSON. */
function answerOf(answer: unknown): Record<string, unknown> {
  const record = recordOf(answer, "answer");
  recordOf(record["header"], "header");
  return record;
}

function conflictReads(txn: Txn): readonly Read[] {
  const guarded = txn.guards.map(({ key }): Read => ({ kind: "get", key }));
  return [...guarded, ...(txn.otherwise ?? [])];
}

function guardToWire<B>(guard: Guard, codec: BytesCodec<B>): WireCompare<B> {
  const key = codec.encode(guard.key);
  const { version, mod, equal } = codec.spelling;
  switch (guard.kind) {
    case "absent":
      return { key, target: version, result: equal, version: "0" };
    case "revision":
      return { key, target: mod, result: equal, mod_revision: guard.revision };
  }
}

function writeToWire<B>(write: Write, codec: BytesCodec<B>): WireOperation<B> {
  const key = codec.encode(write.key);
  switch (write.kind) {
    case "put":
      return { request_put: { key, value: codec.encode(write.value) } };
    case "delete":
      return { request_delete_range: { key } };
  }
}

function readToWire<B>(read: Read, codec: BytesCodec<B>): WireOperation<B> {
  switch (read.kind) {
    case "get":
      return { request_range: { key: codec.encode(read.key) } };
    case "count":
      return { request_range: { ...intervalToWire(read, codec), count_only: true } };
    case "list": {
      const interval = intervalToWire(read, codec);
      // To etcd a limit of 0 is none at all.
      if (read.limit <= 0) return { request_range: { ...interval, count_only: true } };
      const limit = String(read.limit);
      return { request_range: { ...interval, limit, keys_only: read.values !== true } };
    }
  }
}

/** To etcd an empty key is an error, an empty end means one key, and an end of NUL means no end. */
function intervalToWire<B>(
  interval: { readonly from: string; readonly to: string },
  codec: BytesCodec<B>,
): { readonly key: B; readonly range_end: B } {
  const { from, to } = interval;
  if (to === "" || to === "\0") {
    const nothing = codec.encode(from === "" || from === "\0" ? "\x01" : from);
    return { key: nothing, range_end: nothing };
  }
  return { key: codec.encode(from === "" ? "\0" : from), range_end: codec.encode(to) };
}

function seenOf<B>(read: Read, response: unknown, codec: BytesCodec<B>): Seen {
  const range = recordOf(recordOf(response, "response")["response_range"], "response_range");
  const count = countField(range);
  switch (read.kind) {
    case "count":
      return { kind: "count", count };
    case "get": {
      const { key } = read;
      return { kind: "get", entry: entriesOf(range, { codec, isAsked: (one) => one === key })[0] };
    }
    case "list": {
      const { from, to } = read;
      const isAsked = (one: string): boolean => !comesBefore(one, from) && comesBefore(one, to);
      const entries = entriesOf(range, { codec, isAsked });
      return { kind: "list", entries, more: range["more"] === true || count > entries.length };
    }
  }
}

interface EntriesOptions<B> {
  readonly codec: BytesCodec<B>;
  /** Whoever believed an answer about another key would take the address of another. */
  readonly isAsked: (key: string) => boolean;
}

function entriesOf<B>(
  range: Record<string, unknown>,
  { codec, isAsked }: EntriesOptions<B>,
): readonly Entry[] {
  return listField(range, "kvs").map((kv) => {
    const record = recordOf(kv, "kvs");
    const key = codec.decode(record["key"] ?? "");
    if (!isAsked(key)) throw malformed("key", "another one");
    return {
      key,
      value: codec.decode(record["value"] ?? ""),
      revision: revisionField(record),
    };
  });
}

/** In the order of etcd, which is that of bytes: in UTF-16 the halves of a pair stand before other characters. */
function comesBefore(key: string, bound: string): boolean {
  if (ASCII.test(key)) return key < bound;
  let at = 0;
  while (at < key.length && key[at] === bound[at]) at++;
  return (key.codePointAt(at) ?? -1) < (bound.codePointAt(at) ?? -1);
}

function countField(range: Record<string, unknown>): number {
  const value = range["count"] ?? 0;
  const count = typeof value === "string" || typeof value === "number" ? Number(value) : NaN;
  if (!Number.isSafeInteger(count) || count < 0) throw malformed("count", value);
  return count;
}

function revisionField(record: Record<string, unknown>): string {
  const revision = record["mod_revision"];
  if (typeof revision !== "string" || !/^\d+$/.test(revision)) {
    throw malformed("mod_revision", revision);
  }
  return revision;
}

function listField(record: Record<string, unknown>, name: string): readonly unknown[] {
  const value = record[name] ?? [];
  if (!Array.isArray(value)) throw malformed(name, value);
  return value;
}

function recordOf(value: unknown, name: string): Record<string, unknown> {
  if (!isRecord(value)) throw malformed(name, value);
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(name: string, value: unknown): SyntaxError {
  const seen = value === null || typeof value !== "object" ? String(value) : "another shape";
  return new SyntaxError(
    `Cannot read the answer as "${name}" is malformed: current value is ${seen}`,
  );
}

/** What is ASCII is its own UTF-8: nearly every key and value, and no loop over its bytes is needed. */
const ASCII = /^[\0-\x7f]*$/;

function toBase64(text: string): string {
  if (ASCII.test(text)) return btoa(text);
  let binary = "";
  for (const byte of UTF8.encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function fromBase64(value: unknown): string {
  if (typeof value !== "string") throw malformed("bytes", typeof value);
  const binary = binaryOf(value);
  if (ASCII.test(binary)) return binary;
  return FROM_UTF8.decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
}

function binaryOf(base64: string): string {
  try {
    return atob(base64);
  } catch {
    throw malformed("bytes", "not base64");
  }
}
