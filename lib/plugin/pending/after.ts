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

/** Releases that one call makes up for at most: the runtime waits. */
const MOST = 4 * RELEASE_BATCH;
/** How long this may take, in milliseconds. */
const PATIENCE_MS = 1_000;

/** What was made up for. */
export interface Replayed {
  /** Releases that are settled. */
  readonly count: number;
  readonly warnings: readonly string[];
}

/**
 * Makes up for releases that are owed on the call's network, in the call's datastore. GC makes up for all, any other call for a few of
 * them: not always the same, so that one that cannot be settled does not stand in the way.
 *
 * @param call The call, whose own work is done.
 * @returns What was done; it never fails, as the call has succeeded or failed by itself.
 */
export async function replayAfter(call: Call): Promise<Replayed> {
  try {
    const files = listPending(call.config);
    const most = call.invocation.command === "GC" ? files.length : MOST;
    const { list, warnings } = readSome(files, { call, most });
    if (list.length === 0) return { count: 0, warnings };
    return await settle(list, { call, warnings });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { count: 0, warnings: [`Cannot make up for a release that is owed: ${reason}`] };
  }
}

async function settle(
  list: readonly Pending[],
  { call, warnings }: { readonly call: Call; readonly warnings: readonly string[] },
): Promise<Replayed> {
  const { config, io } = call;
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(PATIENCE_MS)]);
  const { begun: _, ...anew } = call; // what was begun is closed by now
  const hasty: Call = { ...anew, signal, timeoutMs: PATIENCE_MS };
  await using store = await open(hasty);
  const settled = replay(list, {
    run: (plan) => run(store, plan, hasty),
    datastore: config.datastore,
    nodeId: readNode(config).nodeId,
    now: io.now(),
  });
  let count = 0;
  const owed: string[] = [];
  for await (const { pending, left } of settled) {
    if (left === undefined) count++;
    else owed.push(`The release of ${pending.file.path} is owed still: ${left}`);
  }
  return { count, warnings: [...warnings, ...owed] };
}

function readSome(
  files: readonly PendingFile[],
  { call, most }: { readonly call: Call; readonly most: number },
): { readonly list: readonly Pending[]; readonly warnings: readonly string[] } {
  const { config: { datastore }, io } = call;
  const start = files.length > most ? Number(io.random(BigInt(files.length))) : 0;
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
