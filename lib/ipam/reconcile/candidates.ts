/**
 * Attachments that something speaks against, by what was surveyed and listed. Nothing is proved yet.
 *
 * @module
 */
import { parseAddr } from "../../net/addr.ts";
import { addressKey } from "../../state/keys.ts";
import type { AttachmentRecord } from "../../state/records.ts";
import { areOne, isOwn } from "../add/authority.ts";
import { type Item, itemOf, type KeptKind } from "./report.ts";
import type { IsRunning } from "./running.ts";
import { isInScope, type Scope } from "./scope.ts";
import type { Seen, SpaceSurvey } from "./survey.ts";

/** What was listed after the survey. */
export interface Census {
  /** As {@linkcode KubeApi.authorities}. */
  readonly authorities: readonly string[];
  /** UIDs of the pods that live. */
  readonly living: ReadonlySet<string>;
}

/** The node that reconcile runs on, if it is one that holds addresses. */
export interface ThisNode {
  /** As in its records. */
  readonly nodeId: string;
  /** The id of the present boot. Another one proves nothing by itself: it may be that of another run directory. */
  readonly boot: string;
}

/** What is known beside the records. */
export interface Evidence {
  /** Undefined where no API is asked. */
  readonly census: Census | undefined;
  /** Undefined where nothing was ever given. */
  readonly thisNode: ThisNode | undefined;
  /** Undefined where nobody told. */
  readonly isRunning: IsRunning | undefined;
}

/** An attachment that something speaks against. */
export interface Candidate {
  readonly seen: Seen<AttachmentRecord>;
  /** `rebooted` is proved; of the other the pod is asked for. */
  readonly kind: "rebooted" | "unlisted";
}

/** What a space has of them. */
export interface Candidates {
  /** In the order of their keys. */
  readonly list: readonly Candidate[];
  /** Those that stay, and why. */
  readonly kept: readonly Item[];
  /** Attachments of our cluster by network, whatever speaks for or against them. */
  readonly totals: ReadonlyMap<string, number>;
  /** Attachments of pods that live. */
  readonly living: readonly AttachmentRecord[];
  /** Attachments of pods that nobody could judge, as no API is asked. */
  readonly unjudged: number;
  /** The nodes of attachments without a pod that only those nodes can judge. */
  readonly elsewhere: readonly string[];
  /** The nodes of attachments that are left alone for longer than the grace, as their records are of a time to come. */
  readonly ahead: readonly string[];
}

/** Finds the candidates of a space. */
export function candidatesOf(
  survey: SpaceSurvey,
  { scope, evidence }: { readonly scope: Scope; readonly evidence: Evidence },
): Candidates {
  const list: Candidate[] = [];
  const kept: Item[] = [];
  const totals = new Map<string, number>();
  const living: AttachmentRecord[] = [];
  const elsewhere: string[] = [];
  const ahead: string[] = [];
  let unjudged = 0;
  for (const seen of survey.attachments.values()) {
    const { record } = seen;
    if (record.cluster !== scope.cluster) continue;
    totals.set(record.network, (totals.get(record.network) ?? 0) + 1);
    const found = lookAt(seen, { survey, scope, evidence });
    if (found.kind === "living") living.push(record);
    if (found.kind === "unjudged") unjudged++;
    if (found.kind === "elsewhere") elsewhere.push(record.node);
    if (record.since > scope.now + scope.graceMs) ahead.push(record.node);
    if (found.kind === "candidate") list.push(found.candidate);
    if (found.kind === "kept") {
      kept.push(...keptItems(record, { space: survey.space, ...found.why }));
    }
  }
  return { list, kept, totals, living, unjudged, elsewhere, ahead };
}

/** One item for each address of an attachment. */
export function keptItems(
  record: AttachmentRecord,
  options: Pick<Item, "space" | "kind" | "reason">,
): readonly Item[] {
  return record.addresses.map(({ ip }) => itemOf(record, { ...options, ip }));
}

interface Why {
  readonly kind: KeptKind;
  readonly reason: string;
}

type Found =
  | { readonly kind: "fine" | "living" | "unjudged" | "elsewhere" }
  | { readonly kind: "candidate"; readonly candidate: Candidate }
  | { readonly kind: "kept"; readonly why: Why };

const FINE: Found = { kind: "fine" };

interface Looking {
  readonly survey: SpaceSurvey;
  readonly scope: Scope;
  readonly evidence: Evidence;
}

function lookAt(seen: Seen<AttachmentRecord>, options: Looking): Found {
  const { record } = seen;
  const { scope, evidence: { isRunning } } = options;
  if (!isInScope(record, scope)) return FINE;
  const found = record.pod?.namespace === undefined
    ? lookAtContainer(seen, options)
    : lookAtPod(seen, options);
  if (found.kind !== "candidate") return found;
  if (isRunning?.(record.containerID) === true) {
    return stays("running", "its container runs, as --running says");
  }
  // It would take the address from its holder. What is damaged is told apart.
  return isTaken(record, options) ? FINE : found;
}

function lookAtContainer(seen: Seen<AttachmentRecord>, { evidence }: Looking): Found {
  const { nodeId, boot } = seen.record;
  const { thisNode, isRunning } = evidence;
  if (thisNode?.nodeId !== nodeId) return { kind: "elsewhere" };
  if (thisNode.boot === boot) return FINE;
  if (isRunning === undefined) {
    return stays(
      "booted",
      "it is of an earlier boot, or of another run directory: give --running, which tells what runs",
    );
  }
  return { kind: "candidate", candidate: { seen, kind: "rebooted" } };
}

function lookAtPod(seen: Seen<AttachmentRecord>, { survey, scope, evidence }: Looking): Found {
  const { authority, pod } = seen.record;
  const { census } = evidence;
  if (census === undefined) return { kind: "unjudged" };
  if (pod?.uid !== undefined && census.living.has(pod.uid)) return { kind: "living" };
  if (isKnown(authority, { survey, scope, census })) {
    return { kind: "candidate", candidate: { seen, kind: "unlisted" } };
  }
  return stays(
    "stranger",
    authority === undefined
      ? "it was given when no API could vouch for its pod (annotations were off, or the kubeconfig had no CA): " +
        "if the pod is gone for certain, use kube-ipam release --force"
      : "another Kubernetes API, or this one with another certificate authority, wrote it: " +
        "see docs/annotations.md, The kubeconfig",
  );
}

/** Tells whether the API that is asked knows the pod of a record. */
export function isKnown(
  authority: string | undefined,
  options: {
    readonly survey: SpaceSurvey;
    readonly scope: Pick<Scope, "cluster">;
    readonly census: Pick<Census, "authorities">;
  },
): boolean {
  const { survey, scope, census } = options;
  const knowing = { asker: census };
  const cluster = survey.clusters.get(scope.cluster);
  return isOwn(knowing, authority) || areOne(knowing, { authority, cluster });
}

/** Tells whether another attachment holds an address of this one, as far as the survey tells. */
function isTaken(record: AttachmentRecord, { survey }: Looking): boolean {
  return record.addresses.some(({ ip }) => {
    const address = survey.addresses.get(addressKey(survey.space, parseAddr(ip)));
    if (address === undefined || address.seen !== undefined) return false;
    const other = survey.attachments.get(address.attachment)?.record;
    return other !== undefined && other !== record && other.addresses.some((one) => one.ip === ip);
  });
}

function stays(kind: KeptKind, reason: string): Found {
  return { kind: "kept", why: { kind, reason } };
}
