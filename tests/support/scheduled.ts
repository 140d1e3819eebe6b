/**
 * A datastore whose steps a scheduler of fast-check lets through in an order of its own.
 *
 * @module
 */
import type fc from "fast-check";
import type { Datastore } from "../../lib/datastore/datastore.ts";

/**
 * Delays each step of a call until the scheduler lets it through.
 *
 * @param store The datastore.
 * @param scheduler The scheduler.
 * @returns The same datastore; disposing of it does nothing.
 */
export function scheduled(store: Datastore, scheduler: fc.Scheduler): Datastore {
  return {
    read: async (reads, options) => {
      await scheduler.schedule(Promise.resolve(), "read");
      return await store.read(reads, options);
    },
    commit: async (txn, options) => {
      await scheduler.schedule(Promise.resolve(), "commit");
      return await store.commit(txn, options);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
