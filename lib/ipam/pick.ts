/**
 * A pick: the address that one range set is to give in the next transaction.
 *
 * @module
 */
import type { Range } from "../config/config.ts";
import { type Addr, formatAddr } from "../net/addr.ts";
import { hasValue } from "../net/interval.ts";
import { addressKey } from "../state/keys.ts";
import type { Grant } from "../state/records.ts";
import type { Guard } from "../state/txn.ts";
import type { Candidate } from "./choose.ts";
import type { Replacement } from "./expiring.ts";

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
  /** How it was chosen, for the next try; undefined for wishes and moves. */
  readonly candidate: Candidate | undefined;
}

/** A pick of a pool's member. */
export function pickCandidate(
  range: Range,
  options: { readonly space: string; readonly set: number; readonly candidate: Candidate },
): Pick {
  const { candidate } = options;
  const { value, replacement } = candidate;
  const addr: Addr = { family: range.subnet.family, value };
  return { ...pickWished(range, { ...options, addr, source: "range", replacement }), candidate };
}

/** A pick of an address that was asked for. */
export function pickWished(
  range: Range,
  options: {
    readonly space: string;
    readonly set: number;
    readonly addr: Addr;
    readonly source: string;
    readonly replacement: Replacement | undefined;
  },
): Pick {
  const { space, set, addr, source, replacement } = options;
  return {
    set,
    addr,
    grant: grantOf(range, { addr, source }),
    guards: replacement?.guards ?? [{ kind: "absent", key: addressKey(space, addr) }],
    deletes: replacement?.deletes ?? [],
    candidate: undefined,
  };
}

/** A pick of an address that the pod's former attachment holds, as today's netconf has it. */
export function pickMoved(
  range: Range,
  options: { readonly set: number; readonly addr: Addr; readonly source: string },
): Pick {
  const { set, addr, source } = options;
  const grant = grantOf(range, { addr, source });
  return { set, addr, grant, guards: [], deletes: [], candidate: undefined };
}

/** Prefix length and gateway are the range's; an address of its random part cools down when it is released. */
function grantOf(
  range: Range,
  { addr, source }: { readonly addr: Addr; readonly source: string },
): Grant {
  return {
    ip: formatAddr(addr),
    prefixLength: range.subnet.length,
    ...(range.gateway === undefined ? {} : { gateway: formatAddr(range.gateway) }),
    source,
    cools: hasValue(range.random, addr.value),
  };
}
