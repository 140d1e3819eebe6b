/**
 * What the conflict of a claim shows: the claim asked for all of it, so that the next try knows more.
 *
 * @module
 */
import type { Family } from "../../net/addr.ts";
import { addressKey } from "../../state/keys.ts";
import type { Conflict, Entry, Guard } from "../../state/txn.ts";
import type { Shown } from "./choose.ts";
import { parseOldest } from "../expiring.ts";
import type { Pick } from "./pick.ts";
import { entriesOf } from "../plan.ts";
import { type Removal, versionOf } from "../removal.ts";

/** The claim that was sent, as far as its conflict is read by it. */
export interface Sent {
  readonly space: string;
  readonly guards: readonly Guard[];
  readonly attachmentGuard: Guard;
  readonly podGuard: Guard | undefined;
  readonly ownerGuard: Guard | undefined;
  readonly picks: readonly Pick[];
  /** Addresses that the owner goes without from now on. */
  readonly freed: readonly { readonly ip: string; readonly guard: Guard }[];
  /** The attachments that were to be removed. */
  readonly removed: readonly Removal[];
  /** The families whose oldest expiring records were asked for, in order. */
  readonly families: readonly Family[];
}

/** A key that was guarded, as it really is. */
export interface Guarded {
  readonly changed: boolean;
  readonly entry: Entry | undefined;
}

/** What a claim's conflict showed. */
export interface Explained {
  /** The attachment's own record: changed, when it is not as this ADD knows it. */
  readonly own: Guarded;
  /** The pod's record. */
  readonly former: Guarded;
  /** The owner's record. */
  readonly owner: Guarded;
  /** Addresses of the owner that proved not to be the owner's any more. */
  readonly strange: readonly string[];
  /** Attachments to be removed that their owners have left. */
  readonly detached: readonly string[];
  /** For each pick: whether it was lost, and what stands at its address. */
  readonly lost: readonly { readonly lost: boolean; readonly entry: Entry | undefined }[];
  /** For each pick: its window and the oldest expiring records of its family. */
  readonly shown: readonly Shown[];
}

/**
 * Reads the conflict of a claim.
 *
 * @param sent The claim.
 * @param conflict Its conflict: the guarded keys, then a window for each pick that has one, then the oldest expiring records.
 * @returns What it showed.
 */
export function explain(sent: Sent, conflict: Conflict): Explained {
  const { space, guards, picks, families, freed, removed } = sent;
  const entries = new Map(guards.map(({ key }, index) => [key, conflict.guarded[index]]));
  const broken = (guard: Guard): boolean => isBroken(guard, entries.get(guard.key));
  const look = (guard: Guard | undefined): Guarded => ({
    changed: guard !== undefined && broken(guard),
    entry: guard && entries.get(guard.key),
  });
  const answers = conflict.otherwise.values();
  const windows = picks.map(({ origin }) =>
    origin.kind === "choice" ? answers.next().value : undefined
  );
  const oldest = new Map(
    families.map((family) => [family, parseOldest(space, entriesOf(answers.next().value))]),
  );
  return {
    own: look(sent.attachmentGuard),
    former: look(sent.podGuard),
    owner: look(sent.ownerGuard),
    strange: freed.filter(({ guard }) => broken(guard)).map(({ ip }) => ip),
    detached: removed.filter(({ ownerGuard }) => ownerGuard !== undefined && broken(ownerGuard))
      .map(({ attachment, revision }) => versionOf(attachment, revision)),
    lost: picks.map(({ addr, guards }) => ({
      lost: guards.some(broken),
      entry: entries.get(addressKey(space, addr)),
    })),
    shown: picks.map(({ addr }, index) => ({
      window: windows[index],
      oldest: oldest.get(addr.family) ?? [],
    })),
  };
}

function isBroken(guard: Guard, entry: Entry | undefined): boolean {
  return guard.kind === "absent" ? entry !== undefined : entry?.revision !== guard.revision;
}
