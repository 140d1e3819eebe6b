/**
 * Which datastore a netconf asks for, and which kubeconfig.
 *
 * @module
 */
import { DATASTORES, readChoice } from "./choices.ts";
import { DEFAULT_KUBECONFIG } from "./defaults.ts";
import type { EtcdConfig, SqliteConfig } from "./config.ts";
import { readEtcd } from "./etcd.ts";
import { readPath } from "./files.ts";
import type { Report } from "./mistakes.ts";
import type { RawIpam } from "./shape.ts";
import type { UnknownKey } from "./read_shape.ts";

/** Options of {@linkcode readDatastore}. */
export interface ReadDatastoreOptions {
  /** Where mistakes go. */
  readonly report: Report;
  /** The keys that nobody reads. */
  readonly unknown: readonly UnknownKey[];
  /** Whether Kubernetes calls. */
  readonly kubernetes: boolean;
}

/** What {@linkcode readDatastore} found. */
export interface Stores {
  /** Where allocations are kept. */
  readonly datastore: EtcdConfig | SqliteConfig;
  /** The kubeconfig file. */
  readonly kubeConfig: string;
}

const SQLITE: SqliteConfig = { kind: "sqlite" };

/**
 * Reads `datastore`, `etcdConfig` and `kubeConfig`.
 *
 * Without a datastore the default is SQLite, but not under Kubernetes, and not where a misspelt key
 * stands: either would give each node a pool of its own, and one address to two pods.
 *
 * @param ipam The `ipam` object.
 * @param options Where mistakes go, the unknown keys, and whether Kubernetes calls.
 * @returns The datastore and the kubeconfig.
 */
export function readDatastore(ipam: RawIpam, options: ReadDatastoreOptions): Stores {
  return { datastore: readStore(ipam, options), kubeConfig: readKubeConfig(ipam, options) };
}

function readStore(ipam: RawIpam, options: ReadDatastoreOptions): Stores["datastore"] {
  const { report, unknown } = options;
  const before = report.mistakes.length;
  const named = readChoice(ipam.datastore, {
    words: DATASTORES,
    path: "ipam.datastore",
    report,
  });
  const { etcdConfig } = ipam;
  if (etcdConfig !== undefined) {
    if (named === "sqlite") {
      report.mistakes.push({
        path: "ipam.datastore",
        what: '"sqlite" stands beside etcdConfig',
        repair: "Remove one of the two",
      });
    }
    const misspeltUrl = unknown.find(({ path, nearest }) =>
      path.startsWith("ipam.etcdConfig") && nearest === "etcdURL"
    )?.key;
    return readEtcd(etcdConfig, { transport: ipam.transport, report, misspeltUrl });
  }
  const isToldAlready = report.mistakes.length > before ||
    report.mistakes.some(({ path }) => path === "ipam.etcdConfig" || path === "ipam.datastore");
  if (isToldAlready || named === "sqlite") return SQLITE;
  tellMissing(named, options);
  return SQLITE;
}

function tellMissing(named: "etcd" | undefined, options: ReadDatastoreOptions): void {
  const { report, unknown, kubernetes } = options;
  const inIpam = unknown.filter(({ path }) => !/[.[]/.test(path.slice("ipam.".length)));
  const meant = inIpam.find(({ nearest }) => nearest === "etcdConfig" || nearest === "datastore");
  if (named === undefined && !kubernetes && meant === undefined) return;
  const others = inIpam.map(({ key }) => `"${key}"`).join(", ");
  report.mistakes.push({
    path: named === undefined ? "ipam" : "ipam.etcdConfig",
    what: named === undefined ? "no datastore is configured" : "is missing for this datastore",
    repair: meant !== undefined
      ? `Rename "${meant.key}": did you mean "${meant.nearest}"?`
      : `Write "etcdConfig": { "etcdURL": "https://192.168.1.50:2379" }${
        named === undefined ? ', or "datastore": "sqlite" for a pool of this node alone' : ""
      }${others === "" ? "" : ` (unknown keys here: ${others})`}`,
  });
}

function readKubeConfig(ipam: RawIpam, options: ReadDatastoreOptions): string {
  const { report, unknown } = options;
  const outer = readPath(ipam.kubeConfig, { path: "ipam.kubeConfig", report });
  const inner = readPath(ipam.etcdConfig?.kubeConfig, {
    path: "ipam.etcdConfig.kubeConfig",
    report,
  });
  if (outer !== undefined && inner !== undefined && outer !== inner) {
    report.warnings.push({
      path: "ipam.etcdConfig.kubeConfig",
      what: `${inner} is not used`,
      repair: `ipam.kubeConfig ${outer} comes first`,
    });
  }
  const meant = unknown.find(({ nearest }) => nearest === "kubeConfig");
  if (outer === undefined && inner === undefined && meant !== undefined) {
    report.mistakes.push({
      path: meant.path,
      what: "is not a known key, and kubeConfig is missing",
      repair: 'Did you mean "kubeConfig"?',
    });
  }
  return outer ?? inner ?? DEFAULT_KUBECONFIG;
}
