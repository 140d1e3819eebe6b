/**
 * A survey of everything that is kept: page by page, before anybody asks which pods live.
 *
 * Pages are of different moments, so what two of them tell together is a suspicion, and proves nothing.
 *
 * @module
 */
import { parseAddr } from "../../net/addr.ts";
import {
  addressKey,
  attachmentKey,
  attachmentOfRecord,
  everythingBounds,
  expiringKey,
  expiringOfKey,
  ownerKeyOfRecord,
  partsOfKey,
  podKey,
} from "../../state/keys.ts";
import {
  parseAddress,
  parseAttachment,
  parseCluster,
  parseExpiring,
  parseNetwork,
  parseOwner,
  RecordError,
} from "../../state/record_text.ts";
import type {
  AddressRecord,
  AttachmentRecord,
  ExpiringRecord,
  OwnerRecord,
} from "../../state/records.ts";
import type { Entry } from "../../state/txn.ts";
import { entriesOf, type Plan, read } from "../plan.ts";

/** Keys that one page holds: for each page etcd counts all that is left. No more, as an answer of 8 MiB is the largest that is read. */
export const SURVEY_PAGE = 1000;

/** A record as it was read. */
export interface Seen<T> {
  readonly entry: Entry;
  readonly record: T;
}

/** An address as it was read. Of one that is held only its holder is kept: there may be very many. */
export interface SeenAddress {
  readonly revision: string;
  /** The key of the attachment that it names. */
  readonly attachment: string;
  /** The key of the owner that it names. */
  readonly owner: string | undefined;
  /** Its cluster. */
  readonly cluster: string;
  /** Undefined while it is held. */
  readonly seen: Seen<AddressRecord> | undefined;
}

/** A pod key as it was read. */
export interface SeenPod {
  readonly revision: string;
  /** The key of the attachment that it names. */
  readonly attachment: string;
}

/** What stands in one space, by key. */
export interface SpaceSurvey {
  readonly space: string;
  readonly addresses: Map<string, SeenAddress>;
  readonly attachments: Map<string, Seen<AttachmentRecord>>;
  /** Clusters by name. */
  readonly clusters: Map<string, Entry>;
  readonly expiring: Map<string, Seen<ExpiringRecord>>;
  /** Their revisions. */
  readonly nodes: Map<string, string>;
  readonly owners: Map<string, Seen<OwnerRecord>>;
  readonly pods: Map<string, SeenPod>;
  /** What could not be read. */
  readonly unreadable: RecordError[];
}

/** The spaces that were found, by name. */
export type Survey = Map<string, SpaceSurvey>;

/**
 * Plans one page of a survey.
 *
 * @param from Where it begins: the `next` of the page before it; absent for the first.
 * @param limit Keys that it holds at most.
 * @returns What stands there, and where the next page begins; undefined after the last.
 */
export function* planSurveyPage(
  from?: string,
  limit: number = SURVEY_PAGE,
): Plan<{ readonly entries: readonly Entry[]; readonly next: string | undefined }> {
  const bounds = everythingBounds();
  const [seen] = yield* read([
    { kind: "list", from: from ?? bounds.from, to: bounds.to, limit, values: true },
  ]);
  const entries = entriesOf(seen);
  const last = entries.at(-1);
  const isLast = last === undefined || entries.length < limit;
  return { entries, next: isLast ? undefined : `${last.key}\0` };
}

/** Takes a page into a survey. */
export function addToSurvey(survey: Survey, entries: readonly Entry[]): void {
  for (const entry of entries) {
    const { space } = partsOfKey(entry.key);
    const found = survey.get(space) ?? emptyOf(space);
    survey.set(space, found);
    try {
      take(found, entry);
    } catch (error) {
      found.unreadable.push(unreadable(error, entry));
    }
  }
}

function emptyOf(space: string): SpaceSurvey {
  return {
    space,
    addresses: new Map(),
    attachments: new Map(),
    clusters: new Map(),
    expiring: new Map(),
    nodes: new Map(),
    owners: new Map(),
    pods: new Map(),
    unreadable: [],
  };
}

function take(survey: SpaceSurvey, entry: Entry): void {
  const { space } = survey;
  const { key, revision } = entry;
  const { folder, names } = partsOfKey(key);
  switch (folder) {
    case "addresses": {
      const record = parseAddress(entry);
      check(entry, addressKey(space, parseAddr(record.ip)));
      survey.addresses.set(key, {
        revision,
        attachment: attachmentKey(space, attachmentOfRecord(record)),
        owner: ownerKeyOfRecord(space, record),
        cluster: record.cluster,
        seen: record.state === "held" ? undefined : { entry, record },
      });
      return;
    }
    case "attachments": {
      const record = parseAttachment(entry);
      check(entry, attachmentKey(space, attachmentOfRecord(record)));
      survey.attachments.set(key, { entry: { key, revision, value: "" }, record });
      return;
    }
    case "clusters":
      parseCluster(entry);
      survey.clusters.set(names.join("/"), entry);
      return;
    case "expiring": {
      const record = parseExpiring(entry);
      check(entry, expiringKey(space, expiringOfKey(key)));
      survey.expiring.set(key, { entry, record });
      return;
    }
    case "networks":
      parseNetwork(entry);
      return;
    case "nodes":
      survey.nodes.set(key, revision);
      return;
    case "owners": {
      const record = parseOwner(entry);
      check(entry, ownerKeyOfRecord(space, record));
      survey.owners.set(key, { entry, record });
      return;
    }
    case "pods": {
      const record = parseAttachment(entry);
      const { cluster, network, ifname: ifName, pod } = record;
      check(entry, podKey(space, { cluster, uid: pod?.uid ?? "", network, ifName }));
      const attachment = attachmentKey(space, attachmentOfRecord(record));
      survey.pods.set(key, { revision, attachment });
      return;
    }
  }
}

/** A record that was copied to another key stands for nothing that anybody knows. */
function check({ key }: Entry, expected: string | undefined): void {
  if (key === expected) return;
  throw new RecordError(key, `Cannot read a record that speaks of ${expected ?? "nobody"}`, {
    repair: "Something other than kube-ipam wrote this key: look at it, and delete it",
  });
}

function unreadable(error: unknown, { key }: Entry): RecordError {
  if (error instanceof RecordError) return error;
  if (!(error instanceof SyntaxError || error instanceof RangeError || error instanceof URIError)) {
    throw error;
  }
  return new RecordError(key, "Cannot read a key that is not as kube-ipam writes it", {
    repair: "Something other than kube-ipam wrote this key: look at it, and delete it",
  });
}
