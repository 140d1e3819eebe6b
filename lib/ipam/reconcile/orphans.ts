/**
 * Keys that stand for nothing, as far as the survey tells.
 *
 * @module
 */
import { formatAddr, parseAddr } from "../../net/addr.ts";
import {
  addressKey,
  addressOfKey,
  attachmentKey,
  expiringKey,
  expiringOfKey,
  partsOfKey,
} from "../../state/keys.ts";
import type { Scope } from "./scope.ts";
import type { SpaceSurvey } from "./survey.ts";

/** A key, or the addresses of one lost attachment. */
export interface Suspect {
  /** What it should stand for. */
  readonly kind: "address" | "node" | "pod" | "expiring" | "owner" | "retained" | "timeless";
  readonly space: string;
  /** Its keys with the revisions that were read; of one revision, where they are several. */
  readonly mains: readonly { readonly key: string; readonly revision: string }[];
  /** The keys that would give it a meaning. */
  readonly related: readonly string[];
}

/** Finds what a space has of them. Whether they are, a fresh snapshot tells. */
export function suspectsOf(survey: SpaceSurvey, scope: Scope): readonly Suspect[] {
  return [
    ...lostAddresses(survey, scope),
    ...lostNodeKeys(survey, scope),
    ...lostPodKeys(survey, scope),
    ...(scope.node === undefined ? lostExpiring(survey, scope) : []),
    ...(scope.node === undefined ? lostOwners(survey, scope) : []),
    ...lostKept(survey, scope),
  ];
}

/** Held addresses that no attachment names, by attachment and revision. */
function* lostAddresses(survey: SpaceSurvey, { cluster }: Scope): Generator<Suspect> {
  const { space, addresses, attachments } = survey;
  const groups = new Map<string, Suspect & { readonly mains: Suspect["mains"][number][] }>();
  for (const [key, address] of addresses) {
    if (address.seen !== undefined || address.cluster !== cluster) continue;
    const { revision, attachment, owner } = address;
    const holder = attachments.get(attachment)?.record;
    const ip = formatAddr(addressOfKey(key));
    if (holder?.addresses.some((grant) => grant.ip === ip)) continue;
    const group = groups.get(`${attachment}@${revision}`) ??
      {
        kind: "address",
        space,
        mains: [],
        related: owner === undefined ? [attachment] : [attachment, owner],
      };
    group.mains.push({ key, revision });
    groups.set(`${attachment}@${revision}`, group);
  }
  yield* groups.values();
}

function* lostNodeKeys(survey: SpaceSurvey, scope: Scope): Generator<Suspect> {
  const { space, nodes, attachments } = survey;
  for (const [key, revision] of nodes) {
    const name = nodeKeyParts(key);
    if (name === undefined || name.cluster !== scope.cluster) continue;
    if (scope.node !== undefined && name.node !== scope.node) continue;
    const attachment = attachmentKey(space, name);
    const record = attachments.get(attachment)?.record;
    if (record?.cluster === name.cluster && record.node === name.node) continue;
    yield { kind: "node", space, mains: [{ key, revision }], related: [attachment] };
  }
}

function* lostPodKeys(survey: SpaceSurvey, { cluster }: Scope): Generator<Suspect> {
  const { space, pods, attachments } = survey;
  for (const [key, { revision, attachment }] of pods) {
    if (partsOfKey(key).names[0] !== cluster) continue;
    if (attachments.get(attachment)?.entry.revision === revision) continue;
    yield { kind: "pod", space, mains: [{ key, revision }], related: [attachment] };
  }
}

function* lostExpiring(survey: SpaceSurvey, { cluster }: Scope): Generator<Suspect> {
  const { space, expiring, addresses } = survey;
  for (const [key, { entry: { revision }, record: { ownerKey } }] of expiring) {
    if (ownerKey !== undefined && partsOfKey(ownerKey).names[0] !== cluster) continue;
    const address = addressKey(space, expiringOfKey(key).addr);
    const found = addresses.get(address);
    if (found?.revision === revision) continue;
    if (found !== undefined && found.cluster !== cluster) continue;
    yield { kind: "expiring", space, mains: [{ key, revision }], related: [address] };
  }
}

function* lostOwners(survey: SpaceSurvey, { cluster }: Scope): Generator<Suspect> {
  const { space, owners, addresses } = survey;
  for (const [key, { entry: { revision }, record }] of owners) {
    if (record.cluster !== cluster) continue;
    const related = record.addresses.map(({ ip }) => addressKey(space, parseAddr(ip)));
    if (related.some((address) => addresses.get(address)?.revision === revision)) continue;
    yield { kind: "owner", space, mains: [{ key, revision }], related };
  }
}

/** Retained addresses that their owners do not know of, and those with an end that nothing tells. */
function* lostKept(survey: SpaceSurvey, scope: Scope): Generator<Suspect> {
  const { space, addresses, owners, expiring } = survey;
  for (const [key, { revision, cluster, seen, owner }] of addresses) {
    if (seen === undefined || cluster !== scope.cluster) continue;
    const { until, ip } = seen.record;
    const mains = [{ key, revision }];
    if (until !== undefined) {
      const end = expiringKey(space, { untilMs: until, addr: parseAddr(ip) });
      if (expiring.get(end)?.entry.revision === revision) continue;
      yield { kind: "timeless", space, mains, related: [end] };
      continue;
    }
    if (owner !== undefined && owners.get(owner)?.entry.revision === revision) continue;
    yield { kind: "retained", space, mains, related: owner === undefined ? [] : [owner] };
  }
}

/** What a node key names; undefined where it is not as kube-ipam writes it. */
export function nodeKeyParts(key: string): {
  readonly cluster: string;
  readonly node: string;
  readonly network: string;
  readonly containerId: string;
  readonly ifName: string;
} | undefined {
  const [cluster, node, network, containerId, ifName] = partsOfKey(key).names;
  if (
    cluster === undefined || node === undefined || network === undefined ||
    containerId === undefined || ifName === undefined
  ) return undefined;
  try {
    return { cluster, node: decodeURIComponent(node), network, containerId, ifName };
  } catch {
    return undefined;
  }
}
