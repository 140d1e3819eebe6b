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
  text as anyText,
  word,
} from "../shape/shape.ts";
import {
  type AddressRecord,
  type AttachmentRecord,
  type ClusterRecord,
  type ExpiringRecord,
  type Grant,
  type NetworkRecord,
  type OwnerRecord,
  SCHEMA,
} from "./records.ts";
import { type Addr, parseAddr } from "../net/addr.ts";
import type { Entry } from "./txn.ts";

/** The last one that `Date` knows. */
const LAST_MOMENT = 8.64e15;

/** Names become parts of keys: half of a surrogate pair cannot. */
const text = checked(anyText, (value) => value.isWellFormed());
const ip = checked(text, isAddr);
const moment = checked(number, (ms) => Number.isSafeInteger(ms) && 0 <= ms && ms <= LAST_MOMENT);
const length = checked(number, (bits) => Number.isInteger(bits) && 0 <= bits && bits <= 128);
const schema = checked(number, (value): value is typeof SCHEMA => value === SCHEMA);
const rule = checked(text, isRule);
const owner = object({ namespace: text, name: text }, {});
const pod = object({ name: text }, { namespace: text, uid: text });

const grant = { ip, prefixLength: length, source: text, cools: flag };
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
  { ...holder, addresses: list(checked(object(grant, mayGrant), isOfOneFamily)) },
  mayHold,
);
const address = checked(
  object(
    { ...holder, ...grant, state: word(["held", "retained", "cooling"]) },
    { ...mayHold, ...mayGrant, until: moment },
  ),
  isOfOneFamily,
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
  /** Whether a newer kube-ipam wrote it. */
  readonly isNewer: boolean;

  /**
   * Makes the error.
   *
   * @param key The key of the record.
   * @param problem What is wrong with it.
   * @param options `repair` for the operator; `isNewer` when a newer kube-ipam wrote it.
   */
  constructor(
    key: string,
    problem: string,
    options: { readonly repair: string; readonly isNewer?: boolean },
  ) {
    super(problem);
    this.key = key;
    this.repair = options.repair;
    this.isNewer = options.isNewer ?? false;
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
 * Reads a cursor: the one value that is no JSON, but an address.
 *
 * @param entry The entry as a datastore answered it.
 * @returns The address; undefined when it is none: it only says where a search begins.
 * @throws {RecordError} If a newer kube-ipam wrote it: it is not to be written over.
 */
export function parseCursor({ key, value }: Entry): Addr | undefined {
  try {
    return parseAddr(value);
  } catch {
    refuseNewer(key, jsonOf(value));
    return undefined;
  }
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
  const json = jsonOf(value);
  if (json === undefined) {
    throw new RecordError(key, "Cannot read a record that is not JSON", { repair: DAMAGED });
  }
  refuseNewer(key, json);
  const faults: Fault[] = [];
  const record = shape.read(json, { path: [], faults });
  if (record !== undefined && faults.length === 0) return record;
  const where = faults[0]?.path.join(".") ?? "";
  throw new RecordError(key, `Cannot read a record as its field "${where}" is not as expected`, {
    repair: DAMAGED,
  });
}

/** Undefined where it is no JSON, which has no such value. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of whatever shape the rest is: another one may be why the schema went up. */
function refuseNewer(key: string, json: unknown): void {
  const schema = schemaOf(json);
  if (schema !== undefined && schema > SCHEMA) {
    throw new RecordError(
      key,
      `Cannot read a record of schema ${schema} as this kube-ipam knows ${SCHEMA}`,
      {
        repair: "Install a kube-ipam at least as new as the newest one in the cluster",
        isNewer: true,
      },
    );
  }
}

function schemaOf(json: unknown): number | undefined {
  if (typeof json !== "object" || json === null || !("schema" in json)) return undefined;
  return typeof json.schema === "number" ? json.schema : undefined;
}

/** What is there was read already, and only IPv6 has colons; what is missing was told. */
function isOfOneFamily(
  { ip = "", prefixLength = 0, gateway = ip }: Partial<Grant>,
): boolean {
  const isIpv6 = ip.includes(":");
  return prefixLength <= (isIpv6 ? 128 : 32) && gateway.includes(":") === isIpv6;
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
