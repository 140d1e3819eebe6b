/**
 * What is wrong with a pod's annotations, collected so that a person sees all of it at once.
 *
 * @module
 */
import { CniError, CODES } from "../../cni/errors.ts";

/** An annotation that is set. */
export interface Annotation {
  /** Its key. */
  readonly key: string;
  /** Its value, without blanks around it; never empty. */
  readonly value: string;
}

/** One item of an annotation that is a list. */
export interface Item {
  /** The annotation. */
  readonly of: Annotation;
  /** Which item it is, from 1. */
  readonly at: number;
  /** The item, without blanks around it. */
  readonly text: string;
}

/** What was found so far: lines of text. */
export interface AnnotationReport {
  /** Code 103: an annotation cannot be read, or contradicts another. */
  readonly malformed: string[];
  /** Code 102: an address that no pod can have by annotation. */
  readonly outside: string[];
  /** What deserves a line in the log. */
  readonly warnings: string[];
}

/** What is wrong, and what to write instead. */
export interface Complaint {
  /** What is wrong. */
  readonly what: string;
  /** What to write instead. */
  readonly repair: string;
}

const SHOWN = 128;
const MOST_LINES = 8;

/**
 * Makes an empty report.
 *
 * @returns A report without lines.
 */
export function newAnnotationReport(): AnnotationReport {
  return { malformed: [], outside: [], warnings: [] };
}

/**
 * Writes a complaint as one line.
 *
 * @param place The annotation or the item that it is about.
 * @param complaint What is wrong, and what to write instead.
 * @returns `annotation <key> <value>, item <n>: <what>: <repair>`
 */
export function formatComplaint(place: Annotation | Item, { what, repair }: Complaint): string {
  const { key, value } = "of" in place ? place.of : place;
  const at = "of" in place ? `, item ${place.at}` : "";
  return `annotation ${showKey(key)} ${showText(value)}${at}: ${what}: ${repair}`;
}

/**
 * Puts a text of a user in double quotes: visible ASCII only, and not too much of it.
 *
 * @param text Any text.
 * @returns The quoted text, and how long the whole is where only a part is shown.
 */
export function showText(text: string): string {
  const shown = JSON.stringify(text.slice(0, SHOWN)).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return text.length > SHOWN ? `${shown}, the first ${SHOWN} of ${text.length} characters` : shown;
}

/**
 * Ends the call if something is wrong.
 *
 * @param report The report.
 * @throws {CniError} Code 103 if an annotation is malformed, else 102 if an address is outside.
 */
export function refuseAnnotations({ malformed, outside }: AnnotationReport): void {
  if (malformed.length > 0) {
    throw new CniError(CODES.annotation, "Cannot read the annotations of the pod", {
      details: joinLines(malformed),
    });
  }
  if (outside.length > 0) {
    throw new CniError(CODES.outside, "Cannot give the fixed address", {
      details: joinLines(outside),
    });
  }
}

function joinLines(lines: readonly string[]): string {
  const more = lines.length - MOST_LINES;
  return [...lines.slice(0, MOST_LINES), ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}

/** Keys are plain where Kubernetes took them; what a test or a proxy makes of them is not. */
function showKey(key: string): string {
  return /^[\w./-]{1,320}$/.test(key) ? key : showText(key);
}
