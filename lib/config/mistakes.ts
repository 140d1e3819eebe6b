/**
 * Mistakes of a configuration, collected so that a person sees all of them at once.
 *
 * @module
 */
import { CniError, CODES } from "../cni/errors.ts";
import type { PathPart } from "../shape/shape.ts";

/** One thing that is wrong, or odd, in a netconf. */
export interface Mistake {
  /** Where: `ipam.ranges[0][1].rangeEnd`. */
  readonly path: string;
  /** What is wrong, with the value. Never holds a secret. */
  readonly what: string;
  /** What to write instead. */
  readonly repair: string;
  /** Whether DEL fails of it too; by default its path decides. */
  readonly essential?: boolean;
}

/** Mistakes that one message tells: nobody corrects more at once. */
const SHOWN = 50;

/** What was found so far. */
export interface Report {
  /** What must be put right. */
  readonly mistakes: Mistake[];
  /** What deserves a line in the log. */
  readonly warnings: Mistake[];
}

// What DEL cannot do without: the datastore, the names in the keys, and the folders.
const ESSENTIAL =
  /^(?:name|ipam|ipam\.(?:datastore|etcdConfig(?!\.kubeConfig)|transport|addressSpace|cluster|nodeName|dataDir|runDir)(?:[.[].*)?)$/;

/**
 * Makes an empty report.
 *
 * @returns A report without mistakes and warnings.
 */
export function newReport(): Report {
  return { mistakes: [], warnings: [] };
}

/**
 * Writes a path as people read it.
 *
 * @param parts Keys and indexes, outermost first.
 * @returns `ipam.ranges[0][1].rangeEnd`; a key that is no identifier stands in brackets.
 */
export function formatPath(parts: readonly PathPart[]): string {
  let path = "";
  for (const part of parts) {
    if (typeof part === "number") path += `[${part}]`;
    else if (!/^[A-Za-z_][\w./-]*$/.test(part)) path += `[${JSON.stringify(part)}]`;
    else path += path === "" ? part : `.${part}`;
  }
  return path;
}

/**
 * Writes a mistake as one line.
 *
 * @param mistake The mistake.
 * @returns `<path>: <what is wrong>: <repair>`
 */
export function formatMistake(mistake: Mistake): string {
  return `${mistake.path}: ${mistake.what}: ${mistake.repair}`;
}

/**
 * Writes mistakes, or warnings, for people.
 *
 * @param mistakes What was found.
 * @returns One line each, as far as anybody reads them.
 */
export function formatMistakes(mistakes: readonly Mistake[]): readonly string[] {
  const lines = mistakes.slice(0, SHOWN).map(formatMistake);
  const more = mistakes.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

/**
 * Turns mistakes that DEL does not care about into warnings: a release needs neither ranges nor
 * wishes, so a netconf that was broken after the ADD must not leak an address.
 *
 * @param report The report, changed in place.
 */
export function forgive(report: Report): void {
  const found = report.mistakes.splice(0);
  for (const mistake of found) {
    const keep = mistake.essential ?? ESSENTIAL.test(mistake.path);
    (keep ? report.mistakes : report.warnings).push(mistake);
  }
}

/**
 * Ends the call if something is wrong.
 *
 * @param report The report.
 * @throws {CniError} Code 7 if there is a mistake; `details` has one line for each.
 */
export function refuseMistakes(report: Report): void {
  if (report.mistakes.length === 0) return;
  const details = formatMistakes(report.mistakes).join("\n");
  throw new CniError(CODES.invalidConfig, "Cannot use the network configuration", { details });
}

/**
 * Tells what went wrong while a text was parsed.
 *
 * @param error What was thrown.
 * @returns Its message.
 */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
