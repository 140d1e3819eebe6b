/**
 * Single values: names, durations, sizes, how long an address is retained.
 *
 * @module
 */
import { parseDuration, parseSize } from "./duration.ts";
import type { ReadPathOptions } from "./files.ts";
import { reasonOf } from "./mistakes.ts";
import { nearest } from "./nearest.ts";
import { parseRetain, type Retain, RETAIN_WORDS } from "./retain.ts";

// The rule for network names: these become parts of datastore keys, which are not escaped.
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,252}$/;
const LEAST_SIZE = 1_000;

/**
 * Reads a name that becomes a part of a key.
 *
 * @param text What is written; empty counts as absent.
 * @param options Where it stands, and where mistakes go.
 * @returns The name, or `undefined` when it is absent or wrong.
 */
export function readName(text: string | undefined, options: ReadPathOptions): string | undefined {
  if (text === undefined || text === "") return undefined;
  if (NAME.test(text)) return text;
  options.report.mistakes.push({
    path: options.path,
    what: `${JSON.stringify(text.slice(0, 64))} is not a name`,
    repair: 'Write letters, digits, "_", "." and "-", the first a letter or a digit',
  });
  return undefined;
}

/**
 * Reads a duration.
 *
 * @param text What is written; empty counts as absent.
 * @param options Where it stands, and where mistakes go.
 * @returns Milliseconds, or `undefined` when it is absent or wrong.
 */
export function readDuration(
  text: string | undefined,
  options: ReadPathOptions,
): number | undefined {
  return readBy(parseDuration, { text, ...options, repair: 'Write "30s", "5m" or "1h30m"' });
}

/**
 * Reads a size.
 *
 * @param text What is written; empty counts as absent.
 * @param options Where it stands, and where mistakes go.
 * @returns Bytes, at least 1000, or `undefined` when it is absent or wrong.
 */
export function readSize(text: string | undefined, options: ReadPathOptions): number | undefined {
  const size = readBy(parseSize, { text, ...options, repair: 'Write "10MB"' });
  if (size === undefined || size >= LEAST_SIZE) return size;
  options.report.mistakes.push({
    path: options.path,
    what: `${size} bytes are too few`,
    repair: 'Write "1KB" or more',
  });
  return undefined;
}

/**
 * Reads how long an address stays with its owner.
 *
 * @param text What is written; empty counts as absent.
 * @param options Where it stands, and where mistakes go.
 * @returns The rule, or `undefined` when it is absent or wrong.
 */
export function readRetain(text: string | undefined, options: ReadPathOptions): Retain | undefined {
  const near = text === undefined ? undefined : nearest(text, RETAIN_WORDS);
  const repair = near === undefined
    ? 'Write "none", "forever", "owner" or "7d"'
    : `Did you mean "${near}"?`;
  return readBy(parseRetain, { text, ...options, repair });
}

interface ReadByOptions extends ReadPathOptions {
  readonly text: string | undefined;
  readonly repair: string;
}

function readBy<T>(parse: (text: string) => T, options: ReadByOptions): T | undefined {
  const { text, path, report, repair } = options;
  if (text === undefined || text === "") return undefined;
  try {
    return parse(text);
  } catch (error) {
    report.mistakes.push({ path, what: reasonOf(error), repair });
    return undefined;
  }
}
