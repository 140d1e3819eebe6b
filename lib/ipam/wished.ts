/**
 * Addresses that were asked for: claimed where nothing, or nothing that lasts, stands at them.
 *
 * @module
 */
import type { Range, Wish } from "../config/config.ts";
import { expiringKey } from "../state/keys.ts";
import type { AddressRecord } from "../state/records.ts";
import { parseAddress } from "../state/record_text.ts";
import type { Entry } from "../state/txn.ts";
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

/** The range that a wish names. */
export function rangeOf(request: AddRequest, { set, range }: Wish): Range {
  const found = request.sets[set]?.ranges[range];
  if (found !== undefined) return found;
  throw new RangeError(`Cannot find the range of a wish: current value is ${set}/${range}`);
}

/** The pick of a wish. */
export function wished(request: AddRequest, wish: Wish, replacement?: Replacement): Pick {
  const { set, addr, source } = wish;
  const { space } = request;
  return pickWished(rangeOf(request, wish), { space, set, addr, source, replacement });
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
