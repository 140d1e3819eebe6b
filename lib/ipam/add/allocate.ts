/**
 * ADD: which addresses an attachment is given.
 *
 * The plan claims first and looks only when the claim conflicts: one trip when nothing stands in the way,
 * two when the conflict has to show what does.
 *
 * @module
 */
import type { PoolWish, Wish } from "../../config/config.ts";
import { type Addr, equalAddr, formatAddr, parseAddr } from "../../net/addr.ts";
import { parseAttachment } from "../../state/record_text.ts";
import type { AttachmentRecord, OwnerRecord } from "../../state/records.ts";
import { isKnown, isRandomUid } from "./authority.ts";
import { claim } from "./claim.ts";
import { type Former, isNewer, parseFormer } from "./former.ts";
import { isEarlier } from "./earlier.ts";
import type { Known } from "./known.ts";
import { type Expiring, shareOf } from "../expiring.ts";
import type { Explained } from "./explain.ts";
import { isOurs } from "../ownership.ts";
import type { Forbidden } from "./owned.ts";
import { parseOwnerEntry } from "../owner_entry.ts";
import { arePicks, type Exhausted, firstPicks, nextPicks, type Picks } from "./picks.ts";
import type { Victim } from "./pick.ts";
import { commit, type Plan } from "../plan.ts";
import { partOf } from "../pool.ts";
import type { AddRequest } from "../request.ts";
import { readSupplies, type Supply } from "./supply.ts";
import { type Taken, wishesOf } from "./wished.ts";

/** How an ADD ends. */
export type AddOutcome =
  /**
   * The addresses are ours now. `earlier`: what the same container held in an earlier life; `former`: what the pod held;
   * `victims`: pods that are gone.
   */
  | {
    readonly kind: "granted";
    readonly record: AttachmentRecord;
    readonly earlier: Former | undefined;
    readonly former: Former | undefined;
    readonly victims: readonly Victim[];
    /** Addresses that were kept for the owner, and are free now. */
    readonly freed: readonly string[];
  }
  /** This attachment held them before: the call was repeated. */
  | { readonly kind: "held"; readonly record: AttachmentRecord }
  /** This attachment holds other addresses than it wishes for now. */
  | {
    readonly kind: "differs";
    readonly record: AttachmentRecord;
    readonly wish: Pick<Wish | PoolWish, "text" | "path">;
  }
  /** The container ID is held by another node or cluster. */
  | { readonly kind: "foreign"; readonly record: AttachmentRecord }
  /** A newer container of the same pod came first: this call is late, and its container gone. */
  | { readonly kind: "superseded"; readonly record: AttachmentRecord }
  /** An owner or a pod of this name is known, and is of another cluster of the same name. */
  | { readonly kind: "stranger"; readonly record: OwnerRecord | AttachmentRecord }
  | Exhausted
  | Forbidden
  | Taken;

const NOTHING: Known = {
  earlier: undefined,
  former: undefined,
  owned: undefined,
  without: new Set(),
  detached: new Set(),
};

/**
 * Plans an ADD.
 *
 * @param request What is asked for, and by whom.
 * @returns How it ends.
 */
export function* planAdd(request: AddRequest): Plan<AddOutcome> {
  const supplies = yield* readSupplies(request);
  let known = NOTHING;
  let picks = firstPicks(request, { supplies, known });
  let expired: readonly Expiring[] = [];
  const tried = new Set<string>();
  for (let conflicts = 0;; conflicts++) {
    if (!arePicks(picks)) return picks;
    const attempt = claim(request, { picks, known, expired });
    const answer = yield* commit(attempt.txn);
    if (answer.kind === "committed") {
      const victims = picks.flatMap(({ victim }) => victim ?? []);
      const { record, freed } = attempt;
      const { earlier, former } = known;
      return { kind: "granted", record, earlier, former, victims, freed };
    }
    if (answer.kind === "unknown") continue; // if it was applied, the next try shows our own record
    const explained = attempt.explain(answer);
    const own = explained.own.entry && parseAttachment(explained.own.entry);
    if (own !== undefined && !(isOurs(own, request.asker) && isEarlier(request, own))) {
      return repeated(request, { supplies, record: own });
    }
    const strange = new Set([...known.without, ...explained.strange]);
    const detached = new Set([...known.detached, ...explained.detached]);
    if (explained.own.changed || explained.former.changed || explained.owner.changed) {
      const earlier = own && explained.own.entry && { entry: explained.own.entry, record: own };
      const former = parseFormer(explained.former.entry);
      if (former !== undefined && isNewer(former, request)) {
        return { kind: "superseded", record: former.record };
      }
      const owned = parseOwnerEntry(explained.owner.entry);
      const stranger = yield* strangerOf(request, { former, owned });
      if (stranger !== undefined) return { kind: "stranger", record: stranger };
      known = { earlier, former, owned, without: NOTHING.without, detached };
      picks = firstPicks(request, { supplies, known });
      expired = [];
      continue;
    }
    picks = yield* nextPicks(request, {
      supplies,
      known,
      picks,
      explained,
      tried,
      strange,
    });
    known = { ...known, without: strange, detached };
    expired = conflicts === 0 ? clearable(request, { picks, explained }) : [];
  }
}

/**
 * The record of another cluster that shares our cluster's name. A pod's UID tells most pods apart, but that of a static pod is made of
 * its manifest and its node's name: two clusters may have the same one.
 */
function* strangerOf(
  request: AddRequest,
  { former, owned }: Pick<Known, "former" | "owned">,
): Plan<OwnerRecord | AttachmentRecord | undefined> {
  if (owned !== undefined) {
    const { authority } = owned.record;
    const isUnsigned = authority === undefined && (request.asker.authorities ?? []).length === 0;
    if (!isUnsigned && !(yield* isKnown(request, authority))) return owned.record;
  }
  if (former === undefined || former.record.nodeId === request.asker.nodeId) return undefined;
  const { authority, pod } = former.record;
  if (isRandomUid(pod?.uid) || (yield* isKnown(request, authority))) return undefined;
  return former.record;
}

function repeated(
  request: AddRequest,
  { supplies, record }: {
    readonly supplies: readonly Supply[];
    readonly record: AttachmentRecord;
  },
): AddOutcome {
  if (!isOurs(record, request.asker)) return { kind: "foreign", record };
  const held = record.addresses.map(({ ip }) => parseAddr(ip));
  for (const { set, pool, wish: poolWish } of supplies) {
    const wishes = wishesOf(request, set);
    const wish = wishes[0] ?? poolWish;
    const fits = (addr: Addr): boolean =>
      wishes.length > 0
        ? wishes.some((one) => equalAddr(one.addr, addr))
        : addr.family === pool.family && partOf(pool, addr.value) !== undefined;
    if (wish !== undefined && !held.some(fits)) return { kind: "differs", record, wish };
  }
  return { kind: "held", record };
}

/** Expired records that the conflict showed and no pick uses: cleared away with the next try, and only with that. */
function clearable(
  request: AddRequest,
  { picks, explained }: { readonly picks: Picks; readonly explained: Explained },
): readonly Expiring[] {
  if (!arePicks(picks)) return [];
  const used = new Set(picks.map(({ grant }) => grant.ip));
  const share = { now: request.now, by: request.asker.containerId };
  const byKey = new Map<string, Expiring>();
  for (const { oldest } of explained.shown) {
    for (const expiring of shareOf(oldest, share)) {
      if (!used.has(formatAddr(expiring.addr))) {
        byKey.set(formatAddr(expiring.addr), expiring);
      }
    }
  }
  return [...byKey.values()];
}
