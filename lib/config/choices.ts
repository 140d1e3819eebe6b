/**
 * Keys that take one of a few words.
 *
 * @module
 */
import { nearest } from "./nearest.ts";
import type { Report } from "./mistakes.ts";

/** Words of `ipam.datastore`. */
export const DATASTORES = ["etcd", "sqlite"] as const;
/** Words of `ipam.annotations`. */
export const ANNOTATIONS = ["on", "off"] as const;
/** Words of `ipam.allocation`. */
export const ALLOCATIONS = ["random", "sequential", "lowest", "owner-hash"] as const;
/** Words of `ipam.transport` and `ipam.etcdConfig.transport`. */
export const TRANSPORTS = ["auto", "gateway", "grpc"] as const;
/** Words of `ipam.log.level`. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** Options of {@linkcode readChoice}. */
export interface ReadChoiceOptions<T extends string> {
  /** The allowed words. */
  readonly words: readonly T[];
  /** Where it stands in the netconf. */
  readonly path: string;
  /** Where mistakes go. */
  readonly report: Report;
}

/**
 * Reads a word.
 *
 * @param text What is written; empty counts as absent.
 * @param options The allowed words, where the key stands, and where mistakes go.
 * @returns The word, or `undefined` when it is absent or wrong.
 */
export function readChoice<T extends string>(
  text: string | undefined,
  options: ReadChoiceOptions<T>,
): T | undefined {
  const { words, path, report } = options;
  if (text === undefined || text === "") return undefined;
  const word = words.find((known) => known === text);
  if (word !== undefined) return word;
  const near = nearest(text, words);
  report.mistakes.push({
    path,
    what: `${JSON.stringify(text)} is not known`,
    repair: near === undefined
      ? `Write one of ${words.map((known) => `"${known}"`).join(", ")}`
      : `Did you mean "${near}"?`,
  });
  return undefined;
}
