/**
 * Reconcile: frees what belongs to pods and containers that are gone, and what stands for nothing.
 *
 * The order makes it safe beside ADDs and beside itself: first the records are read, then pods are listed, then each pod that is
 * missing is asked for by its name, and then its record is removed if it still has the revision that was read.
 *
 * @module
 */
import type { Datastore } from "../../datastore/datastore.ts";
import { isOwn } from "../../ipam/add/authority.ts";
import { type Candidates, candidatesOf, type Evidence } from "../../ipam/reconcile/candidates.ts";
import { nodeKeyParts } from "../../ipam/reconcile/orphans.ts";
import { spaceRefusal } from "../../ipam/reconcile/refusals.ts";
import type { Item, Report } from "../../ipam/reconcile/report.ts";
import {
  addToSurvey,
  planSurveyPage,
  type SpaceSurvey,
  type Survey,
} from "../../ipam/reconcile/survey.ts";
import { type Listed, lostNodes, strandedIn, takeCensus } from "./census.ts";
import { freeAttachments } from "./free_attachments.ts";
import { judgeAll } from "./judge_pods.ts";
import { refuseOtherCluster } from "./same_cluster.ts";
import { tellDamaged } from "./tell_damaged.ts";
import { clearExpired, endOwners, removeOrphans } from "./tidy.ts";
import { type ReconcileOptions, run, type Work } from "./work.ts";

/** Nodes that one line names at most. */
const NAMES = 5;

export type { JudgingApi, ReconcileOptions, ReconcileStep } from "./work.ts";

/**
 * Reconciles everything that a datastore holds of our cluster, once.
 *
 * @param store The datastore.
 * @param options What may be touched, whom to ask, and the report that is filled.
 * @throws {DatastoreError} If the datastore fails.
 * @throws {KubeError} If the API does not answer: nothing is ever judged by a partial list.
 */
export async function reconcile(store: Datastore, options: ReconcileOptions): Promise<void> {
  const work: Work = { ...options, store };
  await refuseOtherCluster(work);
  const survey = await surveyAll(work);
  const listed = await takeCensus(work);
  noteUnknownNode(work, survey);
  for (const space of survey.values()) await reconcileSpace(work, { survey: space, listed });
}

async function surveyAll(work: Work): Promise<Survey> {
  const survey: Survey = new Map();
  let done = 0;
  let from: string | undefined;
  do {
    const { entries, next } = await run(work, planSurveyPage(from, work.page));
    addToSurvey(survey, entries);
    done += entries.length;
    work.onStep?.({ title: "Reading records", done });
    from = next;
  } while (from !== undefined);
  return survey;
}

/** A node that is mistyped would look as one of which nothing is stale. */
function noteUnknownNode({ scope, report }: Work, survey: Survey): void {
  const { cluster, node } = scope;
  if (node === undefined) return;
  const isOfNode = (record: { readonly cluster: string; readonly node: string }): boolean =>
    record.cluster === cluster && record.node === node;
  const isKnown = [...survey.values()].some(({ attachments, addresses, nodes }) =>
    attachments.values().some(({ record }) => isOfNode(record)) ||
    addresses.values().some(({ seen }) => seen !== undefined && isOfNode(seen.record)) ||
    nodes.keys().some((key) => {
      const name = nodeKeyParts(key);
      return name !== undefined && isOfNode(name);
    })
  );
  if (isKnown) return;
  report.notes.push(
    `Nothing is recorded for a node "${node}" of the cluster "${cluster}": ` +
      "give --node as kube-ipam list shows it under NODE",
  );
}

async function reconcileSpace(
  work: Work,
  { survey, listed }: { readonly survey: SpaceSurvey; readonly listed: Listed | undefined },
): Promise<void> {
  const { report, scope, thisNode, isRunning } = work;
  const { space } = survey;
  for (const { key, message } of survey.unreadable) {
    report.unreadable.push({ key, reason: message });
  }
  const refusal = spaceRefusal(survey, { cluster: scope.cluster, census: listed });
  if (refusal !== undefined) {
    report.refused.push({ space, reason: refusal });
    return;
  }
  const evidence: Evidence = { census: listed, thisNode, isRunning };
  const candidates = candidatesOf(survey, { scope, evidence });
  const { list, kept, totals, living } = candidates;
  keep(report, kept);
  report.notes.push(...leftAlone(space, candidates));
  if (listed !== undefined) {
    const { authorities } = listed;
    const others = totals.size === 0 ? namesOfOurs(survey, authorities) : [];
    if (others.length > 0) {
      report.notes.push(
        `Nothing in the address space "${space}" is of the cluster "${scope.cluster}", but this Kubernetes API knows ` +
          `the pods of "${others.join('", "')}": set ipam.cluster to the name that the nodes use`,
      );
    }
  }
  const stranded = listed === undefined ? [] : await strandedIn(work, { space, listed, living });
  keep(report, stranded);
  await clearExpired(work, survey); // first, as releases clear some in passing, and tell nobody
  const isLost = lostNodes(listed, { living, stranded });
  const judged = await judgeAll(work, { space, isLost, candidates: list });
  keep(report, judged.kept);
  const doubted = await freeAttachments(work, { space, proved: judged.proved, totals });
  await removeOrphans(work, { survey, evidence, doubted });
  const freed = new Set(judged.proved.map(({ candidate: { seen: { entry } } }) => entry.key));
  await tellDamaged(work, { survey, freed });
  await endOwners(work, { survey, evidence, doubted });
}

/** What is neither freed nor kept for a reason of its own, lest it is leaked and nobody knows. */
function leftAlone(
  space: string,
  { unjudged, elsewhere, ahead }: Pick<Candidates, "unjudged" | "elsewhere" | "ahead">,
): readonly string[] {
  const place = `in the address space "${space}"`;
  return [
    ...(unjudged === 0 ? [] : [
      `${unjudged} attachments of pods ${place} were not judged, as no Kubernetes API is asked`,
    ]),
    ...(elsewhere.length === 0 ? [] : [
      `${elsewhere.length} attachments without a pod ${place} were not judged, as only their hosts can ` +
      `(${
        namesOf(elsewhere)
      }): where one of these is gone for certain, use kube-ipam release --force`,
    ]),
    ...(ahead.length === 0 ? [] : [
      `${ahead.length} attachments ${place} were left alone, as their records are of a time to come ` +
      `(${namesOf(ahead)}): see whether the clocks are right`,
    ]),
  ];
}

function namesOf(nodes: readonly string[]): string {
  const names = [...new Set(nodes)];
  return `${names.slice(0, NAMES).join(", ")}${names.length > NAMES ? ", ..." : ""}`;
}

/** Under which other names the pods of our API hold addresses. */
function namesOfOurs(
  { attachments }: SpaceSurvey,
  authorities: readonly string[],
): readonly string[] {
  const ours = [...attachments.values()].filter(({ record: { authority } }) =>
    isOwn({ asker: { authorities } }, authority)
  );
  return [...new Set(ours.map(({ record }) => record.cluster))];
}

/** One by one: there may be more than a call takes arguments. */
function keep({ kept }: Report, items: readonly Item[]): void {
  for (const item of items) kept.push(item);
}
