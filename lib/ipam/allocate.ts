/**
 * ADD: which addresses an attachment is given.
 *
 * The plan claims first and looks only when the claim conflicts: one trip when nothing stands in the way,
 * two when the conflict has to show what does.
 *
 * @module
 */
import type { Wish } from "../config/config.ts";
import { formatAddr } from "../net/addr.ts";
import { cursorKey } from "../state/keys.ts";
import { parseAttachment } from "../state/record_text.ts";
import type { AttachmentRecord } from "../state/records.ts";
import { type Candidate, firstCandidate, nextCandidate, type Search } from "./choose.ts";
import { claim, type Former, parseCursor, parseFormer } from "./claim.ts";
import { expiredOf, type Expiring } from "./expiring.ts";
import type { Explained } from "./explain.ts";
import { isNewer, movedTo } from "./moved.ts";
import { isOurs } from "./ownership.ts";
import { type Pick, pickCandidate } from "./pick.ts";
import { commit, entryOf, type Plan, read } from "./plan.ts";
import { indexAfter, partOf, type Pool, poolOf } from "./pool.ts";
import type { AddRequest } from "./request.ts";
import { type Taken, wished, wishedAgain, wishOf } from "./wished.ts";

/** How an ADD ends. */
export type AddOutcome =
  /** The addresses are ours now. `former`: the attachment they, or some, were taken over from. */
  | {
    readonly kind: "granted";
    readonly record: AttachmentRecord;
    readonly former: Former | undefined;
  }
  /** This attachment held them before: the call was repeated. */
  | { readonly kind: "held"; readonly record: AttachmentRecord }
  /** This attachment holds other addresses than it wishes for now. */
  | { readonly kind: "differs"; readonly record: AttachmentRecord; readonly wish: Wish }
  /** The container ID is held by another node or cluster. */
  | { readonly kind: "foreign"; readonly record: AttachmentRecord }
  /** A newer container of the same pod came first: this call is late, and its container gone. */
  | { readonly kind: "superseded"; readonly record: AttachmentRecord }
  /** No address of this set can be granted. */
  | { readonly kind: "exhausted"; readonly set: number; readonly size: bigint }
  | Taken;

/**
 * Plans an ADD.
 *
 * @param request What is asked for, and by whom.
 * @returns How it ends.
 */
export function* planAdd(request: AddRequest): Plan<AddOutcome> {
  const pools = request.sets.map(poolOf);
  const cursors = yield* readCursors(request, pools);
  let former: Former | undefined;
  let picks = firstPicks(request, { pools, cursors, former });
  let expired: readonly Expiring[] = [];
  const tried = new Set<bigint>();
  for (let conflicts = 0;; conflicts++) {
    if (!Array.isArray(picks)) return picks;
    const attempt = claim(request, { picks, former, expired });
    const answer = yield* commit(attempt.txn);
    if (answer.kind === "committed") return { kind: "granted", record: attempt.record, former };
    if (answer.kind === "unknown") continue; // if it was applied, the next try shows our own record
    const explained = attempt.explain(answer);
    if (explained.own !== undefined) return repeated(request, parseAttachment(explained.own));
    if (explained.former.changed) {
      former = parseFormer(explained.former.entry);
      if (former !== undefined && isNewer(former, request)) {
        return { kind: "superseded", record: former.record };
      }
      picks = firstPicks(request, { pools, cursors, former });
      expired = [];
      continue;
    }
    picks = yield* nextPicks(request, {
      pools,
      cursors,
      picks,
      explained,
      conflicts: conflicts + 1,
      tried,
    });
    expired = conflicts === 0 ? clearable(request, { picks, explained }) : [];
  }
}

type Picks = Pick[] | Taken | Extract<AddOutcome, { kind: "exhausted" }>;

const NONE: ReadonlySet<bigint> = new Set();

interface Situation {
  readonly pools: readonly Pool[];
  /** For each set, the index that an ordered search begins at. */
  readonly cursors: readonly bigint[];
}

function firstPicks(
  request: AddRequest,
  { pools, cursors, former }: Situation & { readonly former: Former | undefined },
): Picks {
  const picks: Pick[] = [];
  for (const [set, pool] of pools.entries()) {
    const moved = movedTo(request, { set, pool, former });
    const wish = wishOf(request, set);
    const search = { pool, request, start: cursors[set] ?? 0n, conflicts: 0, tried: NONE };
    const pick = moved ??
      (wish ? wished(request, wish) : toPick(search, { set, candidate: firstCandidate(search) }));
    if (pick === undefined) return { kind: "exhausted", set, size: pool.size };
    picks.push(pick);
  }
  return picks;
}

function* nextPicks(
  request: AddRequest,
  options: Situation & {
    readonly picks: readonly Pick[];
    readonly explained: Explained;
    readonly conflicts: number;
    /** Expiring addresses that were tried in vain: more are added. */
    readonly tried: Set<bigint>;
  },
): Plan<Picks> {
  const { pools, cursors, picks, explained, conflicts, tried } = options;
  const next: Pick[] = [];
  for (const [index, pick] of picks.entries()) {
    const outcome = explained.lost[index];
    const pool = pools[pick.set];
    if (outcome?.lost !== true || pool === undefined) {
      next.push(pick);
    } else if (pick.candidate === undefined) {
      const again = wishedAgain(request, { pick, entry: outcome.entry });
      if ("kind" in again) return again;
      next.push(again);
    } else {
      if (pick.candidate.replacement !== undefined) tried.add(pick.addr.value);
      const search = { pool, request, start: cursors[pick.set] ?? 0n, conflicts, tried };
      const shown = explained.shown[index] ?? { window: undefined, oldest: [] };
      const candidate = yield* nextCandidate(search, { ...shown, candidate: pick.candidate });
      const again = toPick(search, { set: pick.set, candidate });
      if (again === undefined) return { kind: "exhausted", set: pick.set, size: pool.size };
      next.push(again);
    }
  }
  return next;
}

function repeated(request: AddRequest, record: AttachmentRecord): AddOutcome {
  if (!isOurs(record, request.asker)) return { kind: "foreign", record };
  const held = new Set(record.addresses.map(({ ip }) => ip));
  const missing = request.wishes.find(({ addr }) => !held.has(formatAddr(addr)));
  return missing === undefined
    ? { kind: "held", record }
    : { kind: "differs", record, wish: missing };
}

/** Expired records that the conflict showed and no pick uses: cleared away with the next try, and only with that. */
function clearable(
  request: AddRequest,
  { picks, explained }: { readonly picks: Picks; readonly explained: Explained },
): readonly Expiring[] {
  if (!Array.isArray(picks)) return [];
  const used = new Set(picks.map(({ grant }) => grant.ip));
  const byKey = new Map<string, Expiring>();
  for (const { oldest } of explained.shown) {
    for (const expiring of expiredOf(oldest, request.now)) {
      if (!used.has(formatAddr(expiring.addr))) {
        byKey.set(formatAddr(expiring.addr), expiring);
      }
    }
  }
  return [...byKey.values()];
}

function* readCursors(request: AddRequest, pools: readonly Pool[]): Plan<readonly bigint[]> {
  const { allocation, space, asker } = request;
  if (allocation !== "sequential") return pools.map(() => 0n);
  const seen = yield* read(
    pools.map((_, set) => ({ kind: "get", key: cursorKey(space, asker.network, set) })),
  );
  return pools.map((pool, set) => {
    const last = parseCursor(entryOf(seen[set]));
    return last?.family === pool.family ? indexAfter(pool, last.value) : 0n;
  });
}

function toPick(
  { pool, request }: Search,
  { set, candidate }: { readonly set: number; readonly candidate: Candidate | undefined },
): Pick | undefined {
  const range = candidate && partOf(pool, candidate.value)?.range;
  if (candidate === undefined || range === undefined) return undefined;
  return pickCandidate(range, { space: request.space, set, candidate });
}
