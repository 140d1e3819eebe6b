/**
 * The records that stand under the keys. Every one carries its schema.
 *
 * Times are milliseconds since the epoch. JSON keeps the specification's spelling of containerID and ifname.
 *
 * @module
 */

/** The schema this program reads and writes. */
export const SCHEMA = 1;

/** The pod of an attachment, as CNI_ARGS named it. Podman sends a name only. */
export interface PodRef {
  /** The pod's namespace. */
  readonly namespace?: string | undefined;
  /** The pod's name. */
  readonly name: string;
  /** The pod's UID: tells it from another pod of the same name. */
  readonly uid?: string | undefined;
}

/** For whom an address is kept when its pod is gone. */
export interface Owner {
  /** The namespace of the owner's pods. */
  readonly namespace: string;
  /** The name of a StatefulSet's pod, or what `kube-ipam.owner` says. */
  readonly name: string;
}

/** One address of an attachment. */
export interface Grant {
  /** The address, without prefix length. */
  readonly ip: string;
  /** The prefix length of its subnet. */
  readonly prefixLength: number;
  /** The gateway of its subnet. */
  readonly gateway?: string | undefined;
  /** What asked for it: `range` when chance or order did. */
  readonly source: string;
  /** It is of the random set, so it cools down when it is released. */
  readonly cools: boolean;
  /** How long it stays with the owner after the pod is gone: `forever`, `owner` or a duration; absent: not at all. */
  readonly rule?: string | undefined;
}

/** Who holds something, and since when. */
export interface HolderRecord {
  /** Always {@linkcode SCHEMA}. */
  readonly schema: typeof SCHEMA;
  /** The cluster: only its own records are judged or collected. */
  readonly cluster: string;
  /** The network's name. */
  readonly network: string;
  /** CNI_CONTAINERID. */
  readonly containerID: string;
  /** CNI_IFNAME. */
  readonly ifname: string;
  /** The node's name. */
  readonly node: string;
  /** The node's random id: tells it from another node of the same name. */
  readonly nodeId: string;
  /** The node's boot: its containers did not survive a later one. */
  readonly boot: string;
  /** The pod, if the runtime named one. */
  readonly pod?: PodRef | undefined;
  /** Fingerprint of the Kubernetes API that knows the pod: no other one can say that it is gone. */
  readonly authority?: string | undefined;
  /** For whom the addresses that have a rule are kept. */
  readonly owner?: Owner | undefined;
  /** When the record was written. */
  readonly since: number;
}

/** The record under `attachments/` and, the same, under `pods/`. */
export interface AttachmentRecord extends HolderRecord {
  /** One for each range set. */
  readonly addresses: readonly Grant[];
}

/** The record under `addresses/`. */
export interface AddressRecord extends HolderRecord, Grant {
  /** `held` by an attachment, `retained` for an owner, or `cooling` down. */
  readonly state: "held" | "retained" | "cooling";
  /** When it is free again. */
  readonly until?: number | undefined;
}

/** The record under `expiring/`. */
export interface ExpiringRecord {
  /** Always {@linkcode SCHEMA}. */
  readonly schema: typeof SCHEMA;
  /** The state of the address it stands for. */
  readonly state: "retained" | "cooling";
  /** The network that the address was given on. */
  readonly network: string;
  /** The owner's key, which goes with it. */
  readonly ownerKey?: string | undefined;
}

/** One address that an owner keeps. */
export interface OwnedAddress {
  /** The address. */
  readonly ip: string;
  /** As in {@linkcode Grant}. */
  readonly rule: string;
  /** When it is free again; absent while it is held, and when the rule has no end. */
  readonly until?: number | undefined;
}

/** The record under `owners/`: rewritten with every change of its addresses, so its revision is theirs. */
export interface OwnerRecord {
  /** Always {@linkcode SCHEMA}. */
  readonly schema: typeof SCHEMA;
  /** The cluster of the owner. */
  readonly cluster: string;
  /** As in {@linkcode HolderRecord}: tells the owner from one of the same name in another cluster. */
  readonly authority?: string | undefined;
  /** The network's name. */
  readonly network: string;
  /** CNI_IFNAME. */
  readonly ifname: string;
  /** Who it is. */
  readonly owner: Owner;
  /** Whether its pod holds the addresses now. */
  readonly state: "held" | "retained";
  /** At least one. */
  readonly addresses: readonly OwnedAddress[];
  /** When the record was written. */
  readonly since: number;
}

/** The record under `clusters/`. */
export interface ClusterRecord {
  /** Always {@linkcode SCHEMA}. */
  readonly schema: typeof SCHEMA;
  /** Fingerprints of the certificates that sign, or signed, the cluster's API. */
  readonly authorities: readonly string[];
  /** The node that wrote it. */
  readonly node: string;
  /** When it was written. */
  readonly since: number;
}

/** The record under `networks/`. */
export interface NetworkRecord {
  /** Always {@linkcode SCHEMA}. */
  readonly schema: typeof SCHEMA;
  /** The network's subnets. */
  readonly subnets: readonly string[];
  /** SHA-256 of its ranges, in hex. */
  readonly ranges: string;
  /** The node that wrote it. */
  readonly node: string;
  /** When it was written. */
  readonly since: number;
}
