/**
 * The records of the network and of the cluster: written when a network is first used on a node after boot or with a changed netconf,
 * and remembered in the run directory, so that later calls make no trip for them.
 *
 * @module
 */
import type { RangeSet } from "../config/config.ts";
import type { Datastore } from "../datastore/datastore.ts";
import { formatPrefix } from "../net/prefix.ts";
import { formatRange } from "../net/range.ts";
import { networkKey } from "../state/keys.ts";
import { SCHEMA } from "../state/records.ts";
import { formatRecord, parseNetwork, RecordError } from "../state/record_text.ts";
import type { Entry } from "../state/txn.ts";
import { sha256 } from "../tls/sha256.ts";
import type { Call } from "./call.ts";
import { readText, writeAtomically } from "./files.ts";
import { rememberCluster } from "./cluster.ts";
import { markReached } from "./reached.ts";

/** How long this courtesy may take, in milliseconds. */
const PATIENCE_MS = 1_000;

/**
 * Records the network's ranges, and compares them with what another node recorded.
 *
 * @param store The datastore.
 * @param options The call, the node's name and run directory, and the time in milliseconds since the epoch.
 * @returns Warnings for the log. It never fails: the addresses are granted already.
 */
export async function rememberNetwork(
  store: Datastore,
  options: {
    readonly call: Call;
    readonly node: string;
    readonly runDir: string;
    readonly cluster: string;
    /** Fingerprints of the API that the pod was read from. */
    readonly authorities: readonly string[];
    readonly now: number;
  },
): Promise<readonly string[]> {
  const { call: { config }, node, runDir, cluster, authorities, now } = options;
  const { space, network, sets, datastore } = config;
  const ranges = JSON.stringify(sets.map(describe));
  const memo = `${runDir}/networks/${space}/${network}`;
  const known = JSON.stringify([
    datastore.kind === "etcd" ? datastore.endpoints : "sqlite",
    ranges,
    cluster,
    authorities,
  ]);
  if (readText(memo) === known) return [];
  try {
    const signal = AbortSignal.any([options.call.signal, AbortSignal.timeout(PATIENCE_MS)]);
    const warnings = await record(store, {
      network,
      key: networkKey(space, network),
      value: {
        schema: SCHEMA,
        subnets: [
          ...new Set(sets.flatMap((set) => set.ranges.map((range) => formatPrefix(range.subnet)))),
        ],
        ranges: await sha256(ranges),
        node,
        since: now,
      },
      signal,
    });
    const strange = authorities.length === 0
      ? []
      : await rememberCluster(store, { space, cluster, authorities, node, now, signal });
    writeAtomically(memo, known, { replace: true });
    markReached(config);
    return [...warnings, ...strange];
  } catch (error) {
    return [`Cannot record the network: ${error instanceof Error ? error.message : error}`];
  }
}

async function record(
  store: Datastore,
  options: {
    readonly network: string;
    readonly key: string;
    readonly value: ReturnType<typeof parseNetwork>;
    readonly signal: AbortSignal;
  },
): Promise<readonly string[]> {
  const { network, key, value, signal } = options;
  const put = { kind: "put", key, value: formatRecord(value) } as const;
  const first = await store.commit({ guards: [{ kind: "absent", key }], writes: [put] }, {
    signal,
  });
  const entry = first.kind === "conflict" ? first.guarded[0] : undefined;
  if (entry === undefined) return [];
  const former = read(entry);
  if (former instanceof RecordError) {
    return [`Cannot compare the ranges of network "${network}": ${former.message} (${entry.key})`];
  }
  if (former.ranges === value.ranges) return [];
  const guard = { kind: "revision", key, revision: entry.revision } as const;
  await store.commit({ guards: [guard], writes: [put] }, { signal });
  if (former.node === value.node) return [];
  return [
    `The ranges of network "${network}" differ from those that node ${former.node} recorded ` +
    `at ${new Date(former.since).toISOString()}: give all nodes the same netconf`,
  ];
}

/** A record that cannot be read stays: a newer kube-ipam may have written it, and nothing is decided by it here. */
function read(entry: Entry): ReturnType<typeof parseNetwork> | RecordError {
  try {
    return parseNetwork(entry);
  } catch (error) {
    if (error instanceof RecordError) return error;
    throw error;
  }
}

function describe({ family, ranges }: RangeSet): readonly unknown[] {
  return ranges.map(({ subnet, gateway, random }) => [
    formatPrefix(subnet),
    gateway === undefined ? null : gateway.value.toString(16),
    random.map((span) => formatRange({ family, ...span })),
  ]);
}
