/**
 * The text a parser reads, and the one shape of its complaint.
 *
 * A parser works on a part of the text, so that positions and the quoted value are those of what
 * the user wrote, also when an address is one end of a range.
 *
 * @module
 */

/** A part of a text, and what the whole is meant to be. */
export interface Source {
  /** What is parsed, for messages: "address", "prefix", ... */
  readonly what: string;
  /** The whole text as given. */
  readonly text: string;
  /** Where the part starts, from 0. */
  readonly start: number;
  /** Where the part ends, exclusive. */
  readonly end: number;
}

/** Which rule a text breaks, and where. */
export interface Breach {
  /** The rule, as a clause without a full stop. */
  readonly rule: string;
  /** Index into the whole text, from 0. */
  readonly at: number;
}

const SHOWN = 64;

/**
 * Makes a source of a whole text.
 *
 * @param what What is parsed, for messages
 * @param text The text
 * @returns The source from the first to the last character
 */
export function sourceOf(what: string, text: string): Source {
  return { what, text, start: 0, end: text.length };
}

/**
 * Makes the error that tells what was given, which rule it breaks and where.
 *
 * @param source What was parsed
 * @param breach The rule and the index
 * @returns The error, to be thrown by the caller
 */
export function syntaxError(source: Source, breach: Breach): SyntaxError {
  const { rule, at } = breach;
  const given = quote(source.text);
  return new SyntaxError(
    `Cannot parse ${source.what} as ${rule} (position ${at + 1}): current value is ${given}`,
  );
}

/**
 * Makes the error for a character that has no place in an address.
 *
 * @param source What was parsed
 * @param at Index of the character, from 0
 * @returns The error, to be thrown by the caller
 */
export function characterError(source: Source, at: number): SyntaxError {
  const point = source.text.codePointAt(at) ?? 0;
  return syntaxError(source, { rule: characterRule(String.fromCodePoint(point)), at });
}

/**
 * Puts a text in double quotes: at most 64 characters of it, all of them visible ASCII.
 *
 * @param text Any text
 * @returns The quoted text, and how long the whole is where only a part is shown
 */
export function quote(text: string): string {
  const shown = JSON.stringify(text.slice(0, SHOWN)).replace(/[^ -~]/g, escapeUnit);
  return text.length > SHOWN ? `${shown}, the first ${SHOWN} of ${text.length} characters` : shown;
}

function characterRule(character: string): string {
  switch (character) {
    case " ":
      return "an address must not contain a space";
    case "%":
      return "an address must not contain a zone";
    case "/":
      return "an address must not have a prefix length here";
    default:
      return `an address must not contain ${quote(character)} here`;
  }
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
