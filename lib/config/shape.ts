/**
 * The shape of what kube-ipam reads of a netconf: which keys there are and of which JSON type.
 *
 * Only types are checked here; meaning is checked where a value is used, and lists of allowed words are in
 * `choices.ts`. `schema.ts` turns this into a JSON Schema and adds the descriptions.
 *
 * @module
 */
import { any, flag, list, number, object, text, type ValueOf } from "../shape/shape.ts";

const texts = list(text);

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
const ranges = list(list(object({}, rangeKeys)));

/** The `ipam` object. */
export const ipamShape = object({}, {
  type: text,
  name: text,
  ...rangeKeys,
  ranges,
  routes: list(object({}, {
    dst: text,
    gw: text,
    mtu: number,
    advmss: number,
    priority: number,
    table: number,
    scope: number,
  })),
  resolvConf: text,
  dns: object({}, { nameservers: texts, domain: text, search: texts, options: texts }),
  etcdConfig: object({}, {
    etcdURL: any, // a comma list or an array: etcd.ts
    etcdCertFile: text,
    etcdKeyFile: text,
    etcdTrustedCAFileFile: text,
    etcdTrustedCAFile: text,
    etcdUsername: text,
    etcdPassword: text,
    etcdPasswordFile: text,
    kubeConfig: text,
    transport: text,
  }),
  kubeConfig: text,
  datastore: text,
  annotations: text,
  addressSpace: text,
  cluster: text,
  nodeName: text,
  allocation: text,
  fixedPolicy: list(object({}, {
    ranges: texts,
    addresses: texts,
    namespaces: texts,
    serviceAccounts: texts,
  })),
  cooldown: text,
  gcGrace: text,
  statusOnOutage: text,
  statusOnExhaustion: flag,
  strict: flag,
  dataDir: text,
  runDir: text,
  log: object({}, { file: text, level: text, maxSize: text }),
  transport: text,
});

/** What is read of `args`. */
export const argsShape = object({}, { cni: object({}, { ips: texts }) });

/** What is read of `runtimeConfig`. */
export const runtimeShape = object({}, {
  ips: texts,
  ipRanges: ranges,
  dns: object({}, {
    nameservers: texts,
    servers: texts,
    domain: text,
    search: texts,
    searches: texts,
    options: texts,
  }),
});

/** The netconf, as far as it is read here, its values of the right types; the runtime and the main plugin own the other keys. */
export interface RawNetconf {
  readonly ipam: RawIpam;
  readonly args: ValueOf<typeof argsShape> | undefined;
  readonly runtimeConfig: RawRuntime | undefined;
}
/** Its `ipam` object. */
export type RawIpam = ValueOf<typeof ipamShape>;
/** One range as it is written. */
export type RawRange = NonNullable<RawIpam["ranges"]>[number][number];
/** One route as it is written. */
export type RawRoute = NonNullable<RawIpam["routes"]>[number];
/** One rule of `fixedPolicy` as it is written. */
export type RawRule = NonNullable<RawIpam["fixedPolicy"]>[number];
/** `etcdConfig` as it is written. */
export type RawEtcd = NonNullable<RawIpam["etcdConfig"]>;
/** `runtimeConfig` as it is written. */
export type RawRuntime = ValueOf<typeof runtimeShape>;
