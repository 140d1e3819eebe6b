/**
 * Paths of files and folders.
 *
 * @module
 */
import { show } from "../cni/values.ts";
import type { Report } from "./mistakes.ts";

const SECRET = /password/i;

/** Where a value stands, and where mistakes go. */
export interface ReadPathOptions {
  /** Where it stands in the netconf. */
  readonly path: string;
  /** Where mistakes go. */
  readonly report: Report;
}

/**
 * Reads a path.
 *
 * @param value What is written; empty counts as absent.
 * @param options Where it stands, and where mistakes go.
 * @returns The path, or `undefined` when it is absent or wrong.
 */
export function readPath(value: unknown, options: ReadPathOptions): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  if (value.startsWith("/") && !value.includes("\0")) return value;
  options.report.mistakes.push({
    path: options.path,
    // Who writes the password itself there must not find it in the log.
    what: `${SECRET.test(options.path) ? "the value" : show(value)} is not an absolute path`,
    repair: "Write a path that begins with /: the runtime may start the plugin in any folder",
  });
  return undefined;
}
