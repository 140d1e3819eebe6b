/** Histories for the tests of the checker, as a run would have recorded them. */
import type { Author, CallRecord, Change, History, PodNote } from "../../robustness/history.ts";
import {
  addressKey,
  attachmentKey,
  attachmentOfRecord,
  nodeKey,
  ownerKey,
  podKey,
} from "../../../lib/state/keys.ts";
import { formatRecord } from "../../../lib/state/record_text.ts";
import { type AttachmentRecord, SCHEMA } from "../../../lib/state/records.ts";
import { parseAddr } from "../../../lib/net/addr.ts";

/** A call of node `n1` of cluster `a` that succeeded, unless said otherwise. */
export function call(
  verb: CallRecord["verb"],
  containerId: string,
  options: Partial<CallRecord> & { readonly ip?: string } = {},
): CallRecord {
  const { ip, ...rest } = options;
  const address = { address: `${ip}/24`, gateway: "10.9.0.1" };
  return {
    verb,
    cluster: "a",
    node: "n1",
    attachment: { containerId, ifName: "eth0" },
    startMs: 0,
    endMs: 1,
    exit: 0,
    stdout: ip === undefined ? "" : JSON.stringify({ cniVersion: "1.1.0", ips: [address] }),
    stderr: "",
    ...rest,
  };
}

/** The record of an attachment of node `n1` of cluster `a`, unless said otherwise. */
export function attachment(
  containerID: string,
  ips: readonly string[],
  options: Partial<AttachmentRecord> = {},
): AttachmentRecord {
  return {
    schema: SCHEMA,
    cluster: "a",
    network: "robustnet",
    containerID,
    ifname: "eth0",
    node: "n1",
    nodeId: "0123456789abcdef",
    boot: "0123456789abcdef",
    since: 1,
    addresses: ips.map((ip) => ({ ip, prefixLength: 24, source: "range", cools: true })),
    ...options,
  };
}

type Keys = Change["keys"];

/** All keys that record an attachment. */
export function claimed(record: AttachmentRecord): Keys {
  const { addresses, ...holder } = record;
  const name = { ...record, ...attachmentOfRecord(record) };
  const value = formatRecord(record);
  const uid = record.pod?.uid;
  return [
    ...addresses.map((grant) => ({
      key: addressKey("default", parseAddr(grant.ip)),
      value: formatRecord({ ...holder, ...grant, state: "held" }),
    })),
    { key: attachmentKey("default", name), value },
    { key: nodeKey("default", name), value: "" },
    ...(uid === undefined ? [] : [{ key: podKey("default", { ...name, uid }), value }]),
  ];
}

/** The same keys, deleted. */
export function released(record: AttachmentRecord): Keys {
  return claimed(record).map(({ key }) => ({ key, value: undefined }));
}

/** The same keys, deleted; but the addresses and their owner are kept until then. */
export function retained(record: AttachmentRecord, until: number): Keys {
  const { addresses, cluster, network, ifname, owner, since, ...holder } = record;
  if (owner === undefined) throw new TypeError("Cannot keep addresses for nobody");
  const own = { cluster, network, ifname, owner, since };
  const kept = addresses.map(({ ip }) => ({ ip, rule: "3s", until }));
  const value = formatRecord({ schema: SCHEMA, ...own, state: "retained", addresses: kept });
  return [
    ...released(record).filter(({ key }) => !key.includes("/addresses/")),
    ...addresses.map((grant) => ({
      key: addressKey("default", parseAddr(grant.ip)),
      value: formatRecord({ ...holder, ...own, ...grant, state: "retained", until }),
    })),
    { key: ownerKey("default", { ...own, ifName: ifname }), value },
  ];
}

/** One change after the other, each a second after the last. */
export function changes(...all: readonly Keys[]): readonly Change[] {
  return all.map((keys, index) => ({ revision: index + 2, seenMs: (index + 1) * 1_000, keys }));
}

/** A pod of cluster `a`. */
export function pod(uid: string, options: Partial<PodNote> = {}): PodNote {
  return { uid, namespace: "default", name: uid, cluster: "a", ...options };
}

/** A whole history. */
export function history(
  parts: {
    readonly calls?: readonly CallRecord[];
    readonly pods?: readonly PodNote[];
    readonly changes?: readonly Change[];
    readonly authors?: readonly Author[];
  },
): History {
  const { calls = [], pods = [], changes = [], authors = [] } = parts;
  return { calls, changes, authors, pods: new Map(pods.map((one) => [one.uid, one])) };
}
