/**
 * `replay`: makes up for releases that this node owes, as its datastore was out of reach.
 *
 * @module
 */
import type { Config } from "../config/config.ts";
import { DEFAULT_DATA_DIR, DEFAULT_RUN_DIR } from "../config/defaults.ts";
import { DatastoreError } from "../datastore/datastore.ts";
import { openDatastore } from "../datastore/open.ts";
import { transact } from "../datastore/transact.ts";
import type { Io } from "../plugin/io.ts";
import { randomFraction } from "../plugin/random.ts";
import { exists, readText } from "../plugin/files.ts";
import { type Pending, PendingError, readPending } from "../plugin/pending/entry.ts";
import { listPending, listPlaces, sweepPending } from "../plugin/pending/files.ts";
import { replay as replayList, type Settled } from "../plugin/pending/replay.ts";
import { tell, tellError } from "./errors.ts";
import { readFlags, UsageError } from "./flags.ts";
import { readGivenConfig } from "./netconf.ts";
import { formatCell } from "./table.ts";

/** What `replay --help` prints. */
export const REPLAY_HELP =
  `kube-ipam replay: make up for releases that this node owes, as its datastore was out of reach

Usage:
  kube-ipam replay [--conf FILE]... [--data-dir DIR] [--json]

  --conf FILE     a network configuration (.conf or .conflist): what is owed on its network is released in its
                  datastore; without one, in the datastore that was out of reach, as far as that needs no password
  --data-dir DIR  where it was written down; default that of the configurations, else ${DEFAULT_DATA_DIR}
  --json          one JSON object for each release
  --help          print this text

Every later call of the plugin on the same network does this by itself; this is for a node that has none: run it
by a timer. Only what was recorded before the release is freed. Any number of these may run at once.
Exit code: 0 when nothing is owed any more; 1 when something is; 2 if the words are not understood.`;

const DEADLINE_MS = 10_000;
/** A file half-written for so long is nobody's, in milliseconds. */
const ABANDONED_MS = 3_600_000;

/**
 * Runs `replay`.
 *
 * @param args The words after `replay`.
 * @param io The process.
 * @returns The exit code.
 * @throws {UsageError} If the words are not understood.
 * @throws {CniError} If a configuration cannot be used.
 */
export async function replay(args: readonly string[], io: Io): Promise<number> {
  const { values, all, set, words } = readFlags(args, {
    command: "replay",
    flags: { conf: "value", "data-dir": "value", json: "none" },
  });
  if (words.length > 0) {
    throw new UsageError(
      `Cannot replay as replay takes flags only: current value is ${JSON.stringify(words[0])}`,
    );
  }
  const configs: Config[] = [];
  for (const conf of all.get("conf") ?? []) configs.push(await readGivenConfig(conf, io));
  for (const warning of configs.flatMap(({ warnings }) => warnings)) {
    tell(io, `warning: ${warning}`);
  }
  const given = values.get("data-dir");
  const used = configs.length === 0 ? [DEFAULT_DATA_DIR] : configs.map(({ dataDir }) => dataDir);
  const dataDirs = new Set(given === undefined ? used : [given]);
  let left = 0;
  for (const dataDir of dataDirs) {
    const { list, unreadable } = readAll(dataDir, io);
    left += unreadable;
    for (const group of groupsOf(list)) {
      left += await replayGroup(group, { dataDir, configs, io, json: set.has("json") });
    }
  }
  return left > 0 ? 1 : 0;
}

function readAll(
  dataDir: string,
  io: Io,
): { readonly list: readonly Pending[]; readonly unreadable: number } {
  const list: Pending[] = [];
  let unreadable = 0;
  for (const place of listPlaces(dataDir)) {
    sweepPending(place, io.now() - ABANDONED_MS);
    for (const file of listPending(place)) {
      try {
        const pending = readPending(file);
        if (pending !== undefined) list.push(pending);
      } catch (error) {
        if (!(error instanceof PendingError)) throw error;
        unreadable++;
        tell(io, error.message);
      }
    }
  }
  return { list, unreadable };
}

/** What is owed on one network of one datastore. */
function groupsOf(list: readonly Pending[]): readonly (readonly Pending[])[] {
  const groups = Map.groupBy(
    list,
    ({ space, name, datastore }) => JSON.stringify([space, name.network, datastore]),
  );
  return [...groups.values()];
}

async function replayGroup(
  group: readonly Pending[],
  options: {
    readonly dataDir: string;
    readonly configs: readonly Config[];
    readonly io: Io;
    readonly json: boolean;
  },
): Promise<number> {
  const { dataDir, configs, io, json } = options;
  const [first] = group;
  if (first === undefined) return 0;
  const { space, name: { network } } = first;
  const fitting = configs.filter((one) => one.space === space && one.network === network);
  const given = fitting.find((one) => one.dataDir === dataDir) ?? fitting[0];
  // What this directory owes, its own database holds, whatever a configuration says of another one.
  const config = { datastore: first.datastore, runDir: DEFAULT_RUN_DIR, ...given, dataDir };
  let owed = group.length;
  try {
    await refuseNewDatabase(config);
    await using store = await openDatastore(config, { random: randomFraction });
    const settled = replayList(group, {
      run: (plan) =>
        transact(store, plan, { signal: AbortSignal.timeout(DEADLINE_MS), random: io.random }),
      datastore: config.datastore,
      nodeId: readText(`${dataDir}/node-id`),
      now: io.now(),
    });
    for await (const one of settled) {
      if (one.left === undefined) owed -= one.covered;
      io.stdout(`${json ? jsonOf(one) : textOf(one)}\n`);
    }
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) throw error;
    const what = owed === 1 ? "1 release" : `${owed} releases`;
    tellError(io, error, `${what} on network "${network}" still owed`);
  }
  return owed;
}

/** Opening would make one, and nothing found in that proves anything. */
async function refuseNewDatabase(
  { datastore, dataDir }: Pick<Config, "datastore" | "dataDir">,
): Promise<void> {
  if (datastore.kind !== "sqlite") return;
  const { SQLITE_FILE } = await import("../datastore/sqlite.ts");
  const path = `${dataDir}/${SQLITE_FILE}`;
  if (exists(path)) return;
  throw new DatastoreError("storage", `Cannot find the database ${path}`, {
    repair: "Restore it; if it is gone for good, remove what is owed with it",
  });
}

function jsonOf({ pending, released, left }: Settled): string {
  const { space, name, since } = pending;
  return JSON.stringify({
    outcome: left === undefined ? released.kind : "owed",
    space,
    network: name.network,
    containerID: name.containerId,
    ifname: name.ifName,
    since: new Date(since).toISOString(),
    ips: ipsOf({ pending, released }),
    reason: left,
  });
}

function textOf(settled: Settled): string {
  const { pending: { name }, released, left } = settled;
  const what = `container ${formatCell(name.containerId)} (${
    formatCell(name.ifName)
  }) on network "${name.network}"`;
  if (left !== undefined) return `${what}: owed still, as ${left}`;
  switch (released.kind) {
    case "released":
      return `${what}: released ${ipsOf(settled).join(", ")}`;
    case "kept":
      return `${what}: nothing to release, as a newer container of this ID holds ${
        released.record.addresses.map(({ ip }) => ip).join(", ")
      }`;
    case "foreign":
      return `${what}: nothing to release, as it is held on node ${
        formatCell(released.record.node)
      }`;
    case "absent":
    case "waiting":
    case "unreadable":
      return `${what}: nothing to release`;
  }
}

function ipsOf({ released }: Pick<Settled, "pending" | "released">): readonly string[] {
  return released.kind === "released" ? released.record.addresses.map(({ ip }) => ip) : [];
}
