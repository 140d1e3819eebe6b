/**
 * The words after `reconcile`.
 *
 * @module
 */
import { parseDuration } from "../../config/duration.ts";
import { DEFAULT_GRACE_MS, DEFAULT_MAX_FRACTION } from "../../ipam/reconcile/scope.ts";
import { confOf, readFlags, UsageError } from "../flags.ts";

/** What was asked for. */
export interface Asked {
  /** A path, or `-`. */
  readonly conf: string;
  readonly dryRun: boolean;
  readonly node: string | undefined;
  readonly json: boolean;
  readonly graceMs: number;
  /** 1 with `--yes`. */
  readonly maxFraction: number;
  /** A path, or `-`. */
  readonly running: string | undefined;
}

/**
 * Reads the words after `reconcile`.
 *
 * @param args The words.
 * @returns What was asked for.
 * @throws {UsageError} If they are not understood.
 */
export function readAsked(args: readonly string[]): Asked {
  const flags = readFlags(args, {
    command: "reconcile",
    flags: {
      "conf": "value",
      "dry-run": "none",
      "node": "value",
      "json": "none",
      "grace": "value",
      "max-fraction": "value",
      "yes": "none",
      "running": "value",
    },
  });
  const { values, set, words } = flags;
  if (words.length > 0) {
    throw new UsageError(
      `Cannot reconcile as reconcile takes flags only: current value is ${
        JSON.stringify(words[0])
      }`,
    );
  }
  const conf = confOf(flags, "reconcile");
  const running = values.get("running");
  if (conf === "-" && running === "-") {
    throw new UsageError(
      "Cannot read stdin twice as --conf and --running are both -: write the containers to a file below ipam.dataDir",
    );
  }
  return {
    conf,
    dryRun: set.has("dry-run"),
    node: values.get("node"),
    json: set.has("json"),
    graceMs: graceOf(values.get("grace")),
    maxFraction: set.has("yes") ? 1 : fractionOf(values.get("max-fraction")),
    running,
  };
}

function graceOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_GRACE_MS;
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`--grace: ${error.message}`);
    throw error;
  }
}

function fractionOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_MAX_FRACTION;
  const fraction = Number(text);
  if (/^\d*\.?\d+$/.test(text) && fraction >= 0 && fraction <= 1) return fraction;
  throw new UsageError(
    `Cannot reconcile as --max-fraction must be a number from 0 to 1: current value is ${
      JSON.stringify(text)
    }`,
  );
}
