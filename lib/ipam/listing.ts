/**
 * What is recorded of the addresses of a space, page by page.
 *
 * @module
 */
import { type Addr, formatAddr, parseAddr } from "../net/addr.ts";
import { addressKey, addressOfKey, allAddressBounds } from "../state/keys.ts";
import type { AddressRecord } from "../state/records.ts";
import { parseAddress, RecordError } from "../state/record_text.ts";
import type { Entry } from "../state/txn.ts";
import { entriesOf, type Plan, read } from "./plan.ts";

/** Addresses that one page holds. */
export const LISTING_PAGE = 500;

/** Which page to list, and what of it. */
export interface ListRequest {
  /** `ipam.addressSpace`. */
  readonly space: string;
  /** Where the page begins: the `next` of the page before it; absent for the first. */
  readonly from?: string | undefined;
  /** Only addresses of this network. */
  readonly network?: string | undefined;
  /** Only addresses in this state. */
  readonly state?: AddressRecord["state"] | undefined;
}

/** One recorded address. */
export type Listed =
  | { readonly kind: "address"; readonly record: AddressRecord }
  /** Whatever is asked for: nobody can tell its network and state. */
  | { readonly kind: "unreadable"; readonly ip: string | undefined; readonly error: RecordError };

/** One page of addresses. */
export interface ListedPage {
  /** IPv4 first, each family in address order. */
  readonly rows: readonly Listed[];
  /** Where the next page begins; undefined after the last. */
  readonly next: string | undefined;
}

/**
 * Plans one page of a listing, in one snapshot.
 *
 * @param request Which page, and what of it.
 * @returns The page.
 */
export function* planList(request: ListRequest): Plan<ListedPage> {
  const { space, network, state } = request;
  const { from, to } = allAddressBounds(space);
  const [seen] = yield* read([
    { kind: "list", from: request.from ?? from, to, limit: LISTING_PAGE, values: true },
  ]);
  const entries = entriesOf(seen);
  const rows = entries.map((entry) => listedOf(space, entry)).filter((row) =>
    row.kind === "unreadable" ||
    (network === undefined || row.record.network === network) &&
      (state === undefined || row.record.state === state)
  );
  const last = entries.at(-1);
  const isLast = last === undefined || entries.length < LISTING_PAGE;
  return { rows, next: isLast ? undefined : `${last.key}\0` };
}

function listedOf(space: string, entry: Entry): Listed {
  try {
    const record = parseAddress(entry);
    if (addressKey(space, parseAddr(record.ip)) !== entry.key) {
      throw new RecordError(entry.key, `Cannot read a record that speaks of ${record.ip}`, {
        repair: "Something other than kube-ipam wrote this key: look at it, and delete it",
      });
    }
    return { kind: "address", record };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    const addr = addrOf(entry.key);
    return { kind: "unreadable", ip: addr && formatAddr(addr), error };
  }
}

function addrOf(key: string): Addr | undefined {
  try {
    return addressOfKey(key);
  } catch {
    return undefined; // the key too was written by something else
  }
}
