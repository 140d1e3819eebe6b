/**
 * DEL: gives the addresses of an attachment back. Succeeds when nothing is there, and when it can only be written down that it is
 * owed.
 *
 * @module
 * @see https://www.cni.dev/docs/spec/#del-remove-container-from-network-or-un-apply-modifications
 */
import { DatastoreError } from "../datastore/datastore.ts";
import { planRelease, type Released } from "../ipam/release.ts";
import { type DelCall, type Done, open, run } from "./call.ts";
import { readNode } from "./node.ts";
import { type PendingFile, pendingOf } from "./pending/files.ts";
import { releaseInAnyCase } from "./release.ts";

/**
 * Serves DEL.
 *
 * @param call The call.
 * @returns Nothing for stdout.
 * @throws {CniError} With code 11, if the datastore fails and the release cannot be written down: the runtime must call again.
 * @throws {DatastoreError} If the datastore cannot be used as it is configured.
 * @throws {RecordError} If the attachment's record cannot be read.
 */
export async function del(call: DelCall): Promise<Done> {
  const since = call.io.now(); // what is written later is of the container's next life
  try {
    return await release(call, since);
  } catch (error) {
    const { defer, isDeferrable } = await import("./pending/defer.ts");
    if (!isDeferrable(error)) throw error;
    return defer(call, { error, since });
  }
}

async function release(call: DelCall, now: number): Promise<Done> {
  const { config, invocation: { attachment } } = call;
  const { space, network, cooldownMs } = config;
  const node = readNode(config);
  const { owed, warnings } = readOwed(call);
  await using store = await open(call);
  const names = [{ network, ...attachment }];
  const [released] = await releaseInAnyCase(
    (plan) => run(store, plan, call),
    (options) => planRelease({ space, node, names, cooldownMs, now, ...options }),
  );
  if (released?.kind === "unreadable") throw released.error;
  if (released?.kind === "waiting") throw outOfSpace();
  if (owed.length > 0) {
    const { settle } = await import("./pending/own.ts");
    settle(owed, config);
  }
  return { stdout: "", log: toLog(released), warnings };
}

/** What is owed for the attachment is settled by its release. Where nobody can tell, it is left to who can: DEL must not fail of it. */
function readOwed(
  { config, invocation: { attachment } }: DelCall,
): { readonly owed: readonly PendingFile[]; readonly warnings: readonly string[] } {
  try {
    return { owed: pendingOf(config, attachment), warnings: [] };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { owed: [], warnings: [`Cannot tell whether a release is owed: ${reason}`] };
  }
}

function outOfSpace(): DatastoreError {
  return new DatastoreError("full", "Cannot keep the addresses for their owner", {
    repair: "The datastore is out of space: compact it, defragment it, and disarm its alarm",
  });
}

function toLog(released: Released | undefined): Done["log"] {
  if (released === undefined || !("record" in released)) return { outcome: "absent" };
  const { kind, record } = released;
  return { outcome: kind, ips: record.addresses.map(({ ip }) => ip), node: record.node };
}
