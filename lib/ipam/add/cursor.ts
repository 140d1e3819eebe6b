/**
 * The cursor of `allocation: "sequential"`: the last address given from a range set.
 *
 * @module
 */
import { cursorKey } from "../../state/keys.ts";
import type { Write } from "../../state/txn.ts";
import type { Pick } from "./pick.ts";
import type { AddRequest } from "../request.ts";

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
