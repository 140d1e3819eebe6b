/**
 * Faults of etcd's storage: its history is erased, and it is filled up to its quota.
 *
 * @module
 */
import { askAny, askMember, pause } from "../admin.ts";
import type { World } from "../world.ts";
import type { FaultTurn } from "./members.ts";

/** When etcd refuses more. Small, as it is filled by hand. */
export const QUOTA_BYTES = 48 * 1024 * 1024;
/** Not below the prefix of kube-ipam. */
const JUNK = "/junk/";
/** etcd takes 1.5 MB at once. */
const PIECE = "x".repeat(1024 * 1024);
const FULL = /database space exceeded/;
const TRIES = 8;

/** Erases the history, but for what the watch has not seen. */
export async function compact({ world: { etcd, watch } }: FaultTurn): Promise<void> {
  const body = { revision: String(watch.seen), physical: true };
  const final = /has been compacted|future revision/;
  await askAny(etcd.endpoints, { path: "kv/compaction", body, final }).catch((error) => {
    if (!final.test(String(error))) throw error;
  });
}

/** Fills etcd up to its quota, and makes room again. */
export async function noSpace(turn: FaultTurn): Promise<void> {
  const { world, fault } = turn;
  try {
    await fill(world);
    await pause(fault.holdMs, world.ending);
  } finally {
    await makeRoom(turn);
  }
}

async function fill({ etcd, watch }: World): Promise<void> {
  await watch.catchUp(); // leaves something that can be deleted when nothing can be put
  const value = btoa(PIECE);
  for (let piece = 0;; piece++) {
    const body = { key: btoa(`${JUNK}${piece}`), value };
    try {
      await askAny(etcd.endpoints, { path: "kv/put", body, final: FULL });
    } catch (error) {
      if (FULL.test(String(error))) return;
      throw error;
    }
  }
}

/** As an operator does: delete, compact, defragment, disarm. */
async function makeRoom(turn: FaultTurn): Promise<void> {
  const { endpoints } = turn.world.etcd;
  // deno-lint-ignore camelcase -- the name is of etcd
  const junk = { key: btoa(JUNK), range_end: btoa("/junk0") };
  for (let attempt = 1;; attempt++) {
    try {
      await askAny(endpoints, { path: "kv/deleterange", body: junk });
      await turn.world.watch.catchUp();
      await compact(turn);
      for (const endpoint of endpoints) {
        await askMember(endpoint, { path: "maintenance/defragment" });
      }
      await disarm(endpoints);
      await askAny(endpoints, {
        path: "kv/put",
        body: { key: btoa(JUNK), value: "" },
        final: FULL,
      });
      return;
    } catch (error) {
      if (attempt === TRIES) throw error;
      await pause(500);
    }
  }
}

/** Each member has raised its own alarm. */
async function disarm(endpoints: readonly string[]): Promise<void> {
  const path = "maintenance/alarm";
  const { alarms } = await askAny(endpoints, { path, body: { action: "GET" } });
  for (const alarm of Array.isArray(alarms) ? alarms : []) {
    await askAny(endpoints, { path, body: { action: "DEACTIVATE", ...Object(alarm) } });
  }
}
