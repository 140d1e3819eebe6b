/**
 * A pool that the pod asks for is full: perhaps of pods that are gone.
 *
 * @module
 */
import type { Addr } from "../net/addr.ts";
import { addressBounds, addressOfKey } from "../state/keys.ts";
import { parseAddress } from "../state/record_text.ts";
import type { AddressRecord } from "../state/records.ts";
import { type Entry, MAX_OPERATIONS } from "../state/txn.ts";
import type { Candidate } from "./choose.ts";
import type { Claimable } from "./pick.ts";
import { entriesOf, type Plan, read } from "./plan.ts";
import { slice } from "./pool.ts";
import type { AddRequest } from "./request.ts";
import { standingAt } from "./standing.ts";
import type { Supply } from "./supply.ts";

/** Holders that are listed at most. */
const LISTED = 64;
/** Holders whose pods are asked for at most: the runtime calls again, and then others are. */
const ASKED = 8;

/** What was found. */
export type Reclaimed =
  | { readonly kind: "gone"; readonly candidate: Candidate; readonly claimable: Claimable }
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
  const seen = yield* read(
    slice(pool, 0n, pool.size).slice(0, MAX_OPERATIONS).map((span) => ({
      kind: "list",
      ...addressBounds(space, pool.family, span),
      limit: LISTED,
      values: true,
    })),
  );
  const entries = seen.flatMap(entriesOf).slice(0, LISTED);
  // Beginning anywhere, so that one call after the other gets to know all of them.
  const start = entries.length === 0 ? 0 : Number(random(BigInt(entries.length)));
  const some = [...entries.slice(start), ...entries.slice(0, start)].slice(0, ASKED);
  for (const entry of some) {
    const addr = addressOfKey(entry.key);
    const claimable = yield* claimableAt(request, { addr, entry });
    if (claimable === undefined) continue;
    return { kind: "gone", candidate: { value: addr.value, window: [] }, claimable };
  }
  return { kind: "held", holders: entries.map(parseAddress) };
}

function* claimableAt(
  request: AddRequest,
  options: { readonly addr: Addr; readonly entry: Entry },
): Plan<Claimable | undefined> {
  const standing = yield* standingAt(request, options);
  return standing.kind === "claimable" ? standing.claimable : undefined;
}
