/**
 * A pick: the address that one range set is to give in the next transaction.
 *
 * @module
 */
import type { Range } from "../config/config.ts";
import { type Addr, formatAddr } from "../net/addr.ts";
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
  candidate: Candidate,
  options: {
    readonly space: string;
    readonly set: number;
    readonly range: Range;
    readonly cools: boolean;
  },
): Pick {
  const { space, set, range, cools } = options;
  const addr: Addr = { family: range.subnet.family, value: candidate.value };
  return {
    set,
    addr,
    grant: grantOf(range, { addr, source: "range", cools }),
    guards: candidate.replacement?.guards ?? [{ kind: "absent", key: addressKey(space, addr) }],
    deletes: candidate.replacement?.deletes ?? [],
    candidate,
  };
}

/** A pick of an address that was asked for. */
export function pickWished(
  addr: Addr,
  options: {
    readonly space: string;
    readonly set: number;
    readonly range: Range;
    readonly source: string;
    readonly cools: boolean;
    readonly replacement: Replacement | undefined;
  },
): Pick {
  const { space, set, range, source, cools, replacement } = options;
  return {
    set,
    addr,
    grant: grantOf(range, { addr, source, cools }),
    guards: replacement?.guards ?? [{ kind: "absent", key: addressKey(space, addr) }],
    deletes: replacement?.deletes ?? [],
    candidate: undefined,
  };
}

/** A pick of an address that the pod's former attachment holds. */
export function pickMoved(
  grant: Grant,
  options: { readonly set: number; readonly addr: Addr },
): Pick {
  const { set, addr } = options;
  return { set, addr, grant, guards: [], deletes: [], candidate: undefined };
}

function grantOf(
  range: Range,
  { addr, source, cools }: {
    readonly addr: Addr;
    readonly source: string;
    readonly cools: boolean;
  },
): Grant {
  return {
    ip: formatAddr(addr),
    prefixLength: range.subnet.length,
    ...(range.gateway === undefined ? {} : { gateway: formatAddr(range.gateway) }),
    source,
    cools,
  };
}
