/**
 * Frees attachments whose end is proved, by the revision that was read before anybody was asked.
 *
 * @module
 */
import { keptItems } from "../../ipam/reconcile/candidates.ts";
import { fractionRefusal } from "../../ipam/reconcile/refusals.ts";
import { type Item, itemOf, type Report } from "../../ipam/reconcile/report.ts";
import { planRelease, RELEASE_BATCH, type Released } from "../../ipam/release.ts";
import { attachmentOfRecord } from "../../state/keys.ts";
import type { Proved } from "./judge_pods.ts";
import { freeingTime, run, unlessFull, type Work } from "./work.ts";

/** What is to be freed. */
export interface Freeing {
  readonly space: string;
  readonly proved: readonly Proved[];
  /** Attachments of our cluster by network. */
  readonly totals: ReadonlyMap<string, number>;
}

/**
 * Frees them, network by network: all of a network, or none where they are too many.
 *
 * @returns The networks of which none were freed: what the API says of their pods is in doubt.
 */
export async function freeAttachments(
  work: Work,
  freeing: Freeing,
): Promise<ReadonlySet<string>> {
  const { space, proved, totals } = freeing;
  const { report, maxFraction } = work;
  const doubted = new Set<string>();
  const networks = Map.groupBy(proved, ({ candidate }) => candidate.seen.record.network);
  for (const [network, list] of networks) {
    const total = totals.get(network) ?? 0;
    const refusal = fractionRefusal(list.length, { total, maxFraction });
    if (refusal !== undefined) {
      doubted.add(network);
      report.refused.push({ space, network, reason: refusal });
      for (const { candidate, reason } of list) {
        const why = `${reason}, but too many of network "${network}" are`;
        report.kept.push(
          ...keptItems(candidate.seen.record, { space, kind: "refused", reason: why }),
        );
      }
      continue;
    }
    for (let at = 0; at < list.length; at += RELEASE_BATCH) {
      await freeBatch(work, { space, batch: list.slice(at, at + RELEASE_BATCH) });
      const done = Math.min(at + RELEASE_BATCH, list.length);
      work.onStep?.({ title: `Freeing on ${network}`, done, total: list.length });
    }
  }
  return doubted;
}

async function freeBatch(
  work: Work,
  { space, batch }: { readonly space: string; readonly batch: readonly Proved[] },
): Promise<void> {
  const { report, scope: { cluster, cooldownMs }, dryRun } = work;
  if (dryRun) {
    for (const proved of batch) report.freed.push(...freedItems(space, proved));
    return;
  }
  const revisions = new Map(
    batch.map(({ candidate: { seen: { entry } } }) => [entry.key, entry.revision]),
  );
  const release = (deletesOnly: boolean): Promise<readonly Released[]> =>
    run(
      work,
      planRelease({
        space,
        node: { cluster },
        names: batch.map(({ candidate }) => attachmentOfRecord(candidate.seen.record)),
        cooldownMs,
        now: freeingTime(work),
        // Whoever wrote it since speaks for it: what was proved is of what was read.
        keep: (_record, entry) => entry.revision !== revisions.get(entry.key),
        deletesOnly,
      }),
    );
  // As DEL: what is deleted makes room.
  const released = await unlessFull(release(false)) ?? await release(true);
  for (const [index, proved] of batch.entries()) {
    const outcome = released[index];
    if (outcome !== undefined) tell(report, { space, proved, outcome });
  }
}

function tell(
  report: Report,
  { space, proved, outcome }: {
    readonly space: string;
    readonly proved: Proved;
    readonly outcome: Released;
  },
): void {
  const { record } = proved.candidate.seen;
  switch (outcome.kind) {
    case "absent":
      return; // somebody else freed it
    case "released":
      report.freed.push(...freedItems(space, proved));
      return;
    case "kept":
    case "foreign": {
      const reason = "it was written anew since it was read";
      report.kept.push(...keptItems(record, { space, kind: "claimed", reason }));
      return;
    }
    case "waiting": {
      const reason = `${proved.reason}, but the datastore is out of space, ` +
        "and what stays with its owner must be written";
      report.kept.push(...keptItems(record, { space, kind: "full", reason }));
      return;
    }
    case "unreadable": {
      const { key, message } = outcome.error;
      report.unreadable.push({ key, reason: message });
      return;
    }
  }
}

/** Those that have a rule go on to be kept for their owner. */
function freedItems(space: string, { candidate, kind, reason }: Proved): readonly Item[] {
  const { record } = candidate.seen;
  const { owner } = record;
  return record.addresses.map(({ ip, rule }) => {
    const stays = owner === undefined || rule === undefined
      ? ""
      : `; it stays with ${owner.namespace}/${owner.name} (${rule})`;
    return itemOf(record, { space, ip, kind, reason: `${reason}${stays}` });
  });
}
