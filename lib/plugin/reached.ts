/**
 * Whether this node has reached a datastore since it was booted, since when it does not, and when it was last tried whether the
 * datastore takes writes: two small files for each datastore in the run directory, which a boot empties.
 *
 * @module
 */
import type { Config } from "../config/config.ts";
import { hashOf, removeSmall, writeSmall } from "../datastore/small_file.ts";
import { exists, readText } from "./files.ts";
import { runDirOf } from "./node.ts";

type Place = Pick<Config, "dataDir" | "runDir" | "cluster" | "nodeName" | "datastore">;

/** How long it counts that a datastore took writes, in milliseconds. */
const WRITABLE_MS = 60_000;

/** Tells whether any call reached the datastore since boot. */
export function hasReached(config: Place): boolean {
  return foldersOf(config).some((folder) => exists(`${folder}/ok`));
}

/**
 * Remembers that the datastore answered; ends an outage. Never fails.
 *
 * @param config Which datastore, and where the run directory is.
 * @param wroteMs When it was seen to take writes, in milliseconds since the epoch; absent if it was not tried.
 */
export function markReached(config: Place, wroteMs?: number): void {
  for (const folder of foldersOf(config)) {
    if (exists(`${folder}/outage`)) removeSmall(`${folder}/outage`);
    if (wroteMs === undefined && exists(`${folder}/ok`)) continue;
    writeSmall(`${folder}/ok`, wroteMs === undefined ? "" : String(wroteMs));
  }
}

/**
 * Tells whether it is time to try whether the datastore takes writes: during an outage, and once a minute.
 *
 * @param config Which datastore, and where the run directory is.
 * @param now Milliseconds since the epoch.
 * @returns Whether to try.
 */
export function isTrialDue(config: Place, now: number): boolean {
  const folders = foldersOf(config);
  if (folders.some((folder) => exists(`${folder}/outage`))) return true;
  return !folders.some((folder) => {
    const age = now - numberIn(`${folder}/ok`);
    return age >= 0 && age < WRITABLE_MS;
  });
}

/**
 * How long an outage lasts by now; begins one.
 *
 * @param config Which datastore, and where the run directory is.
 * @param now Milliseconds since the epoch.
 * @returns Milliseconds since the first failed STATUS after the last success.
 */
export function outageMs(config: Place, now: number): number {
  const folders = foldersOf(config);
  const known = folders.map((folder) => numberIn(`${folder}/outage`)).filter(Number.isFinite);
  if (known.length > 0) return Math.max(0, now - Math.min(...known));
  for (const folder of folders) writeSmall(`${folder}/outage`, String(now));
  return 0;
}

/** NaN where no number stands. */
function numberIn(path: string): number {
  return Number(readText(path) ?? Number.NaN);
}

/** One for each endpoint: a datastore stays the same one when an endpoint is added, and networks of one share what is known of it. */
function foldersOf(config: Place): readonly string[] {
  const { datastore, dataDir } = config;
  const where = datastore.kind === "etcd" ? datastore.endpoints : [dataDir];
  const runDir = runDirOf(config);
  return where.map((one) => `${runDir}/reached/${hashOf([datastore.kind, one])}`);
}
