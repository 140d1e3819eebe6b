/**
 * Reading and writing records.
 *
 * A record of a newer schema is refused before anything is written, so that an older binary never damages what a newer one keeps.
 *
 * @module
 */
import { parseRetain } from "../config/retain.ts";
import {
  checked,
  type Fault,
  flag,
  list,
  number,
  object,
  type Shape,
  text,
  word,
} from "../shape/shape.ts";
import {
  type AddressRecord,
  type AttachmentRecord,
  type ClusterRecord,
  type ExpiringRecord,
  type NetworkRecord,
  type OwnerRecord,
  SCHEMA,
} from "./records.ts";
import { parseAddr } from "../net/addr.ts";
import type { Entry } from "./txn.ts";

/** The last one that `Date` knows. */
const LAST_MOMENT = 8.64e15;

const ip = checked(text, isAddr);
const moment = checked(number, (ms) => Number.isSafeInteger(ms) && ms <= LAST_MOMENT);
const schema = checked(number, (value): value is typeof SCHEMA => value === SCHEMA);
const rule = checked(text, isRule);
const owner = object({ namespace: text, name: text }, {});
const pod = object({ name: text }, { namespace: text, uid: text });

const grant = { ip, prefixLength: number, source: text, cools: flag };
const mayGrant = { gateway: ip, rule };
const holder = {
  schema,
  cluster: text,
  network: text,
  containerID: text,
  ifname: text,
  node: text,
  nodeId: text,
  boot: text,
  since: moment,
};
const mayHold = { pod, authority: text, owner };

const attachment = object(
  { ...holder, addresses: list(object(grant, mayGrant)) },
  mayHold,
);
const address = object(
  { ...holder, ...grant, state: word(["held", "retained", "cooling"]) },
  { ...mayHold, ...mayGrant, until: moment },
);
const expiring = object(
  { schema, state: word(["retained", "cooling"]), network: text },
  { ownerKey: text },
);
const owned = object({
  schema,
  cluster: text,
  network: text,
  ifname: text,
  owner,
  state: word(["held", "retained"]),
  addresses: list(object({ ip, rule }, { until: moment })),
  since: moment,
}, { authority: text });
const cluster = object({ schema, authorities: list(text), node: text, since: moment }, {});
const network = object(
  { schema, subnets: list(text), ranges: text, node: text, since: moment },
  {},
);

const DAMAGED =
  "Something other than kube-ipam wrote this key: look at it, and delete it together with all other keys of its attachment and of its addresses, expiring/ included";

/** Thrown when a record cannot be read: damaged, or written by a newer kube-ipam. */
export class RecordError extends Error {
  /** Always `RecordError`. */
  override readonly name = "RecordError";
  /** The key of the record. */
  readonly key: string;
  /** What an operator can do about it. */
  readonly repair: string;

  /**
   * Makes the error.
   *
   * @param key The key of the record.
   * @param problem What is wrong with it.
   * @param options `repair` for the operator.
   */
  constructor(key: string, problem: string, options: { readonly repair: string }) {
    super(problem);
    this.key = key;
    this.repair = options.repair;
  }
}

/**
 * Reads an attachment's record, from `attachments/` or `pods/`.
 *
 * @param entry The entry as a datastore answered it.
 * @returns The record.
 * @throws {RecordError} If it is damaged or of a newer schema.
 */
export function parseAttachment(entry: Entry): AttachmentRecord {
  return parse(entry, attachment);
}

/**
 * Reads the record of an address.
 *
 * @param entry The entry as a datastore answered it.
 * @returns The record.
 * @throws {RecordError} If it is damaged or of a newer schema.
 */
export function parseAddress(entry: Entry): AddressRecord {
  return parse(entry, address);
}

/**
 * Reads a record under `expiring/`.
 *
 * @param entry The entry as a datastore answered it.
 * @returns The record.
 * @throws {RecordError} If it is damaged or of a newer schema.
 */
export function parseExpiring(entry: Entry): ExpiringRecord {
  return parse(entry, expiring);
}

/**
 * Reads a record under `owners/`.
 *
 * @param entry The entry as a datastore answered it.
 * @returns The record.
 * @throws {RecordError} If it is damaged or of a newer schema.
 */
export function parseOwner(entry: Entry): OwnerRecord {
  return parse(entry, owned);
}

/**
 * Reads a record under `clusters/`.
 *
 * @param entry The entry as a datastore answered it.
 * @returns The record.
 * @throws {RecordError} If it is damaged or of a newer schema.
 */
export function parseCluster(entry: Entry): ClusterRecord {
  return parse(entry, cluster);
}

/**
 * Reads a record under `networks/`.
 *
 * @param entry The entry as a datastore answered it.
 * @returns The record.
 * @throws {RecordError} If it is damaged or of a newer schema.
 */
export function parseNetwork(entry: Entry): NetworkRecord {
  return parse(entry, network);
}

/**
 * Writes any record.
 *
 * @param record The record.
 * @returns Compact JSON, absent fields left out.
 */
export function formatRecord(
  record:
    | AttachmentRecord
    | AddressRecord
    | ExpiringRecord
    | OwnerRecord
    | ClusterRecord
    | NetworkRecord,
): string {
  return JSON.stringify(record);
}

function parse<T>(entry: Entry, shape: Shape<T>): T {
  const { key, value } = entry;
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch {
    throw new RecordError(key, "Cannot read a record that is not JSON", { repair: DAMAGED });
  }
  const schema = schemaOf(json);
  if (schema !== undefined && schema > SCHEMA) {
    throw new RecordError(
      key,
      `Cannot read a record of schema ${schema} as this kube-ipam knows ${SCHEMA}`,
      { repair: "Install a kube-ipam at least as new as the newest one in the cluster" },
    );
  }
  const faults: Fault[] = [];
  const record = shape.read(json, { path: [], faults });
  if (record !== undefined && faults.length === 0) return record;
  const where = faults[0]?.path.join(".") ?? "";
  throw new RecordError(key, `Cannot read a record as its field "${where}" is not as expected`, {
    repair: DAMAGED,
  });
}

function schemaOf(json: unknown): number | undefined {
  if (typeof json !== "object" || json === null || !("schema" in json)) return undefined;
  return typeof json.schema === "number" ? json.schema : undefined;
}

function isAddr(value: string): boolean {
  return parses(parseAddr, value);
}

function isRule(value: string): boolean {
  return parses(parseRetain, value);
}

function parses(parse: (text: string) => unknown, value: string): boolean {
  try {
    parse(value);
    return true;
  } catch {
    return false;
  }
}
