/**
 * What a container held in an earlier life: before a DEL that is deferred, or before its node was booted.
 *
 * Runtimes use container IDs again. Such a record is neither a repeated ADD's nor free: it is rewritten, so that whoever comes to
 * release it finds a newer one.
 *
 * @module
 */
import { ownerKeyOfRecord } from "../../state/keys.ts";
import type { AttachmentRecord, Grant } from "../../state/records.ts";
import type { AddRequest } from "../request.ts";
import type { Known } from "./known.ts";

/**
 * Tells whether the attachment's own record was written in an earlier life of its container.
 *
 * @param request The ADD.
 * @param record The record under its own key, of this node.
 * @returns Whether it is to be rewritten.
 */
export function isEarlier(
  { asker, deferredMs }: AddRequest,
  { nodeId, boot, since, pod }: AttachmentRecord,
): boolean {
  if (deferredMs !== undefined && since <= deferredMs) return true;
  if (nodeId === asker.nodeId && boot !== asker.boot) return true;
  // A container is of one pod: what is recorded for another came late, after its DEL.
  return pod?.uid !== undefined && asker.pod?.uid !== undefined && pod.uid !== asker.pod.uid;
}

/** When the record of an ADD is written: later than the DEL that is deferred, whatever the clock says. */
export function sinceOf({ now, deferredMs }: AddRequest): number {
  return deferredMs === undefined ? now : Math.max(now, deferredMs + 1);
}

/**
 * The addresses that may move to the new attachment: it removes those that hold them by their revisions. What is kept for another owner
 * stays with that owner.
 */
export function grantsToMove(
  { space, asker, owner }: AddRequest,
  { earlier, former }: Known,
): readonly Grant[] {
  const { cluster, network, ifName: ifname } = asker;
  const own = ownerKeyOfRecord(space, { cluster, network, ifname, owner });
  const isOwn = earlier !== undefined && ownerKeyOfRecord(space, earlier.record) === own;
  const again = earlier?.record.addresses.filter(({ rule }) => isOwn || rule === undefined) ?? [];
  return [...again, ...former?.record.addresses ?? []];
}
