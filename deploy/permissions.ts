/**
 * The permission sets of `deno.json`, as flags.
 *
 * @module
 */

/** One permission set: `true` is everything, a list is these, an absent one is nothing. */
export type PermissionSet = Readonly<Record<string, boolean | readonly string[]>>;

const CONFIG = new URL("../deno.json", import.meta.url);

/**
 * Reads a permission set of `deno.json`.
 *
 * @param name The name of the set.
 * @returns The set.
 * @throws {RangeError} If there is no such set.
 */
export async function readPermissions(name: string): Promise<PermissionSet> {
  const text = await Deno.readTextFile(CONFIG);
  // Comments stand on lines of their own, so that a "//" in a value needs no parser.
  const config = JSON.parse(text.replaceAll(/^\s*\/\/.*$/gm, ""));
  const set = config.permissions?.[name];
  if (set === undefined) {
    throw new RangeError(
      `Cannot read permissions as deno.json must hold the set: current value is "${name}"`,
    );
  }
  return set;
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
