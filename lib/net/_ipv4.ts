/**
 * Reading and writing IPv4 in dotted decimal.
 *
 * @module
 */
import { characterError, type Source, syntaxError } from "./_source.ts";

const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/**
 * Reads exactly four decimal octets.
 *
 * @param source The part of a text to read, all of it
 * @returns The address as an unsigned number of 32 bits
 * @throws {SyntaxError} If the part is anything but four octets without leading zeros
 */
export function readIpv4(source: Source): number {
  const { text, start, end } = source;
  let value = 0;
  let octets = 0;
  let octet = 0;
  let from = start;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (at === from) throw syntaxError(source, { rule: EMPTY, at });
      if (octets === 3) throw syntaxError(source, { rule: FOUR, at });
      value = value * 256 + octet;
      octets++;
      octet = 0;
      from = at + 1;
      continue;
    }
    if (code < ZERO || code > NINE) throw characterError(source, at);
    if (octet === 0 && at > from) throw syntaxError(source, { rule: LEADING, at: from });
    octet = octet * 10 + code - ZERO;
    if (octet > 255) throw syntaxError(source, { rule: LARGE, at: from });
  }
  if (from === end) throw syntaxError(source, { rule: EMPTY, at: end });
  if (octets < 3) throw syntaxError(source, { rule: FOUR, at: end });
  return value * 256 + octet;
}

/**
 * Writes four decimal octets.
 *
 * @param value The address as an unsigned number of 32 bits
 * @returns The dotted form
 */
export function formatIpv4(value: number): string {
  return `${value >>> 24}.${value >>> 16 & 255}.${value >>> 8 & 255}.${value & 255}`;
}

const EMPTY = "an IPv4 octet must not be empty";
const FOUR = "an IPv4 address must have four octets";
const LEADING = "an IPv4 octet must not have a leading zero";
const LARGE = "an IPv4 octet must not be above 255";
