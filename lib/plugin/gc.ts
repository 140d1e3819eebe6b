/**
 * GC: releases what this node holds on a network and the runtime does not know. Goes on after a failure, and reports all at the end.
 *
 * @module
 * @see https://www.cni.dev/docs/spec/#gc-clean-up-any-stale-resources
 */
import type { Invocation } from "../cni/environment.ts";
import { CniError, CODES } from "../cni/errors.ts";
import { parseValidAttachments } from "../cni/valid_attachments.ts";
import { type Datastore, DatastoreError } from "../datastore/datastore.ts";
import { planStale } from "../ipam/gc.ts";
import { planRelease, RELEASE_BATCH, type Released } from "../ipam/release.ts";
import type { AttachmentName } from "../state/keys.ts";
import type { AttachmentRecord } from "../state/records.ts";
import { type Call, type Done, open, run } from "./call.ts";
import { failure } from "./failures.ts";
import { identifyNode } from "./node.ts";
import { releaseInAnyCase } from "./release.ts";

type GcCall = Call<Extract<Invocation, { command: "GC" | "STATUS" | "VERSION" }>>;

/** How far a record may be ahead of the clock, in milliseconds, when it was written while GC ran. */
const FUTURE_MS = 60_000;
/** Attachments that a message names. */
const SHOWN = 4;
const FULL = "The datastore is out of space and takes deletions only: no address cools down";

/**
 * Serves GC.
 *
 * @param call The call.
 * @returns Nothing for stdout.
 * @throws {CniError} If the list of valid attachments is absent (code 7), or something could not be released.
 */
export async function gc(call: GcCall): Promise<Done> {
  const { config: { space, network }, netconf, config } = call;
  const valid = parseValidAttachments(netconf);
  const node = identifyNode(config);
  await using store = await open(call);
  const stale = await run(store, planStale({ space, network, valid, ...node }), call);
  const { released, errors, isFull } = await releaseAll(store, { call, stale, node });
  const counts = countKinds(released);
  const [first] = errors;
  if (first === undefined) {
    const warnings = isFull ? [FULL] : [];
    return { stdout: "", log: { outcome: "collected", ...counts }, warnings };
  }
  const tryAgain = errors.find(({ code }) => code === CODES.tryAgain);
  const { kept = 0, absent = 0 } = counts;
  throw new CniError((tryAgain ?? first).code, "Cannot release all stale attachments", {
    details: `${counts.released} of ${stale.length - kept - absent} released. ` +
      [...new Set(errors.map(({ message, details }) => `${message}: ${details ?? ""}`))].join("; "),
  });
}

/** What became of the stale attachments. */
interface Collected {
  readonly released: readonly Released[];
  readonly errors: readonly CniError[];
  /** Whether only deletions were taken. */
  readonly isFull: boolean;
}

async function releaseAll(
  store: Datastore,
  options: {
    readonly call: GcCall;
    readonly stale: readonly AttachmentName[];
    readonly node: ReturnType<typeof identifyNode>;
  },
): Promise<Collected> {
  const { call, stale, node } = options;
  const { config: { space, cooldownMs, gcGraceMs: graceMs }, io } = call;
  const now = io.now();
  const keep = (record: AttachmentRecord): boolean =>
    record.nodeId !== node.nodeId || isYoung(record, { now, graceMs, boot: node.boot });
  const released: Released[] = [];
  const errors: CniError[] = [];
  let isFull = false;
  for (let at = 0; at < stale.length; at += RELEASE_BATCH) {
    const names = stale.slice(at, at + RELEASE_BATCH);
    try {
      const batch = await releaseInAnyCase((plan) => run(store, plan, call), ({ deletesOnly }) => {
        isFull ||= deletesOnly; // for the rest of them too
        return planRelease({ space, node, names, cooldownMs, now, keep, deletesOnly: isFull });
      });
      released.push(...batch);
    } catch (error) {
      const found = failure(error);
      errors.push(found);
      if (found.code === CODES.tryAgain) break; // the next batch would only wait as long
    }
  }
  for (const item of released) if (item.kind === "unreadable") errors.push(failure(item.error));
  const waiting = released.flatMap((item) => item.kind === "waiting" ? [item.record] : []);
  if (waiting.length > 0) errors.push(failure(outOfSpace(waiting)));
  return { released, errors, isFull };
}

/**
 * Whether the grace protects a record, or it was written after this GC began. One that is of the future was written before the clock
 * was set back: nobody knows its age, and the runtime does not know its container. So without a grace it goes, and with one when it is
 * of an earlier boot.
 */
function isYoung(
  { since, boot }: AttachmentRecord,
  options: { readonly now: number; readonly graceMs: number; readonly boot: string },
): boolean {
  const { now, graceMs } = options;
  if (since <= now + Math.max(graceMs, FUTURE_MS)) return since > now - graceMs;
  return graceMs > 0 && boot === options.boot;
}

function outOfSpace(waiting: readonly AttachmentRecord[]): DatastoreError {
  const names = waiting.map(({ containerID, ifname }) => `${containerID} (${ifname})`);
  const more = names.length > SHOWN ? `, and ${names.length - SHOWN} more` : "";
  const text = `${waiting.length} stay, as nothing can be recorded for their owners: ${
    names.slice(0, SHOWN).join(", ")
  }${more}`;
  return new DatastoreError("full", text, {
    repair: "Compact and defragment etcd, disarm its alarm, then let the runtime call GC again",
  });
}

function countKinds(
  released: readonly Released[],
): Readonly<Partial<Record<Released["kind"], number>> & { readonly released: number }> {
  const counts: Partial<Record<Released["kind"], number>> & { released: number } = { released: 0 };
  for (const { kind } of released) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
