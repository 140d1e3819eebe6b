/**
 * The canonical form of a network configuration: what every later layer reads.
 *
 * @module
 */
import type { Addr, Family } from "../net/addr.ts";
import type { Intervals } from "../net/interval.ts";
import type { Prefix } from "../net/prefix.ts";
import type { CniVersion } from "../cni/version.ts";
import type { Dns, Route } from "../cni/result.ts";
import type { AddrRange } from "../net/range.ts";
import type { Retain } from "./retain.ts";

/** A network configuration as JSON holds it, its keys not yet looked at. */
export type Netconf = Readonly<Record<string, unknown>>;

/** Ranges of one family, of which one address is taken. */
export interface RangeSet {
  /** Of all its ranges. */
  readonly family: Family;
  /** In the order of the netconf. */
  readonly ranges: readonly Range[];
}

/** One range of a subnet. */
export interface Range {
  /** The subnet that the range is part of. */
  readonly subnet: Prefix;
  /** Never granted; undefined where the subnet has none. */
  readonly gateway: Addr | undefined;
  /** What random choice may grant. */
  readonly random: Intervals;
  /** What an annotation may name. */
  readonly fixed: Intervals;
  /** How long an address of it stays with its owner after its pod is gone. */
  readonly retain: Retain;
  /** Where the range stands in the netconf, for messages: `ipam.ranges[0][1]`. */
  readonly path: string;
}

/** An address that the runtime or the pod asks for. */
export interface Wish {
  /** Index in {@linkcode Config.sets}. */
  readonly set: number;
  /** Index in the set's ranges. */
  readonly range: number;
  /** Where it was asked for. */
  readonly source: "runtimeConfig" | "args" | "cniArgs" | "annotation";
  /** The address. */
  readonly addr: Addr;
  /** The prefix length that was asked for with it, if any. */
  readonly length: number | undefined;
  /** What the result says instead of the range's own prefix length and gateway. */
  readonly result?: ResultWish;
  /** As it was written. */
  readonly text: string;
  /** Where it was written: `runtimeConfig.ips[0]`. */
  readonly path: string;
}

/** What a pod wants its result to say instead of what its range says. */
export interface ResultWish {
  /** `kube-ipam.netmask`, as a prefix length. */
  readonly prefixLength?: number;
  /** `kube-ipam.gateway`. */
  readonly gateway?: Addr;
}

/** Addresses of which the pod asks for any free one: `kube-ipam.pool`. */
export interface PoolWish {
  /** Index in {@linkcode Config.sets}. */
  readonly set: number;
  /** For each range of the set, in order: its members that may be given. */
  readonly members: readonly Intervals[];
  /** What the result says instead of the range's own prefix length and gateway. */
  readonly result?: ResultWish;
  /** As it was written. */
  readonly text: string;
  /** Where it was written: `kube-ipam.pool`. */
  readonly path: string;
}

/** One rule of `ipam.fixedPolicy`: who may claim which fixed addresses. */
export interface PolicyRule {
  /** Where it stands in the netconf: `ipam.fixedPolicy[0]`. */
  readonly path: string;
  /** The addresses that it speaks of. */
  readonly addresses: readonly AddrRange[];
  /** Namespaces whose pods may claim them; `*` is all. */
  readonly namespaces: readonly string[];
  /** Service accounts whose pods may; undefined: all of the namespaces. */
  readonly serviceAccounts: readonly string[] | undefined;
}

/** How etcd is reached. */
export interface EtcdConfig {
  /** Tells it from the other datastores. */
  readonly kind: "etcd";
  /** `https://host:2379`: no path, no slash at the end. */
  readonly endpoints: readonly string[];
  /** Client certificate, PEM. */
  readonly certFile?: string;
  /** Its private key, PEM. */
  readonly keyFile?: string;
  /** Certificates of the authorities that sign the servers', PEM. */
  readonly caFile?: string;
  /** etcd user. */
  readonly username?: string;
  /** Its password; `passwordFile` is better. */
  readonly password?: string;
  /** A file that holds the password. */
  readonly passwordFile?: string;
  /** How etcd is spoken to. */
  readonly transport: "auto" | "gateway" | "grpc";
}

/** A database file in {@linkcode Config.dataDir}. */
export interface SqliteConfig {
  /** Tells it from the other datastores. */
  readonly kind: "sqlite";
}

/** How an address is chosen that nobody asked for. */
export type Allocation = "random" | "sequential" | "lowest" | "owner-hash";

/** Where and how much is logged. */
export interface LogConfig {
  /** The log file. */
  readonly file: string;
  /** The least urgent level that is written. */
  readonly level: "debug" | "info" | "warn" | "error";
  /** Size at which the file is renamed to `.1`. */
  readonly maxSizeBytes: number;
}

/** A network configuration, checked, with every default filled in. */
export interface Config {
  /** Of the netconf, and so of the result. */
  readonly cniVersion: CniVersion;
  /** The top-level `name`. */
  readonly network: string;
  /** `ipam.addressSpace`. */
  readonly space: string;
  /** `ipam.cluster`; undefined when the installer's file decides. */
  readonly cluster: string | undefined;
  /** `ipam.nodeName`; undefined when the installer's file or the host name decides. */
  readonly nodeName: string | undefined;
  /** One address is taken of each. */
  readonly sets: readonly RangeSet[];
  /** As they are written: an absent `gw` is the gateway of the address that is granted. */
  readonly routes: readonly Route[];
  /** From `ipam.dns` and `runtimeConfig.dns`: each key that is set wins over `resolvConf`. */
  readonly dns: Dns | undefined;
  /** Path of a resolv.conf to read DNS settings from. */
  readonly resolvConf: string | undefined;
  /** Reduced by precedence: at most one per set. */
  readonly wishes: readonly Wish[];
  /** Where allocations are kept. */
  readonly datastore: EtcdConfig | SqliteConfig;
  /** Path of the kubeconfig. */
  readonly kubeConfig: string;
  /** Whether the annotations of pods are honoured. */
  readonly annotations: "on" | "off";
  /** How an address is chosen that nobody asked for. */
  readonly allocation: Allocation;
  /** Who may claim which fixed addresses; undefined: everybody may claim any. */
  readonly fixedPolicy: readonly PolicyRule[] | undefined;
  /** How long a released address of the random set is not given again. */
  readonly cooldownMs: number;
  /** Age below which GC leaves a record alone. */
  readonly gcGraceMs: number;
  /** How long an outage lasts before STATUS fails; undefined: it never does. */
  readonly statusOnOutageMs: number | undefined;
  /** Whether STATUS fails when a range set is exhausted. */
  readonly statusOnExhaustion: boolean;
  /** Directory that survives a boot. */
  readonly dataDir: string;
  /** Directory that a boot empties. */
  readonly runDir: string;
  /** The log file and its limits. */
  readonly log: LogConfig;
  /** Unknown keys with the nearest known key, and whatever else deserves a line in the log. */
  readonly warnings: readonly string[];
}
