/**
 * Helpers for reading unknown JSON and for naming it in messages.
 *
 * @module
 */

/** Longer values are cut in messages, so that one bad input cannot fill a log. */
const MAX_SHOWN = 120;

/**
 * Tells whether a JSON value is an object and not an array.
 *
 * @param value What `JSON.parse` gave.
 * @returns Whether its keys can be read.
 */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Prints a value for a message: as JSON, and cut when it is long.
 *
 * @param value Any value.
 * @returns The text; strings stand in double quotes; what is undefined is absent.
 */
export function show(value: unknown): string {
  const text = toText(value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}...`;
}

function toText(value: unknown): string {
  try {
    return value === undefined ? "absent" : JSON.stringify(value) ?? String(value);
  } catch {
    // A cycle or a bigint: neither comes from JSON, but a message must never fail.
    return typeof value;
  }
}
