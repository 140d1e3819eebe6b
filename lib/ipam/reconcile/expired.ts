/**
 * Cooling and retained addresses whose time is over: cleared as in passing, all of them.
 *
 * @module
 */
import { addressKey, expiringOfKey } from "../../state/keys.ts";
import { deletion } from "../../state/operations.ts";
import type { AddressRecord } from "../../state/records.ts";
import { MAX_OPERATIONS } from "../../state/txn.ts";
import { clearing, type Expiring, parseOldest } from "../expiring.ts";
import { commit, type Plan } from "../plan.ts";
import { type Item, itemOf } from "./report.ts";
import type { Scope } from "./scope.ts";
import type { SpaceSurvey } from "./survey.ts";

/** Records that one transaction clears at most: three deletions each. */
export const EXPIRED_BATCH = Math.floor(MAX_OPERATIONS / 4);

/** One whose time is over. */
export interface Expired {
  readonly expiring: Expiring;
  readonly item: Item;
}

/** Finds those of our cluster. */
export function expiredIn(survey: SpaceSurvey, scope: Scope): readonly Expired[] {
  const { space, expiring, addresses } = survey;
  return [...expiring].flatMap(([key, { entry }]): readonly Expired[] => {
    const { addr, untilMs } = expiringOfKey(key);
    const address = addresses.get(addressKey(space, addr));
    // Both have one revision, or the key stands for nothing.
    if (address?.revision !== entry.revision || untilMs > scope.now) return [];
    const record = address.seen?.record;
    if (record === undefined || record.cluster !== scope.cluster) return [];
    if (scope.node !== undefined && record.node !== scope.node) return [];
    const [found] = parseOldest(space, [entry]);
    return found === undefined ? [] : [{ expiring: found, item: expiredItem(space, record) }];
  });
}

function expiredItem(space: string, record: AddressRecord): Item {
  const { ip, state, owner, until } = record;
  const end = until === undefined ? "" : ` until ${new Date(until).toISOString()}`;
  const reason = state === "retained" && owner !== undefined
    ? `it was kept for ${owner.namespace}/${owner.name}${end}`
    : `it cooled down${end}`;
  return itemOf(record, { space, ip, kind: "expired", reason });
}

/**
 * Plans the clearing of some of them.
 *
 * @param space The space.
 * @param batch At most {@linkcode EXPIRED_BATCH}.
 * @returns Those that were cleared: what somebody else touched meanwhile is left out.
 */
export function* planExpired(space: string, batch: readonly Expired[]): Plan<readonly Expired[]> {
  return yield* clear(space, { batch, wasSent: false });
}

function* clear(
  space: string,
  { batch, wasSent }: { readonly batch: readonly Expired[]; readonly wasSent: boolean },
): Plan<readonly Expired[]> {
  if (batch.length === 0) return [];
  const { guards, deletes } = clearing(space, batch.map(({ expiring }) => expiring));
  // Two of one owner name their key once only, but a damaged one may do so twice.
  const answer = yield* commit({ guards, writes: [...new Set(deletes)].map(deletion) });
  if (answer.kind === "committed") return batch;
  const isSent = wasSent || answer.kind === "unknown";
  if (batch.length === 1) {
    if (answer.kind === "unknown") return yield* clear(space, { batch, wasSent: isSent });
    // A commit whose end nobody knew was applied, if they are not there now.
    return isSent ? batch : [];
  }
  const done: Expired[] = [];
  for (const one of batch) done.push(...yield* clear(space, { batch: [one], wasSent: isSent }));
  return done;
}
