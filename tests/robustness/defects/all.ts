/**
 * Defects that are planted to see whether they are found: each takes one of the conditions away that make the state safe.
 *
 * Each is an exact text of the sources and another one in its place; a test sees to it that every text is still there.
 *
 * @module
 */
import type { StepKind } from "../plan/steps.ts";

/** One text of one file, and what stands in its place. */
export interface Replacement {
  readonly file: string;
  readonly text: string;
  readonly by: string;
}

/** A defect, and the steps that show it. */
export interface Defect {
  readonly name: string;
  /** What it takes away. */
  readonly what: string;
  readonly replacements: readonly Replacement[];
  /** Beside `start` and `stop`. */
  readonly steps: readonly StepKind[];
}

/** All of them. */
export const DEFECTS: readonly Defect[] = [
  {
    name: "claim-guard",
    what: "a claim takes an address although somebody has it",
    replacements: [{
      file: "lib/ipam/add/pick.ts",
      text:
        `guards: replacement?.guards ?? [{ kind: "absent", key: addressKey(request.space, addr) }],`,
      by: `guards: replacement?.guards ?? [],`,
    }],
    steps: ["check"],
  },
  {
    name: "attachment-guard",
    what: "a claim does not see that its container has an address already",
    replacements: [{
      file: "lib/ipam/add/claim.ts",
      text: `? { kind: "absent", key: names.attachment }`,
      by: '? { kind: "absent", key: `${names.attachment}/none` }',
    }],
    steps: ["again", "twice"],
  },
  {
    name: "release-guard",
    what: "DEL releases an attachment that was written anew since DEL has read it",
    replacements: [{
      file: "lib/ipam/release.ts",
      text: "guards.push(guardOf(item.entry));",
      by: "",
    }],
    steps: ["late", "check"],
  },
  {
    name: "take-over-ifname",
    what: "one interface of a pod takes over the address of another one",
    replacements: [{
      file: "lib/ipam/add/holder.ts",
      text: `holder.network === network &&
    holder.ifname === ifName;`,
      by: `holder.network === network;`,
    }],
    steps: ["second", "replace"],
  },
  {
    name: "foreign-release",
    what: "DEL releases what is another node's, or another cluster's",
    replacements: [
      {
        file: "lib/ipam/ownership.ts",
        text: "if (record.cluster !== scope.cluster) return false;",
        by: "",
      },
      {
        file: "lib/ipam/ownership.ts",
        text:
          "return scope.node === undefined || record.nodeId === scope.nodeId || record.node === scope.node;",
        by: "return true;",
      },
    ],
    steps: ["twin", "check"],
  },
  {
    name: "reconcile-order",
    what: "reconcile lists the pods before it reads the records, and takes the list for a proof",
    replacements: [
      {
        file: "lib/command/reconcile/reconcile.ts",
        text: `const survey = await surveyAll(work);
  const listed = await takeCensus(work);`,
        by: `const listed = await takeCensus(work);
  const survey = await surveyAll(work);`,
      },
      {
        file: "lib/command/reconcile/judge_pods.ts",
        text: "const state = await stateOf(work, record);",
        by: `const state = { kind: "gone", reason: "it is not listed" };`,
      },
      {
        file: "lib/ipam/reconcile/scope.ts",
        text: "since <= scope.now - scope.graceMs;",
        by: "true;",
      },
    ],
    steps: ["arrive", "check"],
  },
  {
    name: "reconcile-revision",
    what: "reconcile releases an attachment that was written anew since reconcile has read it",
    replacements: [{
      file: "lib/command/reconcile/free_attachments.ts",
      text: "keep: (_record, entry) => entry.revision !== revisions.get(entry.key),",
      by: "",
    }],
    steps: ["reclaim", "check"],
  },
  {
    name: "replay-since",
    what: "replay releases what was written after its DEL",
    replacements: [{
      file: "lib/ipam/replay.ts",
      text: "keep: (record, { key }) => record.since >= (since.get(key) ?? 0),",
      by: "",
    }],
    steps: ["outrun", "check"],
  },
];
