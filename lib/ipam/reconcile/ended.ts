/**
 * The end of `retain: "owner"`: addresses that are kept as long as a StatefulSet wants their pod.
 *
 * @module
 */
import { parseAddr } from "../../net/addr.ts";
import { addressKey, expiringKey } from "../../state/keys.ts";
import { deletion, guardOf } from "../../state/operations.ts";
import { parseAddress, parseOwner } from "../../state/record_text.ts";
import type { AddressRecord, OwnerRecord } from "../../state/records.ts";
import type { Entry } from "../../state/txn.ts";
import { rewriteOwner } from "../free.ts";
import { commit, entryOf, type Plan, read } from "../plan.ts";
import { isInScope, type Scope } from "./scope.ts";
import type { Seen, SpaceSurvey } from "./survey.ts";

const RULE = "owner";
const ORDINAL = /^(.+)-(\d{1,15})$/;

/** The StatefulSet that an owner is a pod of. */
export interface SetOfOwner {
  readonly namespace: string;
  readonly name: string;
  readonly ordinal: number;
}

/** The StatefulSet that makes pods of this name; undefined where none does. */
export function setOfOwner({ owner }: Pick<OwnerRecord, "owner">): SetOfOwner | undefined {
  const [, name, ordinal] = ORDINAL.exec(owner.name) ?? [];
  if (name === undefined || ordinal === undefined || String(Number(ordinal)) !== ordinal) {
    return undefined;
  }
  return { namespace: owner.namespace, name, ordinal: Number(ordinal) };
}

/** Owners of our cluster that keep addresses as long as a StatefulSet wants them. */
export function keepersIn(survey: SpaceSurvey, scope: Scope): readonly Seen<OwnerRecord>[] {
  const { space, owners, addresses } = survey;
  return [...owners.values()].filter(({ record }) => {
    if (record.state !== "retained" || !isInScope(record, { ...scope, node: undefined })) {
      return false;
    }
    const kept = record.addresses.filter(({ rule }) => rule === RULE)
      .map(({ ip }) => addresses.get(addressKey(space, parseAddr(ip)))?.seen?.record);
    return kept.some((address) =>
      address !== undefined && (scope.node === undefined || address.node === scope.node)
    );
  });
}

/** Which owner has ended. */
export interface EndedRequest {
  readonly space: string;
  /** As it was read before the StatefulSet was asked for. */
  readonly owner: Seen<OwnerRecord>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Nothing is written. */
  readonly dryRun: boolean;
}

/** What became of its addresses. */
export type EndedOutcome =
  | { readonly kind: "freed"; readonly records: readonly AddressRecord[] }
  /** The owner was written anew: its pod is back. */
  | { readonly kind: "changed" }
  /** Somebody else freed them. */
  | { readonly kind: "absent" };

/** Plans the release of what an owner keeps by this rule; what it keeps by others stays. */
export function* planEnded(request: EndedRequest): Plan<EndedOutcome> {
  const { space, owner: { entry: { key, revision }, record }, now, dryRun } = request;
  const keys = record.addresses.map(({ ip }) => addressKey(space, parseAddr(ip)));
  let sent: readonly AddressRecord[] | undefined;
  for (;;) {
    const seen = yield* read([key, ...keys].map((one) => ({ kind: "get", key: one })));
    const entry = entryOf(seen[0]);
    if (entry?.revision !== revision) {
      // A commit whose end nobody knew was applied, if the key is gone or written anew.
      if (sent !== undefined) return { kind: "freed", records: sent };
      return { kind: entry === undefined ? "absent" : "changed" };
    }
    const owned = parseOwner(entry).addresses.flatMap((address, index): readonly Owned[] => {
      const found = entryOf(seen[index + 1]);
      return found?.revision === revision ? [{ address, entry: found }] : [];
    });
    const ending = owned.filter(({ address }) => address.rule === RULE);
    const records = ending.map((one) => parseAddress(one.entry));
    if (records.length === 0) return { kind: "changed" };
    if (dryRun) return { kind: "freed", records };
    const siblings = owned.filter((one) => !ending.includes(one));
    const answer = yield* commit({
      guards: [guardOf(entry), ...owned.map((one) => guardOf(one.entry))],
      writes: [
        ...ending.flatMap(({ address: { ip, until }, entry: { key } }) => {
          const addr = parseAddr(ip);
          const end = until === undefined ? [] : [expiringKey(space, { untilMs: until, addr })];
          return [key, ...end].map(deletion);
        }),
        ...rewriteOwner({ space, now }, { kept: { entry, record }, siblings }),
      ],
    });
    if (answer.kind === "committed") return { kind: "freed", records };
    if (answer.kind === "unknown") sent = records;
  }
}

interface Owned {
  readonly address: OwnerRecord["addresses"][number];
  readonly entry: Entry;
}
