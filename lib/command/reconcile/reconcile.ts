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
import { candidatesOf, type Evidence } from "../../ipam/reconcile/candidates.ts";
import { spaceRefusal } from "../../ipam/reconcile/refusals.ts";
import type { Item, Report } from "../../ipam/reconcile/report.ts";
import {
  addToSurvey,
  planSurveyPage,
  type SpaceSurvey,
  type Survey,
} from "../../ipam/reconcile/survey.ts";
import { type Listed, strandedIn, takeCensus } from "./census.ts";
import { freeAttachments } from "./free_attachments.ts";
import { judgeAll } from "./judge_pods.ts";
import { clearExpired, endOwners, removeOrphans } from "./tidy.ts";
import { type ReconcileOptions, run, type Work } from "./work.ts";

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
  const survey = await surveyAll(work);
  const listed = await takeCensus(work);
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
  const { list, kept, totals, living, unjudged } = candidatesOf(survey, { scope, evidence });
  keep(report, kept);
  if (unjudged > 0) {
    report.notes.push(
      `${unjudged} attachments of pods in the address space "${space}" were not judged, as no Kubernetes API is asked`,
    );
  }
  if (listed !== undefined) {
    const { authorities } = listed;
    const others = totals.size === 0 ? namesOfOurs(survey, authorities) : [];
    if (others.length > 0) {
      report.notes.push(
        `Nothing in the address space "${space}" is of the cluster "${scope.cluster}", but this Kubernetes API knows ` +
          `the pods of "${others.join('", "')}": set ipam.cluster to the name that the nodes use`,
      );
    }
    keep(report, await strandedIn(work, { space, listed, living }));
  }
  await clearExpired(work, survey); // first, as releases clear some in passing, and tell nobody
  const judged = await judgeAll(work, { space, listed, candidates: list });
  keep(report, judged.kept);
  await freeAttachments(work, { space, proved: judged.proved, totals });
  await removeOrphans(work, { survey, evidence });
  await endOwners(work, { survey, evidence });
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
