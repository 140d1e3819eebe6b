/**
 * Whether a repeated ADD is answered as before.
 *
 * @module
 */
import type { Violation } from "../history.ts";
import type { Holding } from "./holdings.ts";

/**
 * Finds attachments that were answered one address and, while they held it, another one.
 *
 * @param holdings What was promised.
 * @returns What is wrong.
 */
export function repeated(holdings: readonly Holding[]): readonly Violation[] {
  const lasting = holdings.filter(({ fromMs, toMs }) => fromMs < toMs);
  return Map.groupBy(lasting, ({ holder }) => holder).values().flatMap((own) => {
    const ordered = own.toSorted((a, b) => a.fromMs - b.fromMs);
    return ordered.flatMap((one, index): readonly Violation[] => {
      const before = ordered[index - 1];
      if (before === undefined || before.ip === one.ip || before.toMs <= one.fromMs) return [];
      const text = `${one.holder} on ${one.call.node} was answered ${before.ip} and then ${one.ip}`;
      return [{ kind: "invariant", text }];
    });
  }).toArray();
}
