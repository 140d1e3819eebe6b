/**
 * What is made for `deno compile`.
 *
 * @module
 */

/** Files that `deno compile` takes. */
export interface Made {
  /** The name of the module to start with. */
  readonly entry: string;
  /** The names of files and folders beside it that it does not import. */
  readonly files: readonly string[];
}

/**
 * Flags of V8, for the rehearsal and for the executable: it refuses a cache made with others. Sparkplug
 * compiles what runs a few times, and a call ends before that pays.
 */
export const V8_FLAGS = "--v8-flags=--no-sparkplug";
