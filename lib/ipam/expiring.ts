/**
 * Cooling and timed-retained addresses: which of them may be given again, and how they are cleared away.
 *
 * An `expiring/` key is written and deleted with the address it stands for, so both have one revision, and each is guarded by it.
 *
 * @module
 */
import type { Addr, Family } from "../net/addr.ts";
import { addressKey, expiringBounds, expiringOfKey } from "../state/keys.ts";
import { parseExpiring, RecordError } from "../state/record_text.ts";
import type { Entry, Guard, ListRead } from "../state/txn.ts";
import { entriesOf, type Plan, read } from "./plan.ts";

/** Expired records that one DEL clears away at most, per family: more than it makes. */
export const CLEARED_BY_DEL = 8;
/** Those that one ADD clears away at most. It reads them with each try, whether it needs them or not. */
export const CLEARED_BY_ADD = 4;
/** Records that one page of the search for a reusable address holds. */
const PAGE = 64;
/** Pages that this search reads at most. */
const PAGES = 16;

/** What must hold, and what goes, when an address that is not absent is given again. */
export interface Replacement {
  readonly guards: readonly Guard[];
  readonly deletes: readonly string[];
}

/** An address that stands under `expiring/`. */
export interface Expiring {
  readonly addr: Addr;
  readonly untilMs: number;
  readonly state: "cooling" | "retained";
  readonly replacement: Replacement;
}

/** Reads the oldest expiring records of a family. */
export function readOldest(
  space: string,
  { family, limit }: { readonly family: Family; readonly limit: number },
): ListRead {
  return { kind: "list", ...expiringBounds(space, family), limit, values: true };
}

/** Reads entries of {@linkcode readOldest}. Those that cannot be read are left out: they are neither given again nor cleared. */
export function parseOldest(space: string, entries: readonly Entry[]): readonly Expiring[] {
  return entries.flatMap((entry) => parseOne(space, entry) ?? []);
}

function parseOne(space: string, entry: Entry): Expiring | undefined {
  try {
    const { addr, untilMs } = expiringOfKey(entry.key);
    const { state, ownerKey } = parseExpiring(entry);
    const { revision } = entry;
    // One transaction wrote both keys, so both have its revision: who touched either has the word.
    const guards = [entry.key, addressKey(space, addr)]
      .map((key): Guard => ({ kind: "revision", key, revision }));
    const deletes = ownerKey === undefined ? [entry.key] : [entry.key, ownerKey];
    return { addr, untilMs, state, replacement: { guards, deletes } };
  } catch (error) {
    if (error instanceof RecordError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Those whose time has come. */
export function expiredOf(list: readonly Expiring[], now: number): readonly Expiring[] {
  return list.filter(({ untilMs }) => untilMs <= now);
}

/** The guards and deletions that clear expired records away, their addresses included. */
export function clearing(
  space: string,
  expired: readonly Expiring[],
): { readonly guards: readonly Guard[]; readonly deletes: readonly string[] } {
  return {
    guards: expired.flatMap(({ replacement }) => replacement.guards),
    deletes: expired.flatMap(({ addr, replacement }) => [
      addressKey(space, addr),
      ...replacement.deletes,
    ]),
  };
}

/**
 * Looks for addresses to give again when none is free: expired ones first, else the oldest cooling. Never one that is
 * retained and not expired.
 *
 * @param options The space and family; `now` in milliseconds since the epoch; `grantable`: whether the pool may grant it.
 * @returns Those of the first page with any that will do, oldest first; none when the pool is exhausted.
 */
export function* findReusable(options: {
  readonly space: string;
  readonly family: Family;
  readonly now: number;
  readonly grantable: (value: bigint) => boolean;
}): Plan<readonly Expiring[]> {
  const { space, family, now, grantable } = options;
  const { from, to } = expiringBounds(space, family);
  let start = from;
  for (let page = 0; page < PAGES; page++) {
    const seen = yield* read([{ kind: "list", from: start, to, limit: PAGE, values: true }]);
    const entries = entriesOf(seen[0]);
    const list = parseOldest(space, entries).filter(({ addr }) => grantable(addr.value));
    const expired = expiredOf(list, now);
    if (expired.length > 0) return expired;
    const cooling = list.filter(({ state }) => state === "cooling");
    if (cooling.length > 0) return cooling;
    const last = entries.at(-1);
    if (last === undefined || entries.length < PAGE) return [];
    start = `${last.key}0`;
  }
  return [];
}
