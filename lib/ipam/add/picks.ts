/**
 * What an ADD tries: one pick for each range set, at first and after each conflict.
 *
 * For each set the first of these counts: what is asked for, what is retained for the owner, what the pod's former sandbox held, and a
 * choice of the pool.
 *
 * @module
 */
import type { PoolWish, Range } from "../../config/config.ts";
import { formatAddr } from "../../net/addr.ts";
import { parseAddress } from "../../state/record_text.ts";
import type { AddressRecord } from "../../state/records.ts";
import type { Entry } from "../../state/txn.ts";
import { type Candidate, firstCandidate, nextCandidate, type Search, triedKey } from "./choose.ts";
import type { Known } from "./known.ts";
import type { Explained } from "./explain.ts";
import { movedTo } from "./moved.ts";
import { assignKept, type Forbidden, isKeptFor, keptAt, pickKept } from "./owned.ts";
import { type Claimable, type Pick, pick, type PickOptions } from "./pick.ts";
import type { Plan } from "../plan.ts";
import { partOf } from "../pool.ts";
import { reclaim } from "./reclaim.ts";
import type { AddRequest } from "../request.ts";
import { standingAt } from "./standing.ts";
import type { Supply } from "./supply.ts";
import { type Taken, wished, wishedAgain, wishesOf } from "./wished.ts";

/** No address of this set can be granted. */
export interface Exhausted {
  /** Tells it from the other outcomes. */
  readonly kind: "exhausted";
  /** Index of the range set. */
  readonly set: number;
  /** How many addresses there are. */
  readonly size: bigint;
  /** The addresses that the pod asks for, if they are what is exhausted. */
  readonly wish?: PoolWish | undefined;
  /** Some that hold them. */
  readonly holders?: readonly AddressRecord[];
}

/** One pick per set, or why there is none. */
export type Picks = readonly Pick[] | Taken | Exhausted | Forbidden;

/** What a try knows beforehand. */
export interface Situation {
  readonly supplies: readonly Supply[];
  readonly known: Known;
}

const NONE: ReadonlySet<string> = new Set();

/** Tells a list of picks from an outcome. */
export function arePicks(picks: Picks): picks is readonly Pick[] {
  return Array.isArray(picks);
}

/** What is tried first, or anew when somebody else changed what it was based on. */
export function firstPicks(request: AddRequest, { supplies, known }: Situation): Picks {
  const kept = assignKept(request, { supplies, ...known });
  if (!("kept" in kept)) return kept;
  const picks: Pick[] = [];
  for (const supply of supplies) {
    const taken = new Set(picks.map(({ grant }) => grant.ip));
    const next = firstPick(request, { supply, known, taken, kept: kept.kept.get(supply.set) });
    if ("kind" in next) return next;
    picks.push(next);
  }
  return picks;
}

function firstPick(
  request: AddRequest,
  options: {
    readonly supply: Supply;
    readonly known: Known;
    /** Addresses that other sets give. */
    readonly taken: ReadonlySet<string>;
    /** The address of the owner that this set may give. */
    readonly kept: PickOptions | undefined;
  },
): Pick | Exhausted {
  const { supply, known, taken, kept } = options;
  const { owned } = known;
  const moved = movedTo(request, { supply, known, taken });
  const [wish] = wishesOf(request, supply.set);
  if (wish !== undefined) return moved ?? wished(request, { wish, owned });
  const own = kept === undefined || taken.has(formatAddr(kept.addr))
    ? undefined
    : pickKept(request, { kept, known });
  // What waits for the owner comes before what this pod happens to hold.
  const first = owned?.record.state === "retained" ? own ?? moved : moved ?? own;
  return first ?? chooseFirst(request, supply);
}

/** What was lost, and what is known of it. */
export interface LostOptions extends Situation {
  readonly picks: readonly Pick[];
  readonly explained: Explained;
  /** Expiring addresses that were tried in vain: more are added. */
  readonly tried: Set<string>;
  /** Addresses under the owner's name that are not the owner's: more are added. */
  readonly strange: Set<string>;
}

/** What is tried next: picks that were not lost stay. */
export function* nextPicks(request: AddRequest, options: LostOptions): Plan<Picks> {
  const { picks, explained, supplies } = options;
  const next: Pick[] = [];
  for (const [index, pick] of picks.entries()) {
    const outcome = explained.lost[index];
    const supply = supplies[pick.set];
    if (outcome?.lost !== true || supply === undefined) {
      next.push(pick);
      continue;
    }
    const again = yield* nextPick(request, { ...options, pick, index, supply, ...outcome });
    if ("kind" in again) return again;
    next.push(again);
  }
  return next;
}

interface LostPick extends LostOptions {
  readonly pick: Pick;
  readonly index: number;
  readonly supply: Supply;
  readonly entry: Entry | undefined;
}

function* nextPick(request: AddRequest, options: LostPick): Plan<Pick | Taken | Exhausted> {
  const { pick: { origin }, entry } = options;
  switch (origin.kind) {
    case "wish":
      return yield* wishedAgain(request, { wish: origin.wish, entry });
    case "owned":
      return yield* keptAgain(request, { ...options, range: origin.range });
    case "choice":
      return yield* choiceAgain(request, { ...options, candidate: origin.candidate });
    case "moved":
      throw new TypeError("Cannot lose a moved address as it has no guard of its own");
  }
}

function* keptAgain(
  request: AddRequest,
  options: LostPick & { readonly range: Range },
): Plan<Pick | Taken | Exhausted> {
  const { pick: { set, addr, grant }, range, supply, entry, strange } = options;
  const holder = entry && parseAddress(entry);
  // What another has by now, chosen or asked for, is the owner's no more.
  const isLost = holder?.state === "held" && !isKeptFor(request, holder);
  const standing = isLost ? undefined : yield* standingAt(request, { addr, entry });
  if (standing?.kind === "held") {
    const { holder, verdict } = standing;
    const path = `kept for ${request.owner?.namespace}/${request.owner?.name}`;
    return { kind: "taken", asked: { addr, path }, holder, samePod: false, verdict };
  }
  if (standing?.kind === "claimable") {
    return pick(request, { ...keptAt(request, { set, addr, range }), ...standing.claimable });
  }
  strange.add(grant.ip);
  return chooseFirst(request, supply);
}

function* choiceAgain(
  request: AddRequest,
  options: LostPick & { readonly candidate: Candidate },
): Plan<Pick | Taken | Exhausted> {
  const { index, supply, explained, tried, candidate } = options;
  if (candidate.replacement !== undefined) tried.add(triedKey(candidate.replacement));
  const search: Search = { ...supply, request, lost: candidate.lost + 1, tried };
  const shown = explained.shown[index] ?? { window: undefined, oldest: [] };
  const next = yield* nextCandidate(search, { ...shown, candidate });
  const again = choose(request, { supply, candidate: next });
  if (!("kind" in again) || supply.wish === undefined) return again;
  const found = yield* reclaim(request, supply);
  switch (found.kind) {
    case "gone":
      return choose(request, { ...found, supply });
    case "untold": {
      const { addr, holder, verdict } = found;
      const asked = { addr, path: supply.wish.path };
      return { kind: "taken", asked, holder, samePod: false, verdict };
    }
    case "held":
      return { ...again, holders: found.holders };
  }
}

function chooseFirst(request: AddRequest, supply: Supply): Pick | Exhausted {
  const candidate = firstCandidate({ ...supply, request, lost: 0, tried: NONE });
  return choose(request, { supply, candidate });
}

function choose(
  request: AddRequest,
  options: {
    readonly supply: Supply;
    readonly candidate: Candidate | undefined;
    readonly claimable?: Claimable;
  },
): Pick | Exhausted {
  const { supply: { set, pool, wish }, candidate, claimable } = options;
  const range = candidate && partOf(pool, candidate.value)?.range;
  if (candidate === undefined || range === undefined) {
    return { kind: "exhausted", set, size: pool.size, wish };
  }
  const { value, replacement } = candidate;
  return pick(request, {
    set,
    addr: { family: pool.family, value },
    range,
    source: wish === undefined ? "range" : "annotation",
    result: wish?.result,
    origin: { kind: "choice", candidate },
    replacement,
    ...claimable,
  });
}
