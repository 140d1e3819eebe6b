/**
 * Whether what was kept for an owner went to this owner, and the owner got nothing else.
 *
 * An address is kept until a moment that its record tells, as compared with the moment that the claim tells.
 *
 * @module
 */
import { ownerKeyOfRecord } from "../../../lib/state/keys.ts";
import { parseOwner } from "../../../lib/state/record_text.ts";
import type { AddressRecord } from "../../../lib/state/records.ts";
import type { Change, Violation } from "../history.ts";
import { addressAt, folderOf, holderOf, type Moment, timelineOf } from "./timeline.ts";

const SPACE = "default";

/**
 * Checks every claim.
 *
 * @param changes What the watch told.
 * @returns What is wrong.
 */
export function kept(changes: readonly Change[]): readonly Violation[] {
  const found: Violation[] = [];
  for (const moment of timelineOf(changes)) {
    for (const { key } of moment.change.keys.filter(({ key }) => folderOf(key) === "addresses")) {
      const [was, is] = [addressAt(moment.before, key), addressAt(moment.after, key)];
      if (is?.state !== "held" || was?.state === "held") continue;
      const problem = takenFrom(was, is) ?? otherThanKept(moment, is);
      if (problem === undefined) continue;
      const text = `revision ${moment.change.revision}: ${holderOf(is)} got ${is.ip}, ${problem}`;
      found.push({ kind: "wish", text });
    }
  }
  return found;
}

function takenFrom(was: AddressRecord | undefined, is: AddressRecord): string | undefined {
  if (was?.state !== "retained" || (was.until ?? Infinity) <= is.since) return undefined;
  const isSame = ownerKeyOfRecord(SPACE, was) === ownerKeyOfRecord(SPACE, is);
  return isSame ? undefined : `which was kept for ${was.owner?.name}`;
}

function otherThanKept({ before }: Moment, is: AddressRecord): string | undefined {
  const key = ownerKeyOfRecord(SPACE, is) ?? "";
  const value = before.get(key);
  if (value === undefined) return undefined;
  const { state, addresses } = parseOwner({ key, value, revision: "0" });
  const left = addresses.filter(({ until = Infinity }) => until > is.since);
  if (state !== "retained" || left.length === 0 || left.some(({ ip }) => ip === is.ip)) {
    return undefined;
  }
  return `while ${left.map(({ ip }) => ip).join(", ")} was kept for its owner`;
}
