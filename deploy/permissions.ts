/**
 * The permission sets of `deno.json`, as flags.
 *
 * @module
 */
import { type PermissionSet, permissionsIn } from "../lib/command/permission_set.ts";

export type { PermissionSet } from "../lib/command/permission_set.ts";

const CONFIG = new URL("../deno.json", import.meta.url);

/**
 * Reads a permission set of `deno.json`.
 *
 * @param name The name of the set.
 * @returns The set.
 * @throws {RangeError} If there is no such set.
 */
export async function readPermissions(name: string): Promise<PermissionSet> {
  return permissionsIn(await Deno.readTextFile(CONFIG), name);
}

/**
 * Formats a permission set as flags, for commands that run without `deno.json`.
 *
 * @param set The set.
 * @returns One flag for each kind of permission.
 */
export function permissionFlags(set: PermissionSet): readonly string[] {
  return Object.entries(set).flatMap(([kind, allowed]) => {
    if (allowed === true) return [`--allow-${kind}`];
    if (allowed === false || allowed.length === 0) return [];
    return [`--allow-${kind}=${allowed.join(",")}`];
  });
}
