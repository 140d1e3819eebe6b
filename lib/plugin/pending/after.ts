/**
 * What a call does after its own work: it makes up for a few releases that its node owes on the same network.
 *
 * @module
 */
import { RELEASE_BATCH } from "../../ipam/release.ts";
import { type Call, open, run } from "../call.ts";
import { readNode } from "../node.ts";
import { type Pending, PendingError, readPending } from "./entry.ts";
import { listPending, type PendingFile } from "./files.ts";
import { replay } from "./replay.ts";
import { isSameDatastore } from "./same_datastore.ts";

/** Releases that one call makes up for at most: it ends with its process, for which the runtime waits. */
const MOST = RELEASE_BATCH;
/** How long this may take, in milliseconds. GC takes what is left of its deadline. */
const PATIENCE_MS = 1_000;

/** What was made up for. */
export interface Replayed {
  /** Attachments that were released. */
  count: number;
  readonly warnings: string[];
}

/**
 * Makes up for releases that are owed on the call's network, in the call's datastore. GC makes up for all, any other call for a few of
 * them: each for others, so that calls at once do not all take the same, and one that cannot be settled does not stand in the way.
 *
 * @param call The call, whose own work is done.
 * @returns What was done; it never fails, as the call has succeeded or failed by itself.
 */
export async function replayAfter(call: Call): Promise<Replayed> {
  const replayed: Replayed = { count: 0, warnings: [] };
  try {
    const files = listPending(call.config);
    const most = call.invocation.command === "GC" ? files.length : MOST;
    const { list, warnings } = readSome(files, { call, most });
    replayed.warnings.push(...warnings);
    if (list.length > 0) await settle(list, { call, replayed });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    replayed.warnings.push(`Cannot make up for every release that is owed: ${reason}`);
  }
  return replayed;
}

async function settle(
  list: readonly Pending[],
  { call, replayed }: { readonly call: Call; readonly replayed: Replayed },
): Promise<void> {
  const { config, io, invocation, signal, timeoutMs } = call;
  const { begun: _, ...anew } = call; // what was begun is closed by now
  const patient: Call = invocation.command === "GC" ? { ...anew, timeoutMs } : {
    ...anew,
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    timeoutMs: PATIENCE_MS,
  };
  await using store = await open(patient);
  const settled = replay(list, {
    run: (plan) => run(store, plan, patient),
    datastore: config.datastore,
    nodeId: readNode(config).nodeId,
    now: io.now(),
  });
  for await (const { pending, released, left } of settled) {
    if (released.kind === "released") replayed.count++;
    if (left !== undefined) {
      replayed.warnings.push(`The release of ${pending.file.path} is owed still: ${left}`);
    }
  }
}

function readSome(
  files: readonly PendingFile[],
  { call, most }: { readonly call: Call; readonly most: number },
): { readonly list: readonly Pending[]; readonly warnings: readonly string[] } {
  const { config: { datastore }, io } = call;
  const start = files.length === 0 ? 0 : Number(io.random(BigInt(files.length)));
  const list: Pending[] = [];
  const warnings: string[] = [];
  for (const file of [...files.slice(start), ...files.slice(0, start)]) {
    if (list.length === most) break;
    try {
      const pending = readPending(file);
      if (pending !== undefined && isSameDatastore(pending.datastore, datastore)) {
        list.push(pending);
      }
    } catch (error) {
      if (!(error instanceof PendingError)) throw error;
      warnings.push(error.message);
    }
  }
  return { list, warnings };
}
