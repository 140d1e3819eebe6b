/**
 * Addresses that were asked for: by the runtime, or by the annotations of the pod.
 *
 * @module
 */
import type { Range, Wish } from "../../config/config.ts";
import type { Addr } from "../../net/addr.ts";
import type { AddressRecord } from "../../state/records.ts";
import type { Entry } from "../../state/txn.ts";
import { claimOwned } from "./owned.ts";
import type { OwnerEntry } from "../owner_entry.ts";
import { type Claimable, type Pick, pick } from "./pick.ts";
import type { Plan, Verdict } from "../plan.ts";
import type { AddRequest } from "../request.ts";
import { standingAt } from "./standing.ts";

/** The address is somebody's. */
export interface Taken {
  /** Tells it from the other outcomes. */
  readonly kind: "taken";
  /** What was asked for, and where. */
  readonly asked: { readonly addr: Addr; readonly path: string };
  /** What stands there. */
  readonly holder: AddressRecord;
  /** It is this pod's, on another interface or network. */
  readonly samePod: boolean;
  /** Whether the holder's pod lives; absent where that does not matter. */
  readonly verdict?: Verdict;
}

/** The wishes for a range set, in order. */
export function wishesOf({ wishes }: AddRequest, set: number): readonly Wish[] {
  return wishes.filter((wish) => wish.set === set);
}

/** The range that a wish names. */
export function rangeOf(request: AddRequest, { set, range }: Wish): Range {
  const found = request.sets[set]?.ranges[range];
  if (found !== undefined) return found;
  throw new RangeError(`Cannot find the range of a wish: current value is ${set}/${range}`);
}

/** The pick of a wish: at first as if the address were free, or kept for the owner. */
export function wished(
  request: AddRequest,
  { wish, owned }: { readonly wish: Wish; readonly owned: OwnerEntry | undefined },
): Pick {
  return pickWish(request, { wish, ...claimOwned(request, { owned, addr: wish.addr }) });
}

/**
 * The next pick of a wish that was lost.
 *
 * @param request The ADD.
 * @param options The wish, and what stands at its address.
 * @returns A pick; the outcome when the address is somebody's and there is no other to try.
 */
export function* wishedAgain(
  request: AddRequest,
  { wish, entry }: { readonly wish: Wish; readonly entry: Entry | undefined },
): Plan<Pick | Taken> {
  const { addr, path } = wish;
  const standing = yield* standingAt(request, { addr, entry });
  const asked = { addr, path };
  switch (standing.kind) {
    case "claimable":
      return pickWish(request, { wish, ...standing.claimable });
    case "elsewhere": {
      const list = wishesOf(request, wish.set);
      const next = list[list.indexOf(wish) + 1];
      if (next !== undefined) return pickWish(request, { wish: next });
      return { kind: "taken", asked, holder: standing.holder, samePod: true };
    }
    case "kept":
      return { kind: "taken", asked, holder: standing.holder, samePod: false };
    case "held": {
      const { holder, verdict } = standing;
      return { kind: "taken", asked, holder, samePod: false, verdict };
    }
  }
}

function pickWish(
  request: AddRequest,
  options: Claimable & { readonly wish: Wish },
): Pick {
  const { wish } = options;
  const { set, addr, source, result } = wish;
  const range = rangeOf(request, wish);
  return pick(request, {
    ...options,
    set,
    addr,
    source,
    result,
    range,
    origin: { kind: "wish", wish },
  });
}
