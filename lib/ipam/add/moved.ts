/**
 * Addresses that a new container takes over from the former one of its pod, or from its own earlier life.
 *
 * @module
 */
import { parseAddr } from "../../net/addr.ts";
import { grantsToMove } from "./earlier.ts";
import type { Known } from "./known.ts";
import { type Pick, pickMoved } from "./pick.ts";
import { partOf } from "../pool.ts";
import type { AddRequest } from "../request.ts";
import type { Supply } from "./supply.ts";
import { rangeOf, wishesOf } from "./wished.ts";

/** An address that the pod's former sandbox held, or the same container before, if it fits this set and what is asked for. */
export function movedTo(
  request: AddRequest,
  options: {
    readonly supply: Supply;
    readonly known: Known;
    /** Addresses that other sets give. */
    readonly taken: ReadonlySet<string>;
  },
): Pick | undefined {
  const { supply: { set, pool, wish: poolWish }, known, taken } = options;
  const wishes = wishesOf(request, set);
  const origin = { kind: "moved" } as const;
  for (const { ip, source } of grantsToMove(request, known)) {
    const addr = parseAddr(ip);
    if (addr.family !== pool.family || taken.has(ip)) continue;
    if (wishes.length === 0) {
      const range = partOf(pool, addr.value)?.range;
      if (range === undefined) continue;
      return pickMoved(request, { set, addr, range, source, origin, result: poolWish?.result });
    }
    const wish = wishes.find((one) => one.addr.value === addr.value);
    if (wish === undefined) continue;
    const { source: asked, result } = wish;
    return pickMoved(request, {
      set,
      addr,
      range: rangeOf(request, wish),
      source: asked,
      origin,
      result,
    });
  }
  return undefined;
}
