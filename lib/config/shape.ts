/**
 * The shape of what kube-ipam reads of a netconf: which keys there are and of which JSON type.
 *
 * Only types are checked here; meaning is checked where a value is used. This runs in every call,
 * so it keeps to few kinds of schema (each kind costs its first construction), shares instances,
 * and leaves lists of allowed words to `choices.ts`. `schema.ts` adds these and the descriptions.
 *
 * @module
 */
import * as z from "./zod.ts";

const string = z.string();
const text = z.optional(string);
const texts = z.optional(z.array(string));
const flag = z.optional(z.boolean());
const number = z.optional(z.number());

const rangeKeys = {
  subnet: text,
  rangeStart: text,
  rangeEnd: text,
  gateway: text,
  fixedStart: text,
  fixedEnd: text,
  exclude: texts,
  retain: text,
};
const ranges = z.optional(z.array(z.array(z.object(rangeKeys))));

/** The `ipam` object. */
export const ipamShape = z.object({
  type: text,
  name: text,
  ...rangeKeys,
  ranges,
  routes: z.optional(z.array(z.object({
    dst: text,
    gw: text,
    mtu: number,
    advmss: number,
    priority: number,
    table: number,
    scope: number,
  }))),
  resolvConf: text,
  dns: z.optional(z.object({ nameservers: texts, domain: text, search: texts, options: texts })),
  etcdConfig: z.optional(z.object({
    etcdURL: z.optional(z.unknown()), // a comma list or an array: etcd.ts
    etcdCertFile: text,
    etcdKeyFile: text,
    etcdTrustedCAFileFile: text,
    etcdTrustedCAFile: text,
    etcdUsername: text,
    etcdPassword: text,
    etcdPasswordFile: text,
    kubeConfig: text,
    transport: text,
  })),
  kubeConfig: text,
  datastore: text,
  annotations: text,
  addressSpace: text,
  cluster: text,
  nodeName: text,
  allocation: text,
  fixedPolicy: z.optional(z.array(z.object({
    ranges: texts,
    addresses: texts,
    namespaces: texts,
    serviceAccounts: texts,
  }))),
  cooldown: text,
  gcGrace: text,
  statusOnOutage: text,
  statusOnExhaustion: flag,
  strict: flag,
  dataDir: text,
  runDir: text,
  log: z.optional(z.object({ file: text, level: text, maxSize: text })),
  transport: text,
});

/** The netconf, as far as it is read here; the runtime and the main plugin own the other keys. */
export const netconfShape = z.object({
  ipam: ipamShape,
  args: z.optional(z.object({ cni: z.optional(z.object({ ips: texts })) })),
  runtimeConfig: z.optional(z.object({
    ips: texts,
    ipRanges: ranges,
    dns: z.optional(z.object({
      nameservers: texts,
      servers: texts,
      domain: text,
      search: texts,
      searches: texts,
      options: texts,
    })),
  })),
});

/** A netconf whose values have the right types. */
export type RawNetconf = z.infer<typeof netconfShape>;
/** Its `ipam` object. */
export type RawIpam = RawNetconf["ipam"];
/** One range as it is written. */
export type RawRange = NonNullable<RawIpam["ranges"]>[number][number];
/** One route as it is written. */
export type RawRoute = NonNullable<RawIpam["routes"]>[number];
/** One rule of `fixedPolicy` as it is written. */
export type RawRule = NonNullable<RawIpam["fixedPolicy"]>[number];
/** `etcdConfig` as it is written. */
export type RawEtcd = NonNullable<RawIpam["etcdConfig"]>;
/** `runtimeConfig` as it is written. */
export type RawRuntime = NonNullable<RawNetconf["runtimeConfig"]>;
