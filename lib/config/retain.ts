/**
 * How long an address stays with its owner after its pod is gone: `retain`, in a netconf and in the annotation `kube-ipam.retain`.
 *
 * @module
 */
import { formatDuration, parseDuration } from "./duration.ts";

/** `none`, `forever`, `owner` (as long as the StatefulSet wants this pod), or a number of milliseconds. */
export type Retain = "none" | "forever" | "owner" | number;

/** The words of {@linkcode Retain}. */
export const RETAIN_WORDS = ["none", "forever", "owner"] as const;

/**
 * Reads a rule.
 *
 * @param text `none`, `forever`, `owner` or a duration such as `7d`.
 * @returns The rule; a duration in milliseconds, 0 as `none`.
 * @throws {SyntaxError} If the text is none of these.
 */
export function parseRetain(text: string): Retain {
  const word = RETAIN_WORDS.find((known) => known === text);
  if (word !== undefined) return word;
  try {
    return parseDuration(text) || "none";
  } catch {
    throw new SyntaxError(
      `Cannot read a rule as it must be "none", "forever", "owner" or a duration such as "7d": ` +
        `current value is ${JSON.stringify(text)}`,
    );
  }
}

/** Writes a rule so that {@linkcode parseRetain} reads it. */
export function formatRetain(retain: Retain): string {
  return typeof retain === "number" ? formatDuration(retain) : retain;
}
