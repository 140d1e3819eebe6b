/**
 * What a request to etcd's JSON gateway reads and writes, and whether its answer says that it was applied.
 *
 * @module
 */
import { isRecord } from "../../../lib/cni/values.ts";
import type { Message } from "./message.ts";

/** The keys of a transaction, by what it does to them when its guards hold. */
export interface TxnKeys {
  readonly puts: readonly string[];
  readonly deletes: readonly string[];
  /** Read one by one. */
  readonly gets: readonly string[];
  /** The first keys of lists and counts. */
  readonly lists: readonly string[];
}

/**
 * Reads what a request is about.
 *
 * @param request The request.
 * @returns Its keys; undefined where it is no transaction.
 */
export function keysOf({ head, body }: Message): TxnKeys | undefined {
  if (!head.startsWith("POST /v3/kv/txn ")) return undefined;
  const txn: unknown = JSON.parse(body);
  const success = isRecord(txn) && Array.isArray(txn["success"]) ? txn["success"] : [];
  const operations = (name: string): readonly Readonly<Record<string, unknown>>[] =>
    success.flatMap((operation) => {
      const found: unknown = isRecord(operation) ? operation[name] : undefined;
      return isRecord(found) ? [found] : [];
    });
  const keyOf = ({ key }: Readonly<Record<string, unknown>>): string => atob(String(key));
  const ranges = operations("request_range");
  return {
    puts: operations("request_put").map(keyOf),
    deletes: operations("request_delete_range").map(keyOf),
    gets: ranges.filter((range) => !("range_end" in range)).map(keyOf),
    lists: ranges.filter((range) => "range_end" in range).map(keyOf),
  };
}

/** Tells whether a transaction writes anything. */
export function isWriting({ puts, deletes }: TxnKeys): boolean {
  return puts.length + deletes.length > 0;
}

/**
 * Reads whether a transaction was applied.
 *
 * @param answer The answer to it.
 * @returns The revision that it made, or was read at; undefined where its guards did not hold.
 */
export function revisionOf({ body }: Message): number | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    if (!isRecord(answer) || answer["succeeded"] !== true || !isRecord(answer["header"])) {
      return undefined;
    }
    return Number(answer["header"]["revision"]);
  } catch {
    return undefined; // an error of the server, in words of its own
  }
}
