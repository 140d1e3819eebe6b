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
  return exists(okFile(config));
}

/**
 * Remembers that the datastore answered; ends an outage. Never fails.
 *
 * @param config Which datastore, and where the run directory is.
 * @param wroteMs When it was seen to take writes, in milliseconds since the epoch; absent if it was not tried.
 */
export function markReached(config: Place, wroteMs?: number): void {
  if (exists(outageFile(config))) removeSmall(outageFile(config));
  if (wroteMs === undefined && exists(okFile(config))) return;
  writeSmall(okFile(config), wroteMs === undefined ? "" : String(wroteMs));
}

/**
 * Tells whether it is time to try whether the datastore takes writes: during an outage, and once a minute.
 *
 * @param config Which datastore, and where the run directory is.
 * @param now Milliseconds since the epoch.
 * @returns Whether to try.
 */
export function isTrialDue(config: Place, now: number): boolean {
  if (exists(outageFile(config))) return true;
  const age = now - Number(readText(okFile(config)) ?? Number.NaN);
  return !(age >= 0 && age < WRITABLE_MS);
}

/**
 * How long an outage lasts by now; begins one.
 *
 * @param config Which datastore, and where the run directory is.
 * @param now Milliseconds since the epoch.
 * @returns Milliseconds since the first failed STATUS after the last success.
 */
export function outageMs(config: Place, now: number): number {
  const since = Number(readText(outageFile(config)) ?? Number.NaN);
  if (Number.isFinite(since)) return Math.max(0, now - since);
  writeSmall(outageFile(config), String(now));
  return 0;
}

function okFile(config: Place): string {
  return `${folderOf(config)}/ok`;
}

function outageFile(config: Place): string {
  return `${folderOf(config)}/outage`;
}

/** Networks of one datastore share it: what one of them reached, the others can reach. */
function folderOf(config: Place): string {
  const { datastore, dataDir } = config;
  const where = datastore.kind === "etcd" ? [...datastore.endpoints].sort() : [dataDir];
  return `${runDirOf(config)}/reached/${hashOf([datastore.kind, ...where])}`;
}
