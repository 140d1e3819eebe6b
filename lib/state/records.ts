/**
 * The records that stand under the keys: their shapes, writing and reading.
 *
 * Every record carries `"schema": 1`. A record of a newer schema is refused before anything is
 * written, so that an older binary never damages what a newer one keeps.
 *
 * @module
 */
import * as z from "zod/mini";
import type { Entry } from "./txn.ts";

/** The schema this program reads and writes. */
export const SCHEMA = 1;

const text = z.string();
const pod = z.object({ namespace: z.optional(text), name: text, uid: z.optional(text) });
const grant = z.object({
  ip: text,
  prefixLength: z.number(),
  gateway: z.optional(text),
  source: text,
  cools: z.boolean(),
});
const holder = {
  schema: z.literal(SCHEMA),
  cluster: text,
  network: text,
  containerID: text,
  ifname: text,
  node: text,
  nodeId: text,
  boot: text,
  pod: z.optional(pod),
  since: z.number(),
};
const attachment = z.object({ ...holder, addresses: z.array(grant) });
const address = z.object({
  ...holder,
  ...grant.shape,
  state: z.enum(["held", "retained", "cooling"]),
  owner: z.optional(text),
  rule: z.optional(text),
  until: z.optional(z.number()),
});
const expiring = z.object({
  schema: z.literal(SCHEMA),
  state: z.enum(["retained", "cooling"]),
  network: text,
  ownerKey: z.optional(text),
});
const network = z.object({
  schema: z.literal(SCHEMA),
  subnets: z.array(text),
  ranges: text,
  node: text,
  since: z.number(),
});

/** The pod of an attachment, as CNI_ARGS named it. Podman sends a name only. */
export type PodRef = z.infer<typeof pod>;
/** One address of an attachment. `source`: what asked for it; `cools`: it is of the random set, so it cools down when released. */
export type Grant = z.infer<typeof grant>;
/** The record under `attachments/` and, the same, under `pods/`. */
export type AttachmentRecord = z.infer<typeof attachment>;
/** The record under `addresses/`. `since` and `until` are milliseconds since the epoch. */
export type AddressRecord = z.infer<typeof address>;
/** The record under `expiring/`. */
export type ExpiringRecord = z.infer<typeof expiring>;
/** The record under `networks/`. */
export type NetworkRecord = z.infer<typeof network>;

/** Thrown when a record cannot be read: damaged, or written by a newer kube-ipam. */
export class RecordError extends Error {
  override readonly name = "RecordError";
  /** The key of the record. */
  readonly key: string;
  /** What an operator can do about it. */
  readonly repair: string;

  /**
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

/** Reads the record of an address. Parameter, result and errors as {@linkcode parseAttachment}. */
export function parseAddress(entry: Entry): AddressRecord {
  return parse(entry, address);
}

/** Reads a record under `expiring/`. Parameter, result and errors as {@linkcode parseAttachment}. */
export function parseExpiring(entry: Entry): ExpiringRecord {
  return parse(entry, expiring);
}

/** Reads a record under `networks/`. Parameter, result and errors as {@linkcode parseAttachment}. */
export function parseNetwork(entry: Entry): NetworkRecord {
  return parse(entry, network);
}

/** Writes any record: compact JSON, absent fields left out. */
export function formatRecord(
  record: AttachmentRecord | AddressRecord | ExpiringRecord | NetworkRecord,
): string {
  return JSON.stringify(record);
}

function parse<T extends z.ZodMiniType>(entry: Entry, shape: T): z.infer<T> {
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
  const parsed = z.safeParse(shape, json);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join(".") ?? "";
  throw new RecordError(key, `Cannot read a record as its field "${where}" is not as expected`, {
    repair: DAMAGED,
  });
}

function schemaOf(json: unknown): number | undefined {
  if (typeof json !== "object" || json === null || !("schema" in json)) return undefined;
  return typeof json.schema === "number" ? json.schema : undefined;
}

const DAMAGED =
  "Something other than kube-ipam wrote this key: look at it, and delete it together with the other keys of its attachment";
