/**
 * Addresses that were asked for: claimed where nothing, or nothing that lasts, stands at them.
 *
 * @module
 */
import type { Wish } from "../config/config.ts";
import { expiringKey } from "../state/keys.ts";
import type { AddressRecord } from "../state/records.ts";
import { parseAddress } from "../state/record_text.ts";
import type { Entry } from "../state/txn.ts";
import { coolsIn } from "./claim.ts";
import type { Replacement } from "./expiring.ts";
import { type Pick, pickWished } from "./pick.ts";
import type { AddRequest } from "./request.ts";

/** The wished address is somebody's. */
export interface Taken {
  /** Tells it from the other outcomes. */
  readonly kind: "taken";
  /** What was asked for. */
  readonly wish: Wish;
  /** What stands there. */
  readonly holder: AddressRecord;
  /** It is this pod's, on another interface or network. */
  readonly samePod: boolean;
}

/** The wish for a range set, if there is one. */
export function wishOf(request: AddRequest, set: number): Wish | undefined {
  return request.wishes.find((wish) => wish.set === set);
}

/** The pick of a wish. */
export function wished(request: AddRequest, wish: Wish, replacement?: Replacement): Pick {
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
export function wishedAgain(
  request: AddRequest,
  { pick, entry }: { readonly pick: Pick; readonly entry: Entry | undefined },
): Pick | Taken {
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

function isExpired({ until }: AddressRecord, now: number): boolean {
  return until !== undefined && until <= now;
}

function isSamePod({ asker }: AddRequest, holder: AddressRecord): boolean {
  return asker.pod?.uid !== undefined && holder.cluster === asker.cluster &&
    holder.pod?.uid === asker.pod.uid;
}
