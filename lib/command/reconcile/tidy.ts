/**
 * What needs no pod: keys that stand for nothing, addresses whose time is over, and owners whose StatefulSets want them no more.
 *
 * @module
 */
import { type Evidence, isKnown } from "../../ipam/reconcile/candidates.ts";
import { keepersIn, planEnded, type SetOfOwner, setOfOwner } from "../../ipam/reconcile/ended.ts";
import { EXPIRED_BATCH, expiredIn, planExpired } from "../../ipam/reconcile/expired.ts";
import { suspectsOf } from "../../ipam/reconcile/orphans.ts";
import { type OrphanOutcome, planOrphan } from "../../ipam/reconcile/remove_orphan.ts";
import { type Item, itemOf } from "../../ipam/reconcile/report.ts";
import type { Seen, SpaceSurvey } from "../../ipam/reconcile/survey.ts";
import { isRandomUid } from "../../ipam/add/authority.ts";
import type { Ordinals } from "../../kube/inventory.ts";
import { isName } from "../../kube/names.ts";
import type { AddressRecord, OwnerRecord } from "../../state/records.ts";
import { askAgain } from "./ask_again.ts";
import { freeingTime, run, unlessFull, type Work } from "./work.ts";

/** Why something must wait. */
const FULL = "the datastore is out of space, and what stays with its owner must be written";

/** What is tidied up. */
export interface Tidying {
  readonly survey: SpaceSurvey;
  readonly evidence: Evidence;
  /** Networks of which the API says too much to be believed. */
  readonly doubted: ReadonlySet<string>;
}

/** Removes what stands for nothing. */
export async function removeOrphans(work: Work, tidying: Tidying): Promise<void> {
  const { survey } = tidying;
  const { scope, report, dryRun, onStep } = work;
  const suspects = suspectsOf(survey, scope);
  for (const [index, suspect] of suspects.entries()) {
    const objection = (record: AddressRecord): Objection =>
      objectionTo(record, { ...tidying, scope });
    const freedAt = freeingTime(work);
    const remove = (cooldownMs: number): Promise<OrphanOutcome | undefined> => {
      const request = { suspect, scope: { ...scope, cooldownMs }, freedAt, objection, dryRun };
      return unlessFull(run(work, planOrphan(request)));
    };
    const outcome = await remove(scope.cooldownMs) ?? await remove(0);
    onStep?.({ title: "Removing orphans", done: index + 1, total: suspects.length });
    if (outcome === undefined) {
      const { space, mains } = suspect;
      const reason = `no attachment names it, but ${FULL}`;
      report.kept.push(...mains.map(({ key }): Item => ({ kind: "full", space, key, reason })));
      continue;
    }
    if (outcome.kind === "freed") report.freed.push(...outcome.items);
    if (outcome.kind === "kept") report.kept.push(...outcome.items);
    if (outcome.kind === "unreadable") {
      const { key, message } = outcome.error;
      if (report.unreadable.every((one) => one.key !== key)) {
        report.unreadable.push({ key, reason: message });
      }
    }
  }
}

type Objection = Pick<Item, "kind" | "reason"> | undefined;

/** A pod that lives goes on to use an address whose attachment was lost. */
function objectionTo(
  { pod, containerID, authority, network }: AddressRecord,
  { survey, scope, evidence: { census, isRunning }, doubted }: Tidying & Pick<Work, "scope">,
): Objection {
  if (isRunning?.(containerID) === true) {
    return { kind: "running", reason: "no attachment names it, but its container runs" };
  }
  if (pod?.namespace === undefined) return undefined;
  const text = `pod ${pod.namespace}/${pod.name}`;
  if (pod.uid !== undefined && census?.living.has(pod.uid)) {
    return { kind: "present", reason: `no attachment names it, but ${text} lives: delete the pod` };
  }
  if (census === undefined || !isKnown(authority, { survey, scope, census })) {
    return {
      kind: "stranger",
      reason: `no attachment names it, and no API that is asked knows ${text}: ` +
        "if it is gone for certain, use kube-ipam release --force",
    };
  }
  if (doubted.has(network)) {
    return { kind: "refused", reason: `no attachment names it, but ${doubt(network)}` };
  }
  if (isRandomUid(pod.uid)) return undefined;
  return {
    kind: "static",
    reason: `no attachment names it, but ${text} is a static pod, which its node may still run: ` +
      "if it is gone for certain, use kube-ipam release --force",
  };
}

/** Clears what is expired. */
export async function clearExpired(work: Work, survey: SpaceSurvey): Promise<void> {
  const { scope, report, dryRun, onStep } = work;
  const expired = expiredIn(survey, scope);
  for (let at = 0; at < expired.length; at += EXPIRED_BATCH) {
    const batch = expired.slice(at, at + EXPIRED_BATCH);
    const cleared = dryRun ? batch : await run(work, planExpired(survey.space, batch));
    report.freed.push(...cleared.map(({ item }) => item));
    onStep?.({ title: "Clearing expired", done: at + batch.length, total: expired.length });
  }
}

/** Frees what is kept for pods that their StatefulSets want no more. */
export async function endOwners(
  work: Work,
  { survey, evidence: { census }, doubted }: Tidying,
): Promise<void> {
  const { scope, report, api } = work;
  if (api === undefined || census === undefined) return;
  const asked = new Map<string, Promise<Ordinals | undefined>>();
  for (const owner of keepersIn(survey, scope)) {
    const { record } = owner;
    const keep = (kind: Item["kind"], reason: string): void =>
      void report.kept.push(
        ...record.addresses.map(({ ip }) => ownerItem(record, { survey, ip, kind, reason })),
      );
    const set = setOfOwner(record);
    if (set === undefined || !isName(set.namespace) || !isName(set.name)) {
      keep("damaged", "its owner is no pod of a StatefulSet, and its rule is that of one");
      continue;
    }
    if (!isKnown(record.authority, { survey, scope, census })) {
      keep("stranger", "no API, or another one, vouches for its owner");
      continue;
    }
    const key = `${set.namespace}/${set.name}`;
    const found = asked.get(key) ??
      askAgain(work, (options) => api.inventory.statefulSet(set, options));
    asked.set(key, found);
    const reason = endOf(set, await found);
    if (reason === undefined) continue;
    const { network } = record;
    if (doubted.has(network)) keep("refused", `${reason}, but ${doubt(network)}`);
    else await end(work, { survey, owner, reason });
  }
}

function doubt(network: string): string {
  return `too many attachments of network "${network}" would be freed`;
}

/** Why a StatefulSet wants a pod no more; undefined while it does. */
function endOf(
  { namespace, name, ordinal }: SetOfOwner,
  found: Ordinals | undefined,
): string | undefined {
  const text = `StatefulSet ${namespace}/${name}`;
  if (found === undefined) return `${text} is gone`;
  const { start, replicas } = found;
  if (ordinal >= start && ordinal < start + replicas) return undefined;
  return `${text} has ${replicas} replicas from ordinal ${start} on`;
}

async function end(
  work: Work,
  { survey, owner, reason }: {
    readonly survey: SpaceSurvey;
    readonly owner: Seen<OwnerRecord>;
    readonly reason: string;
  },
): Promise<void> {
  const { report, dryRun } = work;
  const { space } = survey;
  const plan = planEnded({ space, owner, now: freeingTime(work), dryRun });
  const outcome = await unlessFull(run(work, plan));
  if (outcome?.kind === "absent") return;
  if (outcome === undefined || outcome.kind === "changed") {
    const { record } = owner;
    const why = outcome === undefined
      ? { kind: "full", reason: `${reason}, but ${FULL}` } as const
      : { kind: "claimed", reason: "its owner was written anew since it was read" } as const;
    report.kept.push(
      ...record.addresses.map(({ ip }) => ownerItem(record, { survey, ip, ...why })),
    );
    return;
  }
  for (const record of outcome.records) {
    report.freed.push(itemOf(record, { space, ip: record.ip, kind: "ended", reason }));
  }
}

function ownerItem(
  { network, ifname, owner }: OwnerRecord,
  { survey: { space }, ...rest }: Pick<Item, "ip" | "kind" | "reason"> & {
    readonly survey: SpaceSurvey;
  },
): Item {
  return { space, network, ifname, pod: `${owner.namespace}/${owner.name}`, ...rest };
}
