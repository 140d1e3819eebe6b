/**
 * The version of this program.
 *
 * @module
 */

/** Semantic version; the same as in `deno.json`, which a test compares. */
export const VERSION = "0.3.0";
