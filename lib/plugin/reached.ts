/**
 * Whether this node has reached its datastore since it was booted, and since when it does not: two files in the run directory,
 * which a boot empties.
 *
 * @module
 */
import type { Config } from "../config/config.ts";
import { removeSmall, writeSmall } from "../datastore/small_file.ts";
import { exists, readText } from "./files.ts";
import { runDirOf } from "./node.ts";

type Directories = Pick<Config, "dataDir" | "runDir" | "cluster" | "nodeName">;

/** Tells whether any call reached the datastore since boot. */
export function hasReached(config: Directories): boolean {
  return exists(okFile(config));
}

/** Remembers that the datastore answered; ends an outage. Never fails. */
export function markReached(config: Directories): void {
  if (exists(outageFile(config))) removeSmall(outageFile(config));
  if (exists(okFile(config))) return;
  writeSmall(okFile(config), "");
}

/**
 * How long an outage lasts by now; begins one.
 *
 * @param config Where the run directory is.
 * @param now Milliseconds since the epoch.
 * @returns Milliseconds since the first failed STATUS after the last success.
 */
export function outageMs(config: Directories, now: number): number {
  const since = Number(readText(outageFile(config)) ?? Number.NaN);
  if (Number.isFinite(since)) return Math.max(0, now - since);
  writeSmall(outageFile(config), String(now));
  return 0;
}

function okFile(config: Directories): string {
  return `${runDirOf(config)}/ok`;
}

function outageFile(config: Directories): string {
  return `${runDirOf(config)}/outage`;
}
