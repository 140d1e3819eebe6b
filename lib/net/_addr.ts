/**
 * Reading an address of either family out of a part of a text.
 *
 * @module
 */
import { readIpv4 } from "./_ipv4.ts";
import { readIpv6 } from "./_ipv6.ts";
import { type Source, syntaxError } from "./_source.ts";

/** The version of the Internet Protocol. */
export type Family = 4 | 6;

/** An IP address. */
export interface Addr {
  /** IPv4 or IPv6. */
  readonly family: Family;
  /** The address as an unsigned number: less than 2^32 for IPv4, 2^128 for IPv6. */
  readonly value: bigint;
}

const DOT = 0x2e;
const COLON = 0x3a;

/**
 * Reads an address; the first dot or colon tells the family.
 *
 * @param source The part of a text to read, all of it
 * @returns The address
 * @throws {SyntaxError} If the part is not exactly one address
 */
export function readAddr(source: Source): Addr {
  const { text, start, end } = source;
  if (start === end) throw syntaxError(source, { rule: "an address must not be empty", at: start });
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) return { family: 4, value: BigInt(readIpv4(source)) };
    if (code === COLON) return { family: 6, value: readIpv6(source) };
  }
  throw syntaxError(source, { rule: "an address must contain dots or colons", at: start });
}
