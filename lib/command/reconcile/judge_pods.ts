/**
 * Asks for exactly the pods that were not listed: only what the API says of one of them proves its end.
 *
 * @module
 */
import { type Candidate, keptItems } from "../../ipam/reconcile/candidates.ts";
import type { FreedKind, Item } from "../../ipam/reconcile/report.ts";
import { isName } from "../../kube/names.ts";
import { type PodState, podStateOf } from "../../kube/pod_state.ts";
import type { AttachmentRecord } from "../../state/records.ts";
import { askAgain } from "./ask_again.ts";
import type { Work } from "./work.ts";

/** Questions that are open at the same time. */
const AT_ONCE = 8;

/** A candidate whose end is proved. */
export interface Proved {
  readonly candidate: Candidate;
  readonly kind: FreedKind;
  readonly reason: string;
}

/** What was found. */
export interface Judged {
  readonly proved: readonly Proved[];
  readonly kept: readonly Item[];
}

type Fate = Proved | { readonly kept: readonly Item[] };

/** Judges the candidates of a space; `isLost` is for the reasons only. Throws `KubeError` if the API does not answer one of the questions. */
export async function judgeAll(
  work: Work,
  options: {
    readonly space: string;
    readonly isLost: (node: string) => boolean;
    readonly candidates: readonly Candidate[];
  },
): Promise<Judged> {
  const { candidates } = options;
  const isAsked = candidates.some(({ kind }) => kind !== "rebooted");
  const fates: Fate[] = [];
  for (let at = 0; at < candidates.length; at += AT_ONCE) {
    const some = candidates.slice(at, at + AT_ONCE);
    fates.push(...await Promise.all(some.map((one) => fateOf(work, { ...options, one }))));
    if (isAsked) {
      work.onStep?.({ title: "Asking for pods", done: fates.length, total: candidates.length });
    }
  }
  return {
    proved: fates.filter((fate) => "candidate" in fate),
    kept: fates.flatMap((fate) => "kept" in fate ? fate.kept : []),
  };
}

async function fateOf(
  work: Work,
  options: {
    readonly space: string;
    readonly isLost: (node: string) => boolean;
    readonly one: Candidate;
  },
): Promise<Fate> {
  const { space, isLost, one } = options;
  const { record } = one.seen;
  if (one.kind === "rebooted") {
    const reason = `node ${record.node} was booted since, and its container does not run`;
    return { candidate: one, kind: "rebooted", reason };
  }
  const state = await stateOf(work, record);
  switch (state.kind) {
    case "gone":
    case "replaced":
    case "finished": {
      const { kind } = state;
      const { node } = record;
      const reason = isLost(node) ? `${state.reason}, and so is its node ${node}` : state.reason;
      return { candidate: one, kind, reason };
    }
    case "present":
      return { kept: keptItems(record, { space, kind: "present", reason: "its pod lives" }) };
    case "static":
    case "damaged":
      return { kept: keptItems(record, { space, ...state }) };
  }
}

type State = PodState | { readonly kind: "damaged"; readonly reason: string };

async function stateOf(work: Work, { pod }: AttachmentRecord): Promise<State> {
  const { api } = work;
  const { namespace = "", name = "", uid } = pod ?? {};
  if (api === undefined || !isName(namespace) || !isName(name)) {
    return { kind: "damaged", reason: "its record names no pod that an API could know" };
  }
  const found = await askAgain(work, (options) => api.kube.getPod({ namespace, name }, options));
  return podStateOf({ namespace, name }, { uid, found });
}
