/**
 * How this executable was made, from a file that `deno task compile` puts beside its main module. Only
 * `version` reads it: a call of the plugin knows nothing of it.
 *
 * @module
 */
import { isRecord } from "../cni/values.ts";
import { type PermissionSet, permissionsIn } from "./permission_set.ts";

/** The name of the file. */
export const BUILD_FILE = "build.json";

/** What the file holds. */
export interface Build {
  /** The commit of the sources, `-dirty` when they were changed since; `unknown` outside a checkout. */
  readonly commit: string;
  /** The networks that the permissions were baked for; none: they are the set `plugin` of `deno.json`. */
  readonly networks: readonly string[];
  /** What this executable may do. */
  readonly permissions: PermissionSet;
}

/**
 * Reads how this executable was made.
 *
 * @returns It; undefined where the program runs from its sources.
 */
export function readBuild(): Build | undefined {
  if (!Deno.build.standalone) return undefined;
  const value: unknown = JSON.parse(Deno.readTextFileSync(new URL(BUILD_FILE, Deno.mainModule)));
  if (isBuild(value)) return value;
  throw new TypeError(`Cannot read ${BUILD_FILE}: it is of another version`);
}

/**
 * Reads the permission set `plugin` from the `deno.json` beside the main module, which is `cli.ts`.
 *
 * @returns The set; undefined where this program may not read it.
 */
export function readSourcePermissions(): PermissionSet | undefined {
  const path = new URL("deno.json", Deno.mainModule);
  // Asked first, so that nobody at a terminal is.
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
  try {
    return permissionsIn(Deno.readTextFileSync(path), "plugin");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined; // it runs from a bundle, or inside of a test
    throw error;
  }
}

/** The file is our own: its form is that of the version that wrote it. */
function isBuild(value: unknown): value is Build {
  return isRecord(value) && typeof value.commit === "string" && Array.isArray(value.networks) &&
    isRecord(value.permissions);
}
