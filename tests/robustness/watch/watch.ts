/**
 * The record of everything that happens below a prefix: compaction erases etcd's own.
 *
 * @module
 */
import { askAny, pause } from "../admin.ts";
import type { Change } from "../history.ts";
import { watchMember } from "./stream.ts";

/** A record that grows. */
export interface Watch extends AsyncDisposable {
  readonly changes: readonly Change[];
  /** Up to this revision everything is recorded: what is older may be compacted. */
  readonly seen: number;
  /** Waits until everything that was written before is recorded. */
  catchUp(): Promise<void>;
}

const PREFIX = "/kube-ipam/";
/** No kube-ipam reads them. The second one is there to be deleted where nothing can be put. */
const MARKERS = [`${PREFIX}robustness/marker`, `${PREFIX}robustness/spare`] as const;
const FULL = /database space exceeded/;
const CATCH_UP_MS = 60_000;

/** Changes something, so that the watch has something to see. */
async function mark(endpoints: readonly string[], text: string): Promise<number> {
  const value = btoa(text);
  try {
    let revision = 0;
    for (const marker of MARKERS) {
      const body = { key: btoa(marker), value };
      const { header } = await askAny(endpoints, { path: "kv/put", body, final: FULL });
      revision = Number(Object(header)["revision"]);
    }
    return revision;
  } catch (error) {
    if (!FULL.test(String(error))) throw error;
    const { header, deleted } = await askAny(endpoints, {
      path: "kv/deleterange",
      body: { key: btoa(MARKERS[1]) },
    });
    return deleted === undefined ? 0 : Number(Object(header)["revision"]);
  }
}

/**
 * Begins to record.
 *
 * @param endpoints The members: when one fails the next is asked, from the revision on that is still to come.
 * @param fromRevision The first revision.
 * @returns The record; dispose of it.
 */
export function startWatch(endpoints: readonly string[], fromRevision: number): Watch {
  const changes: Change[] = [];
  const ending = new AbortController();
  const { signal } = ending;
  let seen = fromRevision - 1;
  let markers = 0;

  async function follow(): Promise<void> {
    for (let turn = 0; !signal.aborted; turn++) {
      const endpoint = endpoints[turn % endpoints.length] ?? "";
      const options = { endpoint, prefix: PREFIX, fromRevision: seen + 1, signal };
      try {
        for await (const change of watchMember(options)) {
          const keys = change.keys.filter(({ key }) => !MARKERS.some((marker) => marker === key));
          changes.push({ ...change, keys });
          seen = change.revision;
        }
      } catch {
        // The member was stopped or paused, or said nothing for long: the next one goes on.
        await pause(50, signal);
      }
    }
  }

  const running = follow();
  return {
    changes,
    get seen() {
      return seen;
    },
    catchUp: async () => {
      const revision = await mark(endpoints, String(++markers));
      const deadline = performance.now() + CATCH_UP_MS;
      while (seen < revision) {
        if (performance.now() > deadline) throw new Error("Cannot watch etcd: it fell behind");
        await pause(20);
      }
    },
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await running;
    },
  };
}
