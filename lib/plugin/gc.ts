/**
 * GC: releases what this node holds on a network and the runtime does not know. Goes on after a failure, and reports all at the end.
 *
 * @module
 * @see https://www.cni.dev/docs/spec/#gc-clean-up-any-stale-resources
 */
import type { Invocation } from "../cni/environment.ts";
import { CniError, CODES } from "../cni/errors.ts";
import { parseValidAttachments } from "../cni/valid_attachments.ts";
import type { Datastore } from "../datastore/datastore.ts";
import { planStale } from "../ipam/gc.ts";
import { planRelease, RELEASE_BATCH, type Released } from "../ipam/release.ts";
import type { AttachmentName } from "../state/keys.ts";
import type { AttachmentRecord } from "../state/records.ts";
import { type Call, type Done, open, run } from "./call.ts";
import { failure } from "./failures.ts";
import { identifyNode } from "./node.ts";

type GcCall = Call<Extract<Invocation, { command: "GC" | "STATUS" | "VERSION" }>>;

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
  const { released, errors } = await releaseAll(store, { call, stale, node });
  const counts = countKinds(released);
  const [first] = errors;
  if (first === undefined) return { stdout: "", log: { outcome: "collected", ...counts } };
  const tryAgain = errors.find(({ code }) => code === CODES.tryAgain);
  throw new CniError((tryAgain ?? first).code, "Cannot release all stale attachments", {
    details: `${counts.released ?? 0} of ${stale.length} released. ` +
      [...new Set(errors.map(({ message, details }) => `${message}: ${details ?? ""}`))].join("; "),
  });
}

async function releaseAll(
  store: Datastore,
  options: {
    readonly call: GcCall;
    readonly stale: readonly AttachmentName[];
    readonly node: ReturnType<typeof identifyNode>;
  },
): Promise<{ readonly released: readonly Released[]; readonly errors: readonly CniError[] }> {
  const { call, stale, node } = options;
  const { config: { space, cooldownMs, gcGraceMs }, io } = call;
  const now = io.now();
  // A record of another node id, or one younger than the grace, stays although the runtime does not know it.
  const keep = (record: AttachmentRecord): boolean =>
    record.nodeId !== node.nodeId || record.since > now - gcGraceMs;
  const released: Released[] = [];
  const errors: CniError[] = [];
  for (let at = 0; at < stale.length; at += RELEASE_BATCH) {
    const names = stale.slice(at, at + RELEASE_BATCH);
    try {
      const plan = planRelease({ space, node, names, cooldownMs, now, keep });
      released.push(...await run(store, plan, call));
    } catch (error) {
      const found = failure(error);
      errors.push(found);
      if (found.code === CODES.tryAgain) break; // the next batch would only wait as long
    }
  }
  for (const item of released) if (item.kind === "unreadable") errors.push(failure(item.error));
  return { released, errors };
}

function countKinds(released: readonly Released[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { released: 0 };
  for (const { kind } of released) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
