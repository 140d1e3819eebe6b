/**
 * Whether two answers promised one address at the same time.
 *
 * @module
 */
import type { Violation } from "../history.ts";
import type { Holding } from "./holdings.ts";

/**
 * Finds addresses that were promised to two attachments at once.
 *
 * @param holdings What was promised.
 * @returns What is wrong.
 */
export function doubled(holdings: readonly Holding[]): readonly Violation[] {
  const lasting = holdings.filter(({ fromMs, toMs }) => fromMs < toMs);
  return Map.groupBy(lasting, ({ ip }) => ip).values().flatMap(within).toArray();
}

/** Of one address, ordered by their beginnings, each is compared with those that have not ended. */
function within(holdings: readonly Holding[]): readonly Violation[] {
  const found: Violation[] = [];
  let open: Holding[] = [];
  for (const one of holdings.toSorted((a, b) => a.fromMs - b.fromMs)) {
    open = open.filter(({ toMs }) => toMs > one.fromMs);
    const other = open.find(({ holder }) => holder !== one.holder);
    if (other !== undefined) found.push({ kind: "duplicate", text: textOf(other, one) });
    open.push(one);
  }
  return found;
}

function textOf(first: Holding, second: Holding): string {
  const { ip } = first;
  return `${ip} was given to ${describe(second)} while ${describe(first)} held it`;
}

function describe({ holder, call, fromMs, toMs }: Holding): string {
  const end = toMs === Infinity ? "the end" : new Date(toMs).toISOString();
  return `${holder} on ${call.node} (${new Date(fromMs).toISOString()} to ${end})`;
}
