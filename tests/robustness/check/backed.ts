/**
 * Whether every answer stands in the datastore for as long as it was promised.
 *
 * @module
 */
import { addressAt, folderOf, holderOf, timelineOf } from "./timeline.ts";
import type { Change, Violation } from "../history.ts";
import type { Holding } from "./holdings.ts";

/** An attachment was recorded as holder of an address. */
interface Period {
  readonly fromRevision: number;
  /** When the watch told its end: never before it happened. */
  toMs: number;
  toRevision: number | undefined;
}

/**
 * Finds answers without a record, and records that were given back although nobody might do that yet.
 *
 * @param holdings What was promised.
 * @param changes What the watch told.
 * @returns What is wrong.
 */
export function unbacked(
  holdings: readonly Holding[],
  changes: readonly Change[],
): readonly Violation[] {
  const periods = periodsOf(changes);
  return holdings.flatMap(({ ip, holder, call, fromMs, toMs }): readonly Violation[] => {
    const own = periods.get(`${ip} ${holder}`) ?? [];
    if (own.some((period) => period.toMs >= toMs)) return [];
    const last = own.at(-1);
    const at = new Date(fromMs).toISOString();
    const text = last === undefined
      ? `${ip} was answered to ${holder} on ${call.node} at ${at} and is not recorded`
      : `${ip} was answered to ${holder} on ${call.node} at ${at} and given back by revision ` +
        `${last.toRevision} (${new Date(last.toMs).toISOString()}), before anybody might`;
    return [{ kind: "lost", text }];
  });
}

function periodsOf(changes: readonly Change[]): ReadonlyMap<string, readonly Period[]> {
  const periods = new Map<string, Period[]>();
  for (const { change: { keys, revision, seenMs }, before, after } of timelineOf(changes)) {
    for (const { key } of keys.filter(({ key }) => folderOf(key) === "addresses")) {
      const [was, is] = [before, after].map((state) => {
        const record = addressAt(state, key);
        return record?.state === "held" ? `${record.ip} ${holderOf(record)}` : undefined;
      });
      if (was === is) continue;
      const ended = was === undefined ? undefined : periods.get(was)?.at(-1);
      if (ended !== undefined) Object.assign(ended, { toMs: seenMs, toRevision: revision });
      if (is === undefined) continue;
      const begun = { fromRevision: revision, toMs: Infinity, toRevision: undefined };
      periods.set(is, [...periods.get(is) ?? [], begun]);
    }
  }
  return periods;
}
