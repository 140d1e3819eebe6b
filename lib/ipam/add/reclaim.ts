/**
 * A pool that the pod asks for is full: perhaps of pods that are gone.
 *
 * @module
 */
import type { Addr } from "../../net/addr.ts";
import { addressBounds, addressOfKey } from "../../state/keys.ts";
import { parseAddress } from "../../state/record_text.ts";
import type { AddressRecord } from "../../state/records.ts";
import { MAX_OPERATIONS } from "../../state/txn.ts";
import type { Candidate } from "./choose.ts";
import type { Claimable } from "./pick.ts";
import { entriesOf, type Plan, read, type Verdict } from "../plan.ts";
import { sliceFrom } from "../pool.ts";
import type { AddRequest } from "../request.ts";
import { standingAt } from "./standing.ts";
import type { Supply } from "./supply.ts";

/** Holders that are listed at most. */
const LISTED = 64;
/** Holders whose pods are asked for at most: the runtime calls again, and then others are. */
const ASKED = 8;

/** What was found. */
export type Reclaimed =
  | { readonly kind: "gone"; readonly candidate: Candidate; readonly claimable: Claimable }
  /** Nobody can tell now. */
  | {
    readonly kind: "untold";
    readonly addr: Addr;
    readonly holder: AddressRecord;
    readonly verdict: Verdict;
  }
  | { readonly kind: "held"; readonly holders: readonly AddressRecord[] };

/**
 * Looks for an address of a full pool whose holder's pod is gone.
 *
 * @param request The ADD.
 * @param supply The pool.
 * @returns One that may be taken over, or who holds them.
 */
export function* reclaim(request: AddRequest, { pool }: Supply): Plan<Reclaimed> {
  const { space, random } = request;
  // Beginning anywhere, so that one call after the other gets to know all of them.
  const region = sliceFrom(pool, pool.size === 0n ? 0n : random(pool.size));
  const seen = yield* read(
    region.slice(0, MAX_OPERATIONS).map((span) => ({
      kind: "list",
      ...addressBounds(space, pool.family, span),
      limit: LISTED,
      values: true,
    })),
  );
  const entries = seen.flatMap(entriesOf).slice(0, LISTED);
  for (const entry of entries.slice(0, ASKED)) {
    const addr = addressOfKey(entry.key);
    const standing = yield* standingAt(request, { addr, entry });
    if (standing.kind === "claimable") {
      const candidate = { value: addr.value, window: [], lost: 0 };
      return { kind: "gone", candidate, claimable: standing.claimable };
    }
    // An API that does not answer would be waited for with each of them.
    if (standing.kind === "held" && isOutage(standing.verdict)) {
      return { kind: "untold", addr, holder: standing.holder, verdict: standing.verdict };
    }
  }
  return { kind: "held", holders: entries.map(parseAddress) };
}

function isOutage(verdict: Verdict): boolean {
  return verdict.kind === "unknown" && verdict.isOutage === true;
}
