/**
 * `version`: which kube-ipam this is, and what it may do.
 *
 * @module
 */
import { VERSIONS } from "../cni/version.ts";
import type { Io } from "../plugin/io.ts";
import { readBuild, readSourcePermissions } from "./build.ts";
import { readFlags, UsageError } from "./flags.ts";
import { formatPermissions, type PermissionSet } from "./permission_set.ts";
import { VERSION } from "./version.ts";

/** What `version --help` prints. */
export const VERSION_HELP = `kube-ipam version: print which kube-ipam this is, and what it may do

Usage:
  kube-ipam version [--json]

  --json  one JSON object
  --help  print this text

The permissions are those that the executable was compiled with; nothing at run time adds to them.
"deno task compile --conf FILE" makes one that has no more than the network of FILE needs.`;

interface Facts {
  readonly version: string;
  readonly cniVersions: readonly string[];
  readonly compiled: boolean;
  /** Of the sources that were compiled. */
  readonly commit: string | undefined;
  readonly target: string;
  readonly deno: string;
  /** Those that the permissions were baked for; none: they are the set `plugin`. */
  readonly networks: readonly string[];
  /** Undefined where they cannot be told. */
  readonly permissions: PermissionSet | undefined;
}

/**
 * Runs `version`.
 *
 * @param args The words after `version`.
 * @param io The process.
 * @returns The exit code.
 * @throws {UsageError} If the words are not understood.
 */
export function printVersion(args: readonly string[], io: Io): number {
  const { set, words } = readFlags(args, { command: "version", flags: { json: "none" } });
  if (words.length > 0) {
    throw new UsageError(
      `Cannot print the version as version takes flags only: current value is ${
        JSON.stringify(words.join(" "))
      }`,
    );
  }
  const facts = readFacts();
  io.stdout(`${set.has("json") ? JSON.stringify(facts) : formatFacts(facts)}\n`);
  return 0;
}

function readFacts(): Facts {
  const build = readBuild();
  return {
    version: VERSION,
    cniVersions: VERSIONS,
    compiled: build !== undefined,
    commit: build?.commit,
    target: Deno.build.target,
    deno: Deno.version.deno,
    networks: build?.networks ?? [],
    permissions: build === undefined ? readSourcePermissions() : build.permissions,
  };
}

function formatFacts(facts: Facts): string {
  const { version, cniVersions, compiled, commit, target, deno, permissions } = facts;
  return [
    `kube-ipam ${version}`,
    `CNI versions: ${cniVersions.join(", ")}`,
    `commit: ${compiled ? commit : "not compiled"}`,
    `target: ${target}`,
    `Deno: ${deno}`,
    `permissions: ${originOf(facts)}`,
    ...(permissions === undefined ? [] : [formatPermissions(permissions)]),
  ].join("\n");
}

function originOf({ compiled, networks }: Facts): string {
  if (networks.length > 0) {
    return `baked for ${networks.map((name) => JSON.stringify(name)).join(", ")}`;
  }
  const set = 'the set "plugin" of deno.json';
  return compiled ? set : `those given to Deno; compiled, ${set}`;
}
