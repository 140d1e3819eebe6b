/**
 * GC: what this node holds on a network and the runtime does not know.
 *
 * The runtime's list speaks of one node and one network. So do the keys that are read here: another node's attachments are never
 * looked at.
 *
 * @module
 */
import type { AttachmentId } from "../cni/environment.ts";
import { type AttachmentName, attachmentOfNodeKey, nodeBounds } from "../state/keys.ts";
import { entriesOf, type Plan, read } from "./plan.ts";

/** Keys that one page of the node index holds. */
const PAGE = 1000;

/** What GC is told. */
export interface StaleRequest {
  /** `ipam.addressSpace`. */
  readonly space: string;
  /** The node's cluster. */
  readonly cluster: string;
  /** The node's name. */
  readonly node: string;
  /** The network that the runtime speaks of. */
  readonly network: string;
  /** Attachments that the runtime knows. */
  readonly valid: readonly AttachmentId[];
}

/**
 * Plans the search for stale attachments.
 *
 * @param request Where to look, and what is valid.
 * @returns The attachments of this node and network that are not valid.
 */
export function* planStale(request: StaleRequest): Plan<readonly AttachmentName[]> {
  const { space, network, valid } = request;
  const known = new Set(valid.map(({ containerId, ifName }) => `${containerId}/${ifName}`));
  const bounds = nodeBounds(space, request);
  const stale: AttachmentName[] = [];
  for (let from = bounds.from;;) {
    const seen = yield* read([{ kind: "list", from, to: bounds.to, limit: PAGE }]);
    const names = entriesOf(seen[0]).map(({ key }) => attachmentOfNodeKey(key, network));
    stale.push(...names.filter((name) => !known.has(`${name.containerId}/${name.ifName}`)));
    const last = entriesOf(seen[0]).at(-1);
    if (last === undefined || names.length < PAGE) return stale;
    from = `${last.key}\0`;
  }
}
