/**
 * Tells which attachments lack something that belongs to them.
 *
 * @module
 */
import { damagedIn, planDamage } from "../../ipam/reconcile/damage.ts";
import type { SpaceSurvey } from "../../ipam/reconcile/survey.ts";
import { run, type Work } from "./work.ts";

/**
 * Tells them, after all that could be freed is free.
 *
 * @param work What reconcile works with; its report is filled.
 * @param options The space, and the keys of attachments that are freed, or would be.
 */
export async function tellDamaged(
  work: Work,
  { survey, freed }: { readonly survey: SpaceSurvey; readonly freed: ReadonlySet<string> },
): Promise<void> {
  const { report, scope } = work;
  for (const seen of damagedIn(survey, scope)) {
    if (freed.has(seen.entry.key)) continue;
    report.kept.push(...await run(work, planDamage(survey.space, seen)));
  }
}
