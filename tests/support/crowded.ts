/**
 * A datastore in which all addresses of a range are taken but a few: computed, so that a /10 costs nothing.
 *
 * It takes claims as a real one does, but keeps only the addresses that they put.
 *
 * @module
 */
import type { Datastore } from "../../lib/datastore/datastore.ts";
import type { Family } from "../../lib/net/addr.ts";
import { type Interval, rankOf } from "../../lib/net/interval.ts";
import { addressKey, addressOfKey } from "../../lib/state/keys.ts";
import type { Committed, Conflict, Read, Seen, Txn } from "../../lib/state/txn.ts";

/** What is taken at the start. */
export interface CrowdedOptions {
  readonly family: Family;
  readonly taken: readonly Interval[];
}

/** The datastore, and the round trips that it was asked for. */
export interface Crowded extends Datastore {
  readonly trips: () => number;
}

/** Makes a crowded datastore; it holds nothing but addresses. */
export function crowded({ family, taken }: CrowdedOptions): Crowded {
  const put = new Set<bigint>();
  let trips = 0;

  function isTaken(key: string): boolean {
    if (!key.includes("/addresses/")) return false;
    const { value } = addressOfKey(key);
    return put.has(value) || taken.some(({ first, last }) => first <= value && value <= last);
  }

  function count(from: bigint, to: bigint): number {
    const own = [...put].filter((value) => from <= value && value < to).length;
    return Number(rankOf(taken, to) - rankOf(taken, from)) + own;
  }

  function answer(read: Read): Seen {
    if (read.kind === "get") return { kind: "get", entry: entryAt(read.key) };
    if (!read.from.includes("/addresses/")) {
      return read.kind === "count"
        ? { kind: "count", count: 0 }
        : { kind: "list", entries: [], more: false };
    }
    const from = addressOfKey(read.from).value;
    const to = addressOfKey(read.to.slice(0, -1)).value + 1n;
    if (read.kind === "count") return { kind: "count", count: count(from, to) };
    const entries = [];
    for (let value = from; value < to && entries.length < read.limit; value++) {
      const entry = entryAt(addressKey("default", { family, value }));
      if (entry !== undefined) entries.push(entry);
    }
    return { kind: "list", entries, more: entries.length === read.limit };
  }

  function entryAt(key: string): { key: string; value: string; revision: string } | undefined {
    return isTaken(key) ? { key, value: "", revision: "1" } : undefined;
  }

  return {
    trips: () => trips,
    read: (reads) => {
      trips++;
      return Promise.resolve(reads.map(answer));
    },
    commit: ({ guards, writes, otherwise = [] }: Txn): Promise<Committed | Conflict> => {
      trips++;
      if (guards.some(({ key }) => isTaken(key))) {
        return Promise.resolve({
          kind: "conflict",
          guarded: guards.map(({ key }) => entryAt(key)),
          otherwise: otherwise.map(answer),
        });
      }
      for (const { kind, key } of writes) {
        if (kind === "put" && key.includes("/addresses/")) put.add(addressOfKey(key).value);
      }
      return Promise.resolve({ kind: "committed" });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
