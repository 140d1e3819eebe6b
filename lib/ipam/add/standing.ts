/**
 * What stands at an address that somebody wants, and whether it may be had in spite of it.
 *
 * @module
 */
import type { Addr } from "../../net/addr.ts";
import { addressKey, attachmentKey, attachmentOfRecord, expiringKey } from "../../state/keys.ts";
import type { AddressRecord } from "../../state/records.ts";
import { parseAddress } from "../../state/record_text.ts";
import { guardOf } from "../../state/operations.ts";
import type { Entry } from "../../state/txn.ts";
import { isKnown } from "./authority.ts";
import type { Replacement } from "../expiring.ts";
import { isSameAttachment, isSamePod, lookAt } from "./holder.ts";
import { isKeptFor, isOwners } from "./owned.ts";
import type { Claimable, Victim } from "./pick.ts";
import { readOwnerEntry } from "../owner_entry.ts";
import { commit, entryOf, type Plan, read, type Verdict } from "../plan.ts";
import { removeAttachment } from "../removal.ts";
import type { AddRequest } from "../request.ts";

/** Looks at one address, each of which found that it had changed since the last. */
const LOOKS = 4;

/** What stands at an address. */
export type Standing =
  /** Nothing, or nothing that lasts, or a holder whose pod is gone. */
  | { readonly kind: "claimable"; readonly claimable: Claimable }
  /** This pod itself, on another interface or network. */
  | { readonly kind: "elsewhere"; readonly holder: AddressRecord }
  /** It is retained for another owner. */
  | { readonly kind: "kept"; readonly holder: AddressRecord }
  /** It is held by somebody else. */
  | { readonly kind: "held"; readonly holder: AddressRecord; readonly verdict: Verdict };

/** An address and what a conflict showed to stand there. */
export interface StandingOptions {
  readonly addr: Addr;
  readonly entry: Entry | undefined;
}

/**
 * Finds out what stands at an address.
 *
 * @param request The ADD that wants it.
 * @param options The address, and its entry.
 * @returns Whether, and how, it may be had.
 */
export function* standingAt(request: AddRequest, options: StandingOptions): Plan<Standing> {
  const { addr } = options;
  let { entry } = options;
  for (let looks = 1;; looks++) {
    if (entry === undefined) return { kind: "claimable", claimable: {} };
    const holder = parseAddress(entry);
    if (holder.state !== "held") return yield* unheld(request, { addr, entry, holder });
    if (isSamePod(request, holder) && !isSameAttachment(request, holder)) {
      return { kind: "elsewhere", holder };
    }
    const look = yield* lookAt(request, { addr, holder });
    if (look.kind === "held") return { kind: "held", holder, verdict: look.verdict };
    if (looks === LOOKS) return changing(holder);
    if (look.kind === "changed") {
      entry = look.entry;
    } else if (isApart(request, { holder, victim: look.victim })) {
      entry = yield* evict(request, { addr, victim: look.victim });
    } else {
      const guards = [guardOf(look.entry), guardOf(attachmentOf(request, look.victim))];
      const replacement = { guards, deletes: [] };
      return { kind: "claimable", claimable: { replacement, victim: look.victim } };
    }
  }
}

function* unheld(
  request: AddRequest,
  options: StandingOptions & { readonly entry: Entry; readonly holder: AddressRecord },
): Plan<Standing> {
  const { holder, entry } = options;
  const isOver = holder.state === "cooling" || isExpired(holder, request.now);
  if (!isOver) {
    const isOurs = isOwners(request, holder) && (yield* isKnown(request, holder.authority));
    if (!isOurs) return { kind: "kept", holder };
  }
  const replacement = replace(request, options);
  // The asker's own key is guarded and rewritten by the claim.
  const ownerEntry = isKeptFor(request, holder) || holder.state === "cooling"
    ? undefined
    : yield* readOwner(request, { holder, entry, isOver });
  if (ownerEntry === undefined) {
    // Kept for the same owner elsewhere, together with other addresses: these would be lost with its key.
    if (!isOver && !isKeptFor(request, holder)) return { kind: "kept", holder };
    return { kind: "claimable", claimable: { replacement } };
  }
  const { guards, deletes } = replacement;
  const whole: Replacement = {
    guards: [...guards, guardOf(ownerEntry)],
    deletes: [...deletes, ownerEntry.key],
  };
  return { kind: "claimable", claimable: { replacement: whole } };
}

function replace(
  { space }: AddRequest,
  { addr, entry, holder }: StandingOptions & {
    readonly entry: Entry;
    readonly holder: AddressRecord;
  },
): Replacement {
  return {
    guards: [guardOf(entry)],
    deletes: holder.until === undefined
      ? []
      : [expiringKey(space, { untilMs: holder.until, addr })],
  };
}

/** The key of the owner, if it goes with this address: as the last one whose time is over, or as the only one. */
function* readOwner(
  { space }: AddRequest,
  { holder, entry, isOver }: {
    readonly holder: AddressRecord;
    readonly entry: Entry;
    readonly isOver: boolean;
  },
): Plan<Entry | undefined> {
  const found = yield* readOwnerEntry(space, { entry, record: holder });
  const addresses = found?.record.addresses ?? [];
  const goes = isOver ? addresses.at(-1)?.ip === holder.ip : addresses.length === 1;
  return goes ? found?.entry : undefined;
}

/** Attachments of more addresses, and those that a claim of more range sets takes over, are removed by a transaction of their own. */
const FEW = 4;

/** Whether an attachment is to be removed before its address is claimed: also when another owner's addresses stay with that owner. */
function isApart(
  request: AddRequest,
  { holder, victim }: { readonly holder: AddressRecord; readonly victim: Victim },
): boolean {
  return (holder.rule !== undefined && !isKeptFor(request, holder)) ||
    victim.record.addresses.length > FEW || request.sets.length > FEW;
}

/** Removes an attachment whose pod is gone; what has a rule stays with its owner. Returns what stands at the address then. */
function* evict(
  { space, now, cooldownMs }: AddRequest,
  { addr, victim }: { readonly addr: Addr; readonly victim: Victim },
): Plan<Entry | undefined> {
  const { record, revision } = victim;
  const attachment = guardOf(attachmentOf({ space }, victim));
  for (const retain of [true, false]) {
    const removal = removeAttachment(record, { space, now, cooldownMs, revision, retain });
    const guards = [attachment, removal.ownerGuard].filter((guard) => guard !== undefined);
    const answer = yield* commit({ guards, writes: removal.writes });
    // The owner has moved on, and what it left is nobody's: then without its key.
    const isAsked = answer.kind === "conflict" && answer.guarded[0]?.revision === revision;
    if (!isAsked) break;
  }
  return entryOf((yield* read([{ kind: "get", key: addressKey(space, addr) }]))[0]);
}

function attachmentOf(
  { space }: Pick<AddRequest, "space">,
  { record, revision }: Victim,
): Pick<Entry, "key" | "revision"> {
  return { key: attachmentKey(space, attachmentOfRecord(record)), revision };
}

function isExpired({ until }: AddressRecord, now: number): boolean {
  return until !== undefined && until <= now;
}

function changing(holder: AddressRecord): Standing {
  const reason = `${holder.ip} changes hands all the time`;
  return { kind: "held", holder, verdict: { kind: "unknown", reason } };
}
