/**
 * ADD: which addresses an attachment is given.
 *
 * The plan claims first and looks only when the claim conflicts: one trip when nothing stands in the way,
 * two when the conflict has to show what does.
 *
 * @module
 */
import type { Wish } from "../config/config.ts";
import { formatAddr, parseAddr } from "../net/addr.ts";
import { expiringKey } from "../state/keys.ts";
import type { AddressRecord, AttachmentRecord, Grant } from "../state/records.ts";
import { parseAddress, parseAttachment } from "../state/record_text.ts";
import type { Entry } from "../state/txn.ts";
import { cursorKey } from "../state/keys.ts";
import { type Candidate, firstCandidate, nextCandidate, type Search } from "./choose.ts";
import { claim, coolsIn, type Explained, type Former, parseCursor, parseFormer } from "./claim.ts";
import { expiredOf, type Expiring, type Replacement } from "./expiring.ts";
import { isOurs } from "./ownership.ts";
import { type Pick, pickCandidate, pickMoved, pickWished } from "./pick.ts";
import { commit, entryOf, type Plan, read } from "./plan.ts";
import { indexAfter, partOf, type Pool, poolOf } from "./pool.ts";
import type { AddRequest } from "./request.ts";

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
  /** The wished address is somebody's. `samePod`: this pod's, on another interface or network. */
  | {
    readonly kind: "taken";
    readonly wish: Wish;
    readonly holder: AddressRecord;
    readonly samePod: boolean;
  };

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
      if (former !== undefined && isNewer(former.record, request)) {
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

type Picks = Pick[] | Extract<AddOutcome, { kind: "exhausted" | "taken" }>;

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

/** An address that the pod's former sandbox held, if it fits this set and its wish. */
function movedTo(
  request: AddRequest,
  options: { readonly set: number; readonly pool: Pool; readonly former: Former | undefined },
): Pick | undefined {
  const { set, pool, former } = options;
  const wish = wishOf(request, set);
  for (const grant of former?.record.addresses ?? []) {
    const addr = parseAddr(grant.ip);
    if (addr.family !== pool.family) continue;
    const part = partOf(pool, addr.value);
    const fits = wish === undefined ? part !== undefined : wish.addr.value === addr.value;
    if (fits) return pickMoved(movedGrant(request, { grant, set, wish }), { set, addr });
  }
  return undefined;
}

/** The grant as today's netconf has it: prefix length and gateway may have changed since. */
function movedGrant(
  request: AddRequest,
  { grant, set, wish }: {
    readonly grant: Grant;
    readonly set: number;
    readonly wish: Wish | undefined;
  },
): Grant {
  const addr = parseAddr(grant.ip);
  const range = wish === undefined
    ? partOf(poolOf(request.sets[set] ?? { family: addr.family, ranges: [] }), addr.value)?.range
    : request.sets[set]?.ranges[wish.range];
  if (range === undefined) return grant;
  return {
    ip: grant.ip,
    prefixLength: range.subnet.length,
    ...(range.gateway === undefined ? {} : { gateway: formatAddr(range.gateway) }),
    source: wish?.source ?? grant.source,
    cools: coolsIn(request, set, addr),
  };
}

function wished(request: AddRequest, wish: Wish, replacement?: Replacement): Pick {
  const range = request.sets[wish.set]?.ranges[wish.range];
  if (range === undefined) {
    throw new RangeError(
      `Cannot find the range of a wish: current value is ${wish.set}/${wish.range}`,
    );
  }
  return pickWished(wish.addr, {
    space: request.space,
    set: wish.set,
    range,
    source: wish.source,
    cools: coolsIn(request, wish.set, wish.addr),
    replacement,
  });
}

/** What stands at a wished address decides: nothing, cooling or expired is claimed, anything else is somebody's. */
function wishedAgain(
  request: AddRequest,
  { pick, entry }: { readonly pick: Pick; readonly entry: Entry | undefined },
): Pick | Extract<AddOutcome, { kind: "taken" }> {
  const wish = wishOf(request, pick.set);
  if (wish === undefined) {
    throw new RangeError(`Cannot find the wish of set ${pick.set}`);
  }
  if (entry === undefined) return wished(request, wish);
  const holder = parseAddress(entry);
  if (holder.state === "held" || (holder.state === "retained" && !isExpired(holder, request.now))) {
    return { kind: "taken", wish, holder, samePod: isSamePod(request, holder) };
  }
  const guards = [{ kind: "revision", key: entry.key, revision: entry.revision } as const];
  const deletes = holder.until === undefined
    ? []
    : [expiringKey(request.space, { untilMs: holder.until, addr: wish.addr })];
  return wished(request, wish, { guards, deletes });
}

/** Times of one node come from one clock, so they can be compared. */
function isNewer({ nodeId, since }: AttachmentRecord, { asker, now }: AddRequest): boolean {
  return nodeId === asker.nodeId && since > now;
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
  return pickCandidate(candidate, { space: request.space, set, range, cools: true });
}

function wishOf(request: AddRequest, set: number): Wish | undefined {
  return request.wishes.find((wish) => wish.set === set);
}

function isExpired({ until }: AddressRecord, now: number): boolean {
  return until !== undefined && until <= now;
}

function isSamePod({ asker }: AddRequest, holder: AddressRecord): boolean {
  return asker.pod?.uid !== undefined && holder.cluster === asker.cluster &&
    holder.pod?.uid === asker.pod.uid;
}
