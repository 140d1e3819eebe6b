/**
 * The cursor of `allocation: "sequential"`: the last address given from a range set.
 *
 * @module
 */
import { type Addr, parseAddr } from "../../net/addr.ts";
import { cursorKey } from "../../state/keys.ts";
import type { Entry, Write } from "../../state/txn.ts";
import type { Pick } from "./pick.ts";
import type { AddRequest } from "../request.ts";

/** The address of a cursor; undefined when it is absent or not an address. */
export function parseCursor(entry: Entry | undefined): Addr | undefined {
  try {
    return entry && parseAddr(entry.value);
  } catch {
    return undefined;
  }
}

/** The writes that move the cursors to what was chosen. */
export function moveCursors(
  { allocation, space, asker, pools = [] }: AddRequest,
  picks: readonly Pick[],
): readonly Write[] {
  if (allocation !== "sequential") return [];
  return picks
    .filter(({ set, origin }) =>
      origin.kind === "choice" && !pools.some((pool) => pool.set === set)
    )
    .map(({ set, grant }) => ({
      kind: "put",
      key: cursorKey(space, asker.network, set),
      value: grant.ip,
    }));
}
