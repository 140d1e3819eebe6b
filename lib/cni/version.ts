/**
 * The versions of the CNI protocol, and which command exists since which of them.
 *
 * @see https://www.cni.dev/docs/spec/#version-considerations
 * @module
 */
import type { Command } from "./environment.ts";
import { show } from "./values.ts";
import { CniError, CODES } from "./errors.ts";

/** Every version of the protocol, oldest first. All of them are served. */
export const VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"] as const;

/** One of {@linkcode VERSIONS}. */
export type CniVersion = typeof VERSIONS[number];

/** A configuration without a version is of the time when there was but one. */
const UNSTATED: CniVersion = "0.1.0";

const NEWEST: CniVersion = "1.1.0";

/** The first version that has the command. */
const SINCE: Readonly<Record<Command, CniVersion>> = {
  ADD: "0.1.0",
  DEL: "0.1.0",
  VERSION: "0.1.0", // Nominally 0.2.0, but it is the question that finds the version out.
  CHECK: "0.4.0",
  GC: "1.1.0",
  STATUS: "1.1.0",
};

/**
 * Reads the `cniVersion` of a configuration.
 *
 * @param value The value as JSON gave it; absent and empty mean 0.1.0.
 * @returns The version, which must be exactly one of ours.
 * @throws {CniError} Code 1 if it is none of {@linkcode VERSIONS}.
 * @see https://www.cni.dev/docs/spec/#configuration-format
 */
export function parseVersion(value: unknown): CniVersion {
  if (value === undefined || value === "") return UNSTATED;
  const version = VERSIONS.find((known) => known === value);
  if (version !== undefined) return version;
  throw new CniError(CODES.incompatibleVersion, "Incompatible CNI versions", {
    details: `Cannot use this configuration as the plugin supports cniVersion ${
      VERSIONS.join(", ")
    }: current value is ${show(value)}`,
  });
}

/**
 * Compares two versions.
 *
 * @param version The version asked about.
 * @param least The oldest one that will do.
 * @returns Whether `version` is `least` or newer.
 */
export function atLeast(version: CniVersion, least: CniVersion): boolean {
  return VERSIONS.indexOf(version) >= VERSIONS.indexOf(least);
}

/**
 * Refuses a command that the version of the configuration does not know.
 *
 * @param command What the runtime asks for.
 * @param version The version of the configuration.
 * @throws {CniError} Code 1 for CHECK before 0.4.0, and for GC and STATUS before 1.1.0.
 * @see https://www.cni.dev/docs/spec/#cni-operations
 */
export function checkVerb(command: Command, version: CniVersion): void {
  const since = SINCE[command];
  if (atLeast(version, since)) return;
  throw new CniError(CODES.incompatibleVersion, `Version of the configuration has no ${command}`, {
    details: `Cannot serve ${command} as it exists since CNI ${since}: current value is ${
      show(version)
    }`,
  });
}

/**
 * Prints the answer to VERSION.
 *
 * @param asked The `cniVersion` on stdin, if there was one; it is echoed, whatever it is.
 * @returns One JSON object: `cniVersion` and `supportedVersions`.
 * @see https://www.cni.dev/docs/spec/#version-success
 */
export function formatVersions(asked: string | undefined): string {
  const cniVersion = asked === undefined || asked === "" ? NEWEST : asked;
  return JSON.stringify({ cniVersion, supportedVersions: VERSIONS });
}
