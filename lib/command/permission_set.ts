/**
 * What a program may do, as Deno names it: the sets of `deno.json`, and those that are baked for one network. Pure.
 *
 * @module
 */

/** One permission set: `true` is everything, a list is these, an absent one is nothing. */
export type PermissionSet = Readonly<Record<string, boolean | readonly string[]>>;

/** The kinds that Deno knows, in the order in which they are shown. */
const KINDS = ["env", "sys", "net", "read", "write", "run", "ffi"];

/**
 * Takes a permission set out of the text of `deno.json`.
 *
 * @param text The whole file.
 * @param name The name of the set.
 * @returns The set.
 * @throws {RangeError} If there is no such set.
 */
export function permissionsIn(text: string, name: string): PermissionSet {
  // Comments stand on lines of their own, so that a "//" in a value needs no parser.
  const config = JSON.parse(text.replaceAll(/^\s*\/\/.*$/gm, ""));
  const set = config.permissions?.[name];
  if (set !== undefined) return set;
  throw new RangeError(
    `Cannot read permissions as deno.json must hold the set: current value is "${name}"`,
  );
}

/**
 * Formats a permission set for people.
 *
 * @param set The set.
 * @returns One line for each kind of permission, those without any included.
 */
export function formatPermissions(set: PermissionSet): string {
  const width = Math.max(...KINDS.map((kind) => kind.length));
  return KINDS.map((kind) => `  ${kind.padEnd(width)}  ${formatAllowed(set[kind])}`).join("\n");
}

function formatAllowed(allowed: PermissionSet[string] | undefined): string {
  if (allowed === true) return "all";
  if (allowed === undefined || allowed === false || allowed.length === 0) return "none";
  return allowed.join(", ");
}
