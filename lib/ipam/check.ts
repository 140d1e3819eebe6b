/**
 * CHECK: whether an attachment still holds what its result said.
 *
 * @module
 */
import type { ResultIp } from "../cni/result.ts";
import { type Addr, formatAddr, parseAddr } from "../net/addr.ts";
import { addressKey, attachmentKey, type AttachmentName } from "../state/keys.ts";
import type { AttachmentRecord } from "../state/records.ts";
import { parseAddress, parseAttachment } from "../state/record_text.ts";
import { type Entry, type GetRead, MAX_OPERATIONS } from "../state/txn.ts";
import { isOurs, type Node } from "./ownership.ts";
import { entryOf, type Plan, read } from "./plan.ts";

/** What CHECK compares. */
export interface CheckRequest {
  /** `ipam.addressSpace`. */
  readonly space: string;
  /** Who asks. */
  readonly node: Node;
  /** The attachment. */
  readonly name: AttachmentName;
  /** The addresses of prevResult that belong to this interface; others may stand there too. */
  readonly previous: readonly ResultIp[];
}

/** How a CHECK ends. */
export type CheckOutcome =
  | { readonly kind: "ok" }
  /** No attachment is recorded. */
  | { readonly kind: "absent" }
  /** The attachment is another node's. */
  | { readonly kind: "foreign"; readonly record: AttachmentRecord }
  /** prevResult lacks an address that the attachment holds. */
  | { readonly kind: "missing"; readonly record: AttachmentRecord; readonly ip: string }
  /** The address of prevResult is not recorded as held by this attachment. */
  | { readonly kind: "lost"; readonly ip: string };

/**
 * Plans a CHECK: one read, unless later plugins gave the interface more addresses than one read can ask for.
 *
 * @param request What to compare.
 * @returns How it ends.
 */
export function* planCheck(request: CheckRequest): Plan<CheckOutcome> {
  const { space, node, name, previous } = request;
  const asked = previous.slice(0, MAX_OPERATIONS - 1).map(({ addr }) => addr);
  const seen = yield* read([
    { kind: "get", key: attachmentKey(space, name) },
    ...asked.map((addr) => getOf(space, addr)),
  ]);
  const entry = entryOf(seen[0]);
  if (entry === undefined) return { kind: "absent" };
  const record = parseAttachment(entry);
  if (!isOurs(record, node)) return { kind: "foreign", record };
  const named = new Set(
    previous.map(({ addr, prefixLength }) => `${formatAddr(addr)}/${prefixLength}`),
  );
  const found = new Map(asked.map((addr, index) => [formatAddr(addr), entryOf(seen[index + 1])]));
  for (const { ip, prefixLength } of record.addresses) {
    const text = `${ip}/${prefixLength}`;
    if (!named.has(text)) return { kind: "missing", record, ip: text };
    const held = found.has(ip)
      ? found.get(ip)
      : entryOf((yield* read([getOf(space, parseAddr(ip))]))[0]);
    if (!isHeldBy(record, held)) return { kind: "lost", ip: text };
  }
  return { kind: "ok" };
}

function getOf(space: string, addr: Addr): GetRead {
  return { kind: "get", key: addressKey(space, addr) };
}

function isHeldBy(record: AttachmentRecord, entry: Entry | undefined): boolean {
  if (entry === undefined) return false;
  const { state, network, containerID, ifname } = parseAddress(entry);
  return state === "held" && network === record.network && containerID === record.containerID &&
    ifname === record.ifname;
}
