/**
 * The attachment of a pod's former sandbox.
 *
 * @module
 */
import { parseAttachment } from "../../state/record_text.ts";
import type { AttachmentRecord } from "../../state/records.ts";
import type { Entry } from "../../state/txn.ts";
import type { AddRequest } from "../request.ts";
import { sinceOf } from "./earlier.ts";

/** The attachment of the same pod, network and interface that another container left. */
export interface Former {
  /** The pod's entry: its revision guards the take-over. */
  readonly entry: Entry;
  /** What it says. */
  readonly record: AttachmentRecord;
}

/** Reads the pod's record as a former attachment. Throws `RecordError`. */
export function parseFormer(entry: Entry | undefined): Former | undefined {
  return entry && { entry, record: parseAttachment(entry) };
}

/** Tells whether the other container came first after all: times of one boot of one node come from one clock, so they can be compared. */
export function isNewer(
  { record: { nodeId, boot, since } }: Former,
  request: AddRequest,
): boolean {
  const { asker } = request;
  return nodeId === asker.nodeId && boot === asker.boot && since > sinceOf(request);
}
