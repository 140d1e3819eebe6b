/**
 * The JSON Schema of the `ipam` object, for editors. Nothing of it is loaded by the plugin.
 *
 * @module
 */
import * as z from "zod/mini";
import { ALLOCATIONS, ANNOTATIONS, DATASTORES, LOG_LEVELS, TRANSPORTS } from "./choices.ts";
import { isRecord } from "../cni/values.ts";
import type { Shape } from "../shape/shape.ts";
import { ipamShape } from "./shape.ts";

/** What is added to a key. */
interface Note {
  readonly description: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly string[];
  readonly anyOf?: readonly unknown[];
}

// By key; a key that has another meaning inside an object stands with that object before it.
const NOTES: Readonly<Record<string, Note>> = {
  type: { description: "Name of the IPAM plugin's binary", examples: ["kube-ipam"] },
  name: { description: "Of no effect; the network's name is the one at the top level" },
  subnet: { description: "Prefix of the network", examples: ["10.188.0.0/16", "fd00:188::/64"] },
  rangeStart: { description: "First address of the random range; default: .2 of the subnet" },
  rangeEnd: {
    description: "Last address of the random range; default: the last before broadcast, IPv6 ::ff",
  },
  gateway: {
    description: "Address of the router; default: .1 of the subnet, none for /31 and /32",
  },
  fixedStart: {
    description: "First address that is kept out of the random choice and may be asked for",
  },
  fixedEnd: {
    description: "Last address that is kept out of the random choice and may be asked for",
  },
  exclude: {
    description: "Never granted: addresses, prefixes, first-last",
    examples: [["10.188.0.50", "10.188.1.0/28", "10.188.0.60-10.188.0.69"]],
  },
  retain: {
    description: "How long an address stays with its owner after its pod is gone: none, forever, " +
      "owner (as long as the StatefulSet wants the pod) or a duration; in ipam for all ranges",
    default: "none",
    examples: ["none", "forever", "owner", "7d"],
  },
  ranges: { description: "Range sets: one address is taken of each, from any of its ranges" },
  routes: { description: "Routes of the container" },
  dst: { description: "Destination prefix", examples: ["0.0.0.0/0"] },
  gw: { description: "Next hop; default: the gateway of the family" },
  mtu: { description: "Path MTU in bytes" },
  advmss: { description: "Segment size to advertise, in bytes" },
  priority: { description: "Metric; lower is preferred" },
  table: { description: "Routing table" },
  scope: { description: "0 global, 253 link, 254 host" },
  resolvConf: { description: "File of the host that DNS settings are read from" },
  dns: { description: "DNS settings; they win over resolvConf, key by key" },
  nameservers: { description: "Addresses of name servers" },
  domain: { description: "Local domain" },
  search: { description: "Search list" },
  options: { description: "Options of the resolver" },
  etcdConfig: { description: "How etcd is reached" },
  etcdURL: {
    description: "Endpoints: a comma list or an array",
    examples: ["https://192.168.1.50:2379,https://192.168.1.58:2379"],
    anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }],
  },
  etcdCertFile: { description: "Client certificate, PEM" },
  etcdKeyFile: { description: "Key of the client certificate, PEM" },
  etcdTrustedCAFileFile: { description: "CA of the servers, PEM" },
  etcdTrustedCAFile: { description: "The same as etcdTrustedCAFileFile" },
  etcdUsername: { description: "User of etcd" },
  etcdPassword: { description: "Password of the user; better write etcdPasswordFile" },
  etcdPasswordFile: { description: "File that holds the password" },
  kubeConfig: {
    description: "kubeconfig file; may stand in ipam or in etcdConfig",
    default: "/etc/kubernetes/pki/kubectl.kubeconfig",
  },
  datastore: {
    description:
      "Where allocations are kept; default: etcd with etcdConfig, else sqlite (not under Kubernetes)",
    enum: DATASTORES,
  },
  annotations: {
    description: "Whether the pod is asked for a fixed address",
    default: "on",
    enum: ANNOTATIONS,
  },
  addressSpace: {
    description: "Networks of one space never hand out the same address",
    default: "default",
  },
  cluster: { description: "Name of the cluster, where several share a datastore" },
  nodeName: { description: "Name of the node; default: the host name" },
  allocation: { description: "How an address is chosen", default: "random", enum: ALLOCATIONS },
  fixedPolicy: {
    description: "Who may claim which fixed addresses, as an allow list; default: any pod any",
    examples: [[{ addresses: ["10.188.0.10-10.188.0.19"], namespaces: ["shop"] }]],
  },
  "fixedPolicy.ranges": { description: "The same as addresses" },
  addresses: { description: "What the rule speaks of: addresses, prefixes, first-last" },
  namespaces: { description: "Namespaces whose pods may claim them; * is all" },
  serviceAccounts: { description: "Service accounts whose pods may; default: all" },
  cooldown: { description: "Duration before a released address is used again", default: "30s" },
  gcGrace: { description: "Duration for which GC leaves new allocations alone", default: "0s" },
  statusOnOutage: {
    description: "Duration of an outage after which STATUS fails; default: never",
    examples: ["10m"],
  },
  statusOnExhaustion: {
    description: "Whether STATUS fails when no address is left",
    default: false,
  },
  strict: { description: "Whether unknown keys are mistakes", default: false },
  dataDir: {
    description: "Folder of the database and of node files",
    default: "/var/lib/cni/kube-ipam",
  },
  runDir: { description: "Folder that a boot empties", default: "/run/kube-ipam" },
  log: { description: "The log file" },
  file: { description: "Path of the log", default: "/var/log/kube-ipam.log" },
  level: { description: "Least level that is logged", default: "info", enum: LOG_LEVELS },
  maxSize: { description: "Size at which the log is renamed to .1", default: "10MB" },
  transport: { description: "How etcd is spoken to", default: "auto", enum: TRANSPORTS },
};

/**
 * Makes the schema of the `ipam` object.
 *
 * @returns A JSON Schema, draft 2020-12.
 */
export function netconfSchema(): object {
  const schema: unknown = z.toJSONSchema(toZod(ipamShape), { io: "output" });
  return { title: "kube-ipam: the ipam object of a network configuration", ...annotated(schema) };
}

/** The shape as a schema of zod. */
export function toZod(shape: Shape<unknown>): z.ZodMiniType {
  const { kind, element = shape, keys = {} } = shape;
  switch (kind) {
    case "text":
      return z.string();
    case "number":
      return z.number();
    case "flag":
      return z.boolean();
    case "any":
      return z.unknown();
    case "list":
      return z.array(toZod(element));
    case "object":
      return z.object(
        Object.fromEntries(
          Object.entries(keys).map(([key, inner]) => [key, z.optional(toZod(inner))]),
        ),
      );
  }
}

function annotated(schema: unknown, within = ""): Readonly<Record<string, unknown>> {
  if (!isRecord(schema)) return {};
  const { properties, items, ...rest } = schema;
  return {
    ...rest,
    ...(isRecord(items) ? { items: annotated(items, within) } : {}),
    ...(isRecord(properties)
      ? {
        properties: Object.fromEntries(
          Object.entries(properties).map(([key, value]) => [
            key,
            { ...annotated(value, key), ...(NOTES[`${within}.${key}`] ?? NOTES[key]) },
          ]),
        ),
      }
      : {}),
  };
}
