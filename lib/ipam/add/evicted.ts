/**
 * The attachments that go with a claim: the former one of the pod, that of the container's earlier life, and those of pods that are gone.
 *
 * @module
 */
import { attachmentKey, attachmentOfRecord, ownerKeyOfRecord } from "../../state/keys.ts";
import type { Known } from "./known.ts";
import { ownerKeyOf } from "./owned.ts";
import type { Pick, Victim } from "./pick.ts";
import { type Removal, removeAttachment, versionOf } from "../removal.ts";
import type { AddRequest } from "../request.ts";

/** Removes the pod's former attachment, the container's earlier one, and those of pods that are gone. */
export function removals(
  request: AddRequest,
  { picks, known }: { readonly picks: readonly Pick[]; readonly known: Known },
): readonly Removal[] {
  const { space, now, cooldownMs } = request;
  const { earlier, former, detached } = known;
  const moved = new Set(picks.map(({ grant }) => grant.ip));
  const own = ownerKeyOf(request);
  const victims = new Map<string, Victim>(
    picks.flatMap(({ victim }) =>
      victim === undefined
        ? []
        : [[attachmentKey(space, attachmentOfRecord(victim.record)), victim] as const]
    ),
  );
  for (const one of [earlier, former]) {
    if (one === undefined) continue;
    const { record, entry: { revision } } = one;
    victims.set(attachmentKey(space, attachmentOfRecord(record)), { record, revision });
  }
  return [...victims].map(([attachment, { record, revision }]) => {
    const retain = ownerKeyOfRecord(space, record) !== own &&
      !detached.has(versionOf(attachment, revision));
    return removeAttachment(record, { space, now, cooldownMs, revision, retain, moved });
  });
}
