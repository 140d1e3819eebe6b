/**
 * Addresses that a pod asks for and this network does not have: they must be of another network of the pod, or they are mistyped.
 *
 * @module
 */
import { type Addr, formatAddr } from "../../net/addr.ts";
import { networkBounds, podBounds } from "../../state/keys.ts";
import { parseAttachment, parseNetwork, RecordError } from "../../state/record_text.ts";
import type { NetworkRecord } from "../../state/records.ts";
import { entriesOf, type Plan, read } from "../plan.ts";
import type { AddRequest } from "../request.ts";

/** Attachments of one pod, or networks of one space, that are looked at. */
const LIMIT = 100;

/** What was found. */
export interface StraysOutcome<T> {
  /** Those that the pod holds on no network. */
  readonly lost: readonly T[];
  /** The subnets of the networks that were used so far, by network: for the message. */
  readonly subnets: ReadonlyMap<string, readonly string[]>;
}

/**
 * Looks which of the addresses this pod holds on other networks already.
 *
 * @param request The ADD, with the UID of its pod.
 * @param strays The addresses.
 * @returns Those that it does not hold.
 */
export function* planStrays<T extends { readonly addr: Addr }>(
  request: Pick<AddRequest, "space" | "asker">,
  strays: readonly T[],
): Plan<StraysOutcome<T>> {
  const { space, asker: { cluster, pod } } = request;
  const bounds = podBounds(space, { cluster, uid: pod?.uid ?? "" });
  const seen = yield* read([
    { kind: "list", ...bounds, limit: LIMIT, values: true },
    { kind: "list", ...networkBounds(space), limit: LIMIT, values: true },
  ]);
  const held = new Set(
    entriesOf(seen[0]).flatMap((entry) => parseAttachment(entry).addresses.map(({ ip }) => ip)),
  );
  const networks = entriesOf(seen[1]).flatMap((entry) => {
    const record = readable(() => parseNetwork(entry));
    return record === undefined
      ? []
      : [[entry.key.slice(entry.key.lastIndexOf("/") + 1), record.subnets] as const];
  });
  return {
    lost: strays.filter(({ addr }) => !held.has(formatAddr(addr))),
    subnets: new Map(networks),
  };
}

/** A record that cannot be read decides nothing here. */
function readable(parse: () => NetworkRecord): NetworkRecord | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}
