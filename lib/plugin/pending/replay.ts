/**
 * Making up for releases that are owed.
 *
 * @module
 */
import type { Config } from "../../config/config.ts";
import { RELEASE_BATCH, type Released } from "../../ipam/release.ts";
import { planReplay } from "../../ipam/replay.ts";
import { attachmentKey } from "../../state/keys.ts";
import { releaseInAnyCase, type Run } from "../release.ts";
import type { Pending } from "./entry.ts";
import { removePending } from "./files.ts";
import { isSameDatastore } from "./same_datastore.ts";

/** How what is owed is made up for. */
export interface ReplayOptions {
  /** Runs a plan against the datastore. */
  readonly run: Run;
  /** Which datastore that is. */
  readonly datastore: Config["datastore"];
  /** The node's random id; undefined when there is none yet. */
  readonly nodeId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What became of one release that was owed. */
export interface Settled {
  readonly pending: Pending;
  readonly released: Released;
  /** How many entries are settled by it: a DEL may have been called more than once. */
  readonly covered: number;
  /** Why it is owed still; absent where its file is gone. */
  readonly left?: string;
}

/**
 * Releases what is owed, of one space, and removes the files of what is settled.
 *
 * @param list What is owed. Of several for one attachment the last one counts for all.
 * @param options The datastore, and who asks.
 * @returns What became of each, as it is settled.
 * @throws {DatastoreError} If the datastore fails: the rest is owed still.
 */
export async function* replay(
  list: readonly Pending[],
  options: ReplayOptions,
): AsyncGenerator<Settled> {
  const byKey = Map.groupBy(list, ({ space, name }) => attachmentKey(space, name));
  const latest = [...byKey.values()].map((all) =>
    all.reduce((last, one) => one.since > last.since ? one : last)
  );
  for (const batch of batchesOf(latest)) {
    const released = await releaseBatch(batch, options);
    for (const [index, pending] of batch.entries()) {
      const one = released[index];
      if (one === undefined) continue;
      const left = whyLeft(one, { pending, options });
      if (left !== undefined) {
        yield { pending, released: one, covered: 0, left };
        continue;
      }
      const all = byKey.get(attachmentKey(pending.space, pending.name)) ?? [];
      const covered = all.filter((other) => isSameDatastore(other.datastore, pending.datastore));
      removePending(covered.map(({ file }) => file));
      yield { pending, released: one, covered: covered.length };
    }
  }
}

/** What one plan takes: of one node, as the node was called then. */
function batchesOf(list: readonly Pending[]): readonly (readonly Pending[])[] {
  const groups = Map.groupBy(list, ({ node: { cluster, node } }) => `${cluster}/${node}`);
  return [...groups.values()].flatMap((group) =>
    Array.from(
      { length: Math.ceil(group.length / RELEASE_BATCH) },
      (_, index) => group.slice(index * RELEASE_BATCH, (index + 1) * RELEASE_BATCH),
    )
  );
}

async function releaseBatch(
  batch: readonly Pending[],
  { run, nodeId, now }: ReplayOptions,
): Promise<readonly Released[]> {
  const [first] = batch;
  if (first === undefined) return [];
  const { space, cooldownMs } = first;
  const node = { ...first.node, nodeId };
  return await releaseInAnyCase(
    run,
    ({ deletesOnly }) => planReplay({ space, node, owed: batch, cooldownMs, now, deletesOnly }),
  );
}

/** An entry goes after its commit, or where its own datastore shows that nothing older is held. */
function whyLeft(
  released: Released,
  { pending, options }: { readonly pending: Pending; readonly options: ReplayOptions },
): string | undefined {
  switch (released.kind) {
    case "released":
      return undefined;
    case "unreadable":
      return `${released.error.message} (${released.error.key}). ${released.error.repair}`;
    case "waiting":
      return "the datastore is out of space, and its addresses stay with their owner: that must be written";
    case "absent":
    case "foreign":
    case "kept":
      return isSameDatastore(pending.datastore, options.datastore)
        ? undefined
        : "nothing is recorded here, and nothing proves that this is the datastore that was out of reach: " +
          `if that one is gone for good, remove ${pending.file.path}`;
  }
}
