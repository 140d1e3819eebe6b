/**
 * Every key that kube-ipam writes, and nothing else that names one.
 *
 * All keys lie below `/kube-ipam/v1/<space>/`. Addresses and times are fixed-width hex, so that byte
 * order is address order and time order. Network and space names are checked by the CNI rules and need
 * no escaping; names from elsewhere (node, pod UID, owner) are percent-encoded.
 *
 * @module
 */
import { type Addr, type Family, fromHex, toHex } from "../net/addr.ts";
import type { Interval } from "../net/interval.ts";

/** What every key begins with. */
const ALL = "/kube-ipam/v1/";

/** Names one attachment: the pair (containerID, ifname) on a network. */
export interface AttachmentName {
  /** The network's name, from the netconf. */
  readonly network: string;
  /** CNI_CONTAINERID. */
  readonly containerId: string;
  /** CNI_IFNAME. */
  readonly ifName: string;
}

/** Bounds of a list or count: `from` included, `to` not. */
export interface Bounds {
  readonly from: string;
  readonly to: string;
}

/** What an `expiring/` key tells by itself. */
export interface ExpiringName {
  /** Moment from which the address may be given again, in milliseconds since the epoch. */
  readonly untilMs: number;
  readonly addr: Addr;
}

/** What a key says by itself. */
export interface KeyParts {
  /** The space that it belongs to. */
  readonly space: string;
  /** `addresses`, `attachments`, ... */
  readonly folder: string;
  /** What follows, percent-encoded as it stands there. */
  readonly names: readonly string[];
}

/** The bounds of everything that is kept, in all spaces. */
export function everythingBounds(): Bounds {
  return below(ALL);
}

/** Takes a key of {@linkcode everythingBounds} apart. */
export function partsOfKey(key: string): KeyParts {
  const [space = "", folder = "", ...names] = key.slice(ALL.length).split("/");
  return { space, folder, names };
}

/** The key of one address: whoever creates it holds the address. */
export function addressKey(space: string, addr: Addr): string {
  return `${root(space)}addresses/${addr.family}/${toHex(addr)}`;
}

/** The address that an {@linkcode addressKey} names. */
export function addressOfKey(key: string): Addr {
  return fromHex(lastSegment(key));
}

/** The bounds of the address keys of one interval of one family. */
export function addressBounds(space: string, family: Family, interval: Interval): Bounds {
  const last = addressKey(space, { family, value: interval.last });
  // A longer key that begins with `last` does not exist: hex names have a fixed width.
  return { from: addressKey(space, { family, value: interval.first }), to: `${last}0` };
}

/** The bounds of all {@linkcode addressKey}s of a space: IPv4 first, each family in address order. */
export function allAddressBounds(space: string): Bounds {
  return below(`${root(space)}addresses/`);
}

/** The key of one attachment's record. */
export function attachmentKey(space: string, name: AttachmentName): string {
  return `${root(space)}attachments/${name.network}/${name.containerId}/${name.ifName}`;
}

/** The key that lists an attachment under its node, for GC. */
export function nodeKey(
  space: string,
  name: AttachmentName & { readonly cluster: string; readonly node: string },
): string {
  return `${nodePrefix(space, name)}${name.containerId}/${name.ifName}`;
}

/** The bounds of all {@linkcode nodeKey}s of one node and network. */
export function nodeBounds(
  space: string,
  name: { readonly cluster: string; readonly node: string; readonly network: string },
): Bounds {
  return below(nodePrefix(space, name));
}

/** The attachment that a {@linkcode nodeKey} of this network names. */
export function attachmentOfNodeKey(key: string, network: string): AttachmentName {
  const [ifName = "", containerId = ""] = key.split("/").reverse();
  return { network, containerId, ifName };
}

/** The key under which a new sandbox of the same pod finds what the old one holds. */
export function podKey(
  space: string,
  name: {
    readonly cluster: string;
    readonly uid: string;
    readonly network: string;
    readonly ifName: string;
  },
): string {
  const { cluster, uid, network, ifName } = name;
  return `${root(space)}pods/${cluster}/${encodeURIComponent(uid)}/${network}/${ifName}`;
}

/** The bounds of all {@linkcode podKey}s of one pod. */
export function podBounds(
  space: string,
  { cluster, uid }: { readonly cluster: string; readonly uid: string },
): Bounds {
  return below(`${root(space)}pods/${cluster}/${encodeURIComponent(uid)}/`);
}

/** The key under which an owner's next pod finds the addresses of the last one. */
export function ownerKey(
  space: string,
  name: {
    readonly cluster: string;
    readonly network: string;
    readonly owner: { readonly namespace: string; readonly name: string };
    readonly ifName: string;
  },
): string {
  const { cluster, network, owner, ifName } = name;
  const who = `${encodeURIComponent(owner.namespace)}/${encodeURIComponent(owner.name)}`;
  return `${root(space)}owners/${cluster}/${network}/${who}/${ifName}`;
}

/** Names the attachment that a record speaks of. */
export function attachmentOfRecord(
  { network, containerID, ifname }: RecordNames & { readonly containerID: string },
): AttachmentName {
  return { network, containerId: containerID, ifName: ifname };
}

/** The key of the owner that a record names; undefined when it names none. */
export function ownerKeyOfRecord(
  space: string,
  { cluster, network, ifname, owner }: RecordNames & {
    readonly cluster: string;
    readonly owner?: { readonly namespace: string; readonly name: string } | undefined;
  },
): string | undefined {
  return owner && ownerKey(space, { cluster, network, owner, ifName: ifname });
}

/** What records call the network and the interface of an attachment. */
interface RecordNames {
  readonly network: string;
  readonly ifname: string;
}

/** The key of a cluster's record: which Kubernetes API speaks for it. */
export function clusterKey(space: string, cluster: string): string {
  return `${root(space)}clusters/${cluster}`;
}

/** The key of one cooling or timed-retained address, ordered by the moment it is free again. */
export function expiringKey(space: string, { untilMs, addr }: ExpiringName): string {
  return `${expiringPrefix(space, addr.family)}${momentOf(untilMs)}/${toHex(addr)}`;
}

/** The bounds of all {@linkcode expiringKey}s of one family, oldest first; with a moment, of those up to it. */
export function expiringBounds(space: string, family: Family, untilMs?: number): Bounds {
  const prefix = expiringPrefix(space, family);
  if (untilMs === undefined) return below(prefix);
  return { from: prefix, to: `${prefix}${momentOf(untilMs + 1)}` };
}

/** What an {@linkcode expiringKey} names. */
export function expiringOfKey(key: string): ExpiringName {
  const [hex = "", moment = ""] = key.split("/").reverse();
  return { untilMs: Number.parseInt(moment, 16), addr: fromHex(hex) };
}

/** The key of the last address given from one range set (`allocation: "sequential"`). */
export function cursorKey(space: string, network: string, set: number): string {
  return `${root(space)}cursor/${network}/${set}`;
}

/** The bounds of all {@linkcode networkKey}s of a space. */
export function networkBounds(space: string): Bounds {
  return below(`${root(space)}networks/`);
}

/** The key of a network's subnets and the hash of its ranges. */
export function networkKey(space: string, network: string): string {
  return `${root(space)}networks/${network}`;
}

function root(space: string): string {
  return `${ALL}${space}/`;
}

function nodePrefix(
  space: string,
  name: { readonly cluster: string; readonly node: string; readonly network: string },
): string {
  return `${root(space)}nodes/${name.cluster}/${encodeURIComponent(name.node)}/${name.network}/`;
}

/** Of a fixed width, so that the order of keys is that of moments. */
function momentOf(ms: number): string {
  return ms.toString(16).padStart(16, "0");
}

function expiringPrefix(space: string, family: Family): string {
  return `${root(space)}expiring/${family}/`;
}

/** `0` follows `/` in byte order, so it ends all keys below a prefix that ends in `/`. */
function below(prefix: string): Bounds {
  return { from: prefix, to: `${prefix.slice(0, -1)}0` };
}

function lastSegment(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}
