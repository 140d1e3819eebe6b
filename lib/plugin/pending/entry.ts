/**
 * A release that is owed, as its file holds it. No secret is among it.
 *
 * @module
 */
import type { Config, EtcdConfig } from "../../config/config.ts";
import type { Node } from "../../ipam/ownership.ts";
import {
  checked,
  type Fault,
  list,
  number,
  object,
  type Shape,
  text,
  word,
} from "../../shape/shape.ts";
import type { AttachmentName } from "../../state/keys.ts";
import { SCHEMA } from "../../state/records.ts";
import { readRegular } from "../../file/regular.ts";
import { type PendingFile, pendingName } from "./files.ts";

/** A release that is owed. */
export interface Pending {
  /** Its file. */
  readonly file: PendingFile;
  /** `ipam.addressSpace`. */
  readonly space: string;
  /** The attachment. */
  readonly name: AttachmentName;
  /** When the DEL was called, in milliseconds since the epoch: what was written later is not owed. */
  readonly since: number;
  /** Who owes it, as its records name it. */
  readonly node: Pick<Node, "cluster" | "node">;
  /** How long an address of the random set is not given again. */
  readonly cooldownMs: number;
  /** Where the attachment is recorded; without a password. */
  readonly datastore: Config["datastore"];
}

const etcd: Shape<Omit<EtcdConfig, "password">> = object({
  kind: word(["etcd"]),
  endpoints: list(text),
  transport: word(["auto", "gateway", "grpc"]),
}, { certFile: text, keyFile: text, caFile: text, username: text, passwordFile: text });

/** Half of what `Date` knows: the sum of two is a moment that a record may hold. */
const LAST_MOMENT = 4.32e15;
const moment = checked(number, (ms) => Number.isSafeInteger(ms) && 0 <= ms && ms <= LAST_MOMENT);

const entry = object({
  schema: number,
  space: text,
  network: text,
  containerID: text,
  ifname: text,
  since: moment,
  cluster: text,
  node: text,
  cooldownMs: moment,
  datastore: object({ kind: word(["etcd", "sqlite"]) }, {}),
}, {});

/** Thrown when a file of a release that is owed cannot be used. */
export class PendingError extends Error {
  /** Always `PendingError`. */
  override readonly name = "PendingError";
}

/** Writes an entry. The password of a user stays where it is. */
export function formatPending(
  { space, name, since, node, cooldownMs, datastore }: Omit<Pending, "file">,
): string {
  return JSON.stringify({
    schema: SCHEMA,
    space,
    network: name.network,
    containerID: name.containerId,
    ifname: name.ifName,
    since,
    cluster: node.cluster,
    node: node.node,
    cooldownMs,
    datastore: { ...datastore, password: undefined },
  });
}

/**
 * Reads the entry of a file.
 *
 * @param file The file.
 * @returns The entry; undefined when somebody removed it meanwhile.
 * @throws {PendingError} If it cannot be read, or a newer kube-ipam wrote it.
 */
export function readPending(file: PendingFile): Pending | undefined {
  const json = jsonOf(file);
  if (json === undefined) return undefined;
  refuseNewer(file, json);
  const faults: Fault[] = [];
  const place = { path: [], faults };
  const read = entry.read(json, place);
  const datastore = read?.datastore.kind === "etcd"
    ? etcd.read(Reflect.get(Object(json), "datastore"), place)
    : { kind: "sqlite" } as const;
  if (read === undefined || datastore === undefined || faults.length > 0) {
    const where = faults[0]?.path.join(".") ?? "";
    throw new PendingError(
      `Cannot use ${file.path} as its field "${where}" is not as expected: look at it, then remove it`,
    );
  }
  const { space, network, containerID, ifname, since, cluster, node, cooldownMs } = read;
  const name = { network, containerId: containerID, ifName: ifname };
  if (!file.path.endsWith(`/${pendingName({ space, network }, { attachment: name, since })}`)) {
    throw new PendingError(
      `Cannot use ${file.path} as it speaks of another release: look at it, then remove it`,
    );
  }
  return { file, space, name, since, node: { cluster, node }, cooldownMs, datastore };
}

/** Of whatever shape the rest is: another one may be why the schema went up. */
function refuseNewer({ path }: PendingFile, json: unknown): void {
  const schema: unknown = Reflect.get(Object(json), "schema");
  if (typeof schema !== "number" || schema <= SCHEMA) return;
  throw new PendingError(
    `Cannot use ${path} of schema ${schema} as this kube-ipam knows ${SCHEMA}: install a newer one`,
  );
}

function jsonOf({ path }: PendingFile): unknown {
  try {
    return JSON.parse(readRegular(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    const text = error instanceof SyntaxError ? "it is not JSON" : String(error);
    throw new PendingError(`Cannot use ${path} as ${text}: look at it, then remove it`);
  }
}
