/**
 * Reading a prefix out of a part of a text.
 *
 * @module
 */
import { readAddr } from "./_addr.ts";
import { type Source, syntaxError } from "./_source.ts";
import { type Addr, bitsOf, type Family, formatAddr } from "./addr.ts";

/** A part of a text that holds a prefix length, for an address of a family. */
export interface LengthSource extends Source {
  /** The family that bounds the length. */
  readonly family: Family;
}

/** An address with a prefix length. */
export interface AddrLength {
  /** The address, host bits included. */
  readonly addr: Addr;
  /** The prefix length in bits. */
  readonly length: number;
}

/**
 * Reads an address, `/` and a prefix length.
 *
 * @param source The part of a text to read, all of it
 * @param slash Index of the `/` in the whole text
 * @returns Both
 * @throws {SyntaxError} If one of them cannot be read
 */
export function readAddrPrefix(source: Source, slash: number): AddrLength {
  const addr = readAddr({ ...source, end: slash });
  return { addr, length: readLength({ ...source, start: slash + 1, family: addr.family }) };
}

/**
 * Reads a prefix, which has zeros only after its length.
 *
 * @param source The part of a text to read, all of it
 * @param slash Index of the `/` in the whole text
 * @returns The address of the network, and the length
 * @throws {SyntaxError} If it cannot be read or has host bits
 */
export function readPrefix(source: Source, slash: number): AddrLength {
  const { addr, length } = readAddrPrefix(source, slash);
  const network = addr.value & ~hostMask(addr.family, length);
  if (network !== addr.value) {
    const right = `${formatAddr({ family: addr.family, value: network })}/${length}`;
    const rule = `a prefix must have no host bits, the network is "${right}"`;
    throw syntaxError(source, { rule, at: source.start });
  }
  return { addr, length };
}

/**
 * Reads a prefix length in decimal, without sign or leading zeros.
 *
 * @param source The part of a text to read, all of it, and the family
 * @returns The length in bits
 * @throws {SyntaxError} If it is no such number, or above the bits of the family
 */
export function readLength(source: LengthSource): number {
  const { text, start, end, family } = source;
  if (start === end) throw syntaxError(source, { rule: EMPTY, at: start });
  let length = 0;
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (!(digit >= 0 && digit <= 9)) throw syntaxError(source, { rule: DIGITS, at });
    if (length === 0 && at > start) throw syntaxError(source, { rule: LEADING, at: start });
    length = length * 10 + digit;
    if (length > bitsOf(family)) {
      const rule = `a prefix length of IPv${family} must not be above ${bitsOf(family)}`;
      throw syntaxError(source, { rule, at: start });
    }
  }
  return length;
}

/**
 * Returns the mask of the bits after a prefix length.
 *
 * @param family The family
 * @param length The prefix length in bits
 * @returns Ones where the host bits are
 */
export function hostMask(family: Family, length: number): bigint {
  return (1n << BigInt(bitsOf(family) - length)) - 1n;
}

const DIGITS = "a prefix length must have decimal digits only";
const EMPTY = "a prefix length must not be empty";
const LEADING = "a prefix length must not have a leading zero";
