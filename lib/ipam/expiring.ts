/**
 * Cooling and timed-retained addresses: which of them may be given again, and how they are cleared away.
 *
 * An `expiring/` key is written and deleted with the address it stands for, so both have one revision, and each is guarded by it.
 *
 * @module
 */
import type { Addr, Family } from "../net/addr.ts";
import { hash64 } from "./hash.ts";
import { addressKey, expiringBounds, expiringOfKey } from "../state/keys.ts";
import { parseExpiring, RecordError } from "../state/record_text.ts";
import type { Entry, Guard, ListRead } from "../state/txn.ts";
import { entriesOf, entryOf, type Plan, read } from "./plan.ts";

/** Expired records that one DEL clears away at most, per family: more than it makes. */
export const CLEARED_BY_DEL = 8;
/** Expiring records that one DEL looks at, per family: DELs at once take different ones of them. */
export const SEEN_BY_DEL = 32;
/** How long after its time a record may wait for the one DEL that takes it, in milliseconds; from then on the next one takes it. */
const STAGGER_MS = 5_000;
/** After so long after its time, in milliseconds, a record may be one that cannot be cleared: only some DELs try it. */
const STUCK_MS = 600_000;
/** The share of these. */
const STUCK_SHARE = 1 / 8;
/** Those that one ADD clears away at most. It reads them with each try, whether it needs them or not. */
export const CLEARED_BY_ADD = 8;
/** Records that the first page of the search for a reusable address holds. */
const PAGE = 64;
/** Keys that each further page holds: networks of one space share what expires, so that those of one may lie behind many others. */
const LONG_PAGE = 500;
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

/** Reads the oldest expiring records of a family; with `now`, in milliseconds since the epoch, only those whose time has come. */
export function readOldest(
  space: string,
  { family, limit, now }: {
    readonly family: Family;
    readonly limit: number;
    readonly now?: number;
  },
): ListRead {
  return { kind: "list", ...expiringBounds(space, family, now), limit, values: true };
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

/**
 * Those that one DEL clears away. DELs at once that all took the oldest ones would spoil each other's transactions, and each would need
 * two more trips. So each takes a record sooner or later after its time, as chance has it: when so many are seen that each DEL
 * takes about one, no two of them take the same. One that outlived its address would spoil the transaction of each DEL that tries it:
 * what is left for long few DELs try.
 *
 * @param list What was seen, oldest first.
 * @param options `now` in milliseconds since the epoch; `by`: tells this DEL from others.
 * @returns At most {@linkcode CLEARED_BY_DEL}.
 */
export function shareOf(
  list: readonly Expiring[],
  { now, by }: { readonly now: number; readonly by: string },
): readonly Expiring[] {
  const expired = expiredOf(list, now);
  if (expired.length === 0) return expired;
  const seed = Number(BigInt.asUintN(32, hash64(by)));
  const share = expired.filter(({ addr, untilMs }) => {
    const ageMs = now - untilMs;
    const fraction = fractionOf(seed, addr.value);
    return STAGGER_MS * fraction <= ageMs && (ageMs < STUCK_MS || fraction < STUCK_SHARE);
  });
  // Of very many each takes one block, so that several DELs at once clear several blocks.
  const blocks = Math.max(1, Math.floor(share.length / CLEARED_BY_DEL));
  const start = CLEARED_BY_DEL * Math.floor(blocks * fractionOf(seed, 0n));
  return share.slice(start, start + CLEARED_BY_DEL);
}

/** A fraction that is another one for each value and each seed. */
function fractionOf(seed: number, value: bigint): number {
  let hash = seed ^ Number(BigInt.asUintN(32, value));
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
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
 * Looks for addresses to give again when none is free: those that cool down, and those whose time is over. Never one that is retained
 * and not expired.
 *
 * @param options The space and family; `now` in milliseconds since the epoch; `grantable`: whether the pool may grant it;
 * `without`: whether it was tried already.
 * @returns Those of the first page with any that will do, oldest first, so that expired ones come before all others; none when the
 * pool is exhausted.
 */
export function* findReusable(options: {
  readonly space: string;
  readonly family: Family;
  readonly now: number;
  readonly grantable: (value: bigint) => boolean;
  readonly without?: (one: Expiring) => boolean;
}): Plan<readonly Expiring[]> {
  const { space, family, now, grantable, without } = options;
  const { from, to } = expiringBounds(space, family);
  let start = from;
  for (let page = 0; page < PAGES; page++) {
    const isFirst = page === 0;
    const limit = isFirst ? PAGE : LONG_PAGE;
    const seen = yield* read([{ kind: "list", from: start, to, limit, values: isFirst }]);
    const entries = entriesOf(seen[0]);
    const members = entries.filter(({ key }) => isMember(key, grantable));
    const looked = members.slice(0, PAGE);
    const list = parseOldest(space, isFirst ? looked : yield* readAll(looked));
    const found = list.filter((one) =>
      (one.state === "cooling" || one.untilMs <= now) && without?.(one) !== true
    );
    if (found.length > 0) return found;
    const last = members.length > PAGE ? looked.at(-1) : entries.at(-1);
    if (last === undefined || (last === entries.at(-1) && entries.length < limit)) return [];
    start = `${last.key}0`;
  }
  return [];
}

function isMember(key: string, grantable: (value: bigint) => boolean): boolean {
  try {
    return grantable(expiringOfKey(key).addr.value);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Reads the values of keys, where they are still there. */
function* readAll(entries: readonly Entry[]): Plan<readonly Entry[]> {
  if (entries.length === 0) return [];
  const seen = yield* read(entries.map(({ key }) => ({ kind: "get", key })));
  return seen.flatMap((answer) => entryOf(answer) ?? []);
}
