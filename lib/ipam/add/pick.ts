/**
 * A pick: the address that one range set is to give in the next transaction.
 *
 * @module
 */
import type { PoolWish, Range, ResultWish, Wish } from "../../config/config.ts";
import { formatRetain } from "../../config/retain.ts";
import { type Addr, formatAddr } from "../../net/addr.ts";
import { hasValue } from "../../net/interval.ts";
import { addressKey } from "../../state/keys.ts";
import type { AttachmentRecord, Grant } from "../../state/records.ts";
import type { Guard } from "../../state/txn.ts";
import type { Candidate } from "./choose.ts";
import type { Replacement } from "../expiring.ts";
import type { AddRequest } from "../request.ts";

/** How a pick came about, for the next try when it is lost. */
export type Origin =
  /** Chosen of the set's pool. */
  | { readonly kind: "choice"; readonly candidate: Candidate }
  /** Asked for. */
  | { readonly kind: "wish"; readonly wish: Wish }
  /** Kept for the owner, in a range that has it. */
  | { readonly kind: "owned"; readonly range: Range }
  /** Held by the former sandbox of the same pod. */
  | { readonly kind: "moved" };

/** An attachment whose pod is gone, to be removed by whoever takes an address of it over. */
export interface Victim {
  /** Its record. */
  readonly record: AttachmentRecord;
  /** The revision of its record, and of all that was written with it. */
  readonly revision: string;
}

/** The address that one range set is to give. */
export interface Pick {
  /** Index of the range set. */
  readonly set: number;
  readonly addr: Addr;
  readonly grant: Grant;
  /** What is guarded; nothing when the address moves with its attachment, whose guard suffices. */
  readonly guards: readonly Guard[];
  /** Keys that go because the address is given again. */
  readonly deletes: readonly string[];
  readonly origin: Origin;
  /** Whom it is taken from. */
  readonly victim?: Victim | undefined;
}

/** What stands at an address that is not free, and how it is taken all the same. */
export interface Claimable {
  readonly replacement?: Replacement | undefined;
  readonly victim?: Victim | undefined;
}

/** What a pick is made of. */
export interface PickOptions {
  /** The range that the address is of. */
  readonly range: Range;
  /** Index of the range set. */
  readonly set: number;
  readonly addr: Addr;
  readonly origin: Origin;
  /** What asked for it. */
  readonly source: string;
  /** What the result says instead of what the range says. */
  readonly result?: ResultWish | undefined;
}

/** A pick of an address that is free, or claimable in spite of what stands there. */
export function pick(request: AddRequest, options: PickOptions & Claimable): Pick {
  const { addr, replacement, victim } = options;
  return {
    ...pickMoved(request, options),
    guards: replacement?.guards ?? [{ kind: "absent", key: addressKey(request.space, addr) }],
    deletes: replacement?.deletes ?? [],
    victim,
  };
}

/** A pick of an address that the pod's former attachment holds, as today's netconf has it. */
export function pickMoved(request: AddRequest, options: PickOptions): Pick {
  const { set, addr, origin } = options;
  return { set, addr, grant: grantOf(request, options), guards: [], deletes: [], origin };
}

/** The pool that the pod asks for instead of the set's own. */
export function poolWishOf({ pools = [] }: AddRequest, set: number): PoolWish | undefined {
  return pools.find((pool) => pool.set === set);
}

/**
 * Prefix length and gateway are the range's, unless the pod asks for others; an address of its random part cools down when it is
 * released.
 */
function grantOf(
  request: AddRequest,
  { range, addr, source, result }: PickOptions,
): Grant {
  const gateway = result?.gateway ?? range.gateway;
  const rule = ruleOf(request, range);
  return {
    ip: formatAddr(addr),
    prefixLength: result?.prefixLength ?? range.subnet.length,
    ...(gateway === undefined ? {} : { gateway: formatAddr(gateway) }),
    source,
    cools: hasValue(range.random, addr.value),
    ...(rule === undefined ? {} : { rule }),
  };
}

/** How long an address of a range stays with the owner; without an owner there is nobody to keep it for. */
export function ruleOf({ owner, retain }: AddRequest, range: Range): string | undefined {
  const rule = retain ?? range.retain;
  return owner === undefined || rule === "none" ? undefined : formatRetain(rule);
}
