/**
 * Reading IPv6 as RFC 4291 section 2.2 has it, and writing it as RFC 5952 wants it.
 *
 * One thing of RFC 4291 is left out on purpose: the dotted tail. An IPv4-mapped address would be a
 * second name for an IPv4 address, and an address with two names could get two owners.
 *
 * @module
 */
import { formatIpv4, readIpv4 } from "./_ipv4.ts";
import { characterError, type Source, syntaxError } from "./_source.ts";

const DOT = 0x2e;
const COLON = 0x3a;

/** What stood before the place that is read. */
interface Head {
  readonly groups: readonly number[];
  /** Number of groups before `::`, or -1. */
  readonly gap: number;
}

/**
 * Reads eight groups of hex digits, of which `::` may stand for one or more.
 *
 * @param source The part of a text to read, all of it
 * @returns The address as a number of 128 bits
 * @throws {SyntaxError} If the part is not such an address, or is an IPv4-mapped one
 */
export function readIpv6(source: Source): bigint {
  const { text, start, end } = source;
  const groups: number[] = [];
  let gap = -1;
  let gapAt = start;
  let at = start;
  if (text.charCodeAt(at) === COLON) {
    if (at + 1 === end || text.charCodeAt(at + 1) !== COLON) {
      throw syntaxError(source, { rule: EMPTY, at });
    }
    gap = 0;
    at += 2;
  }
  while (at < end) {
    if (groups.length === 8) throw syntaxError(source, { rule: EIGHT, at });
    const stop = endOfGroup(source, at);
    const next = stop < end ? text.charCodeAt(stop) : COLON;
    if (next === DOT && stop > at) throw dottedError({ ...source, start: at }, { groups, gap });
    if (next !== COLON) throw characterError(source, stop);
    if (stop === at) throw syntaxError(source, { rule: EMPTY, at });
    groups.push(groupOf(text, { from: at, to: stop }));
    if (stop === end) break;
    at = stop + 1;
    if (at === end) throw syntaxError(source, { rule: EMPTY, at });
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) throw syntaxError(source, { rule: ONCE, at: stop });
      gap = groups.length;
      gapAt = stop;
      at++;
    }
  }
  if (gap < 0 && groups.length < 8) throw syntaxError(source, { rule: EIGHT, at: end });
  if (gap >= 0 && groups.length === 8) throw syntaxError(source, { rule: STANDS, at: gapAt });
  const value = joinGroups({ groups, gap });
  if (value >> 32n === 0xffffn) throw mappedError(source, Number(value & 0xffff_ffffn));
  return value;
}

/**
 * Writes groups without leading zeros, in lower case, the longest run of two or more zero groups
 * (the first of equals) as `::`.
 *
 * @param value The address as a number of 128 bits
 * @returns The form of RFC 5952
 * @see {@link https://www.rfc-editor.org/rfc/rfc5952#section-4}
 */
export function formatIpv6(value: bigint): string {
  const hex = value.toString(16).padStart(32, "0");
  const groups: string[] = [];
  let gap = 0;
  let longest = 1;
  let run = 0;
  for (let at = 0; at < 32; at += 4) {
    const group = parseInt(hex.slice(at, at + 4), 16);
    groups.push(group.toString(16));
    run = group === 0 ? run + 1 : 0;
    if (run > longest) {
      longest = run;
      gap = groups.length - run;
    }
  }
  if (longest < 2) return groups.join(":");
  return `${groups.slice(0, gap).join(":")}::${groups.slice(gap + longest).join(":")}`;
}

/**
 * Tells what a character code is worth as a hex digit.
 *
 * @param code The UTF-16 unit
 * @returns 0 to 15, or -1 if it is no hex digit
 */
export function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Returns the index after the hex digits at `from`; a fifth digit is an error. */
function endOfGroup(source: Source, from: number): number {
  let at = from;
  while (at < source.end && hexDigit(source.text.charCodeAt(at)) >= 0) {
    if (at === from + 4) throw syntaxError(source, { rule: DIGITS, at: from });
    at++;
  }
  return at;
}

function groupOf(text: string, span: { readonly from: number; readonly to: number }): number {
  let group = 0;
  for (let at = span.from; at < span.to; at++) group = group * 16 + hexDigit(text.charCodeAt(at));
  return group;
}

function joinGroups({ groups, gap }: Head): bigint {
  let value = 0n;
  for (let index = 0; index < groups.length; index++) {
    if (index === gap) value <<= BigInt(16 * (8 - groups.length));
    value = value << 16n | BigInt(groups[index] ?? 0);
  }
  return gap === groups.length ? value << BigInt(16 * (8 - gap)) : value;
}

/** The error for a tail such as `10.0.0.1`; `source` starts at the tail. */
function dottedError(source: Source, { groups, gap }: Head): SyntaxError {
  const last = groups.length - 1;
  const mapped = groups[last] === 0xffff &&
    groups.every((group, index) => group === 0 || index === last) &&
    (gap < 0 ? last === 5 : gap <= last);
  if (mapped) return mappedError(source, readIpv4(source));
  return syntaxError(source, { rule: DOTTED, at: source.start });
}

function mappedError(source: Source, value: number): SyntaxError {
  const rule = `an IPv4-mapped address must be written as IPv4, "${formatIpv4(value)}"`;
  return syntaxError(source, { rule, at: source.start });
}

const DIGITS = "an IPv6 group must have at most four hex digits";
const DOTTED = "an IPv6 address must not end in dotted decimal";
const EIGHT = "an IPv6 address must have eight groups";
const EMPTY = "an IPv6 group must not be empty";
const ONCE = 'an IPv6 address must have "::" only once';
const STANDS = '"::" must stand for at least one group';
