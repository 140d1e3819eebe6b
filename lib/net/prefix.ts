/**
 * Prefixes: a network address and the number of bits that name the network.
 *
 * @module
 */
import { readAddr } from "./_addr.ts";
import { readIpv4 } from "./_ipv4.ts";
import { hostMask, readAddrPrefix, readLength, readPrefix } from "./_prefix.ts";
import { sourceOf, syntaxError } from "./_source.ts";
import { type Addr, bitsOf, type Family, formatAddr } from "./addr.ts";

/** A network. */
export interface Prefix {
  /** IPv4 or IPv6. */
  readonly family: Family;
  /** The lowest address; no bit after `length` is set. */
  readonly network: bigint;
  /** Bits that name the network: 0 to 32 for IPv4, 0 to 128 for IPv6. */
  readonly length: number;
}

/**
 * Reads a prefix in CIDR notation.
 *
 * @param text Network address, `/` and length, such as `10.1.0.0/16`
 * @returns The prefix
 * @throws {SyntaxError} If the text is not exactly one prefix; with host bits, it names the network
 *
 * @example A network, and an address that is none
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { parsePrefix } from "./prefix.ts";
 *
 * assertEquals(parsePrefix("10.1.0.0/16"), { family: 4, network: 0x0a010000n, length: 16 });
 * assertThrows(() => parsePrefix("10.1.2.3/24"), SyntaxError, 'the network is "10.1.2.0/24"');
 * ```
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc4632#section-3.1}
 */
export function parsePrefix(text: string): Prefix {
  const source = sourceOf("prefix", text);
  const slash = text.indexOf("/");
  if (slash < 0) {
    readAddr(source);
    throw syntaxError(source, { rule: 'a prefix must have "/" and a length', at: text.length });
  }
  const { addr, length } = readPrefix(source, slash);
  return { family: addr.family, network: addr.value, length };
}

/**
 * Reads an address that may carry the length of its prefix.
 *
 * @param text An address, or an address, `/` and a length
 * @returns The address with its host bits; `length` is undefined where none was given
 * @throws {SyntaxError} If the text is neither
 *
 * @example With and without a length
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseAddrPrefix } from "./prefix.ts";
 *
 * assertEquals(parseAddrPrefix("10.1.0.5/24").length, 24);
 * assertEquals(parseAddrPrefix("10.1.0.5").length, undefined);
 * ```
 */
export function parseAddrPrefix(
  text: string,
): { readonly addr: Addr; readonly length: number | undefined } {
  const source = sourceOf("address", text);
  const slash = text.indexOf("/");
  return slash < 0 ? { addr: readAddr(source), length: undefined } : readAddrPrefix(source, slash);
}

/**
 * Reads a prefix length as people write it: a number, with or without `/`, or an IPv4 netmask.
 *
 * @param text Such as `16`, `/16` or `255.255.0.0`
 * @param family The family; a netmask is for IPv4 only
 * @returns The length in bits
 * @throws {SyntaxError} If the text is none of these, or the length is above the family's bits
 *
 * @example Three spellings
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parsePrefixLength } from "./prefix.ts";
 *
 * assertEquals(parsePrefixLength("255.255.0.0", 4), 16);
 * assertEquals(parsePrefixLength("/16", 4), 16);
 * assertEquals(parsePrefixLength("64", 6), 64);
 * ```
 */
export function parsePrefixLength(text: string, family: Family): number {
  const source = { ...sourceOf("prefix length", text), family };
  if (text.startsWith("/")) return readLength({ ...source, start: 1 });
  if (!text.includes(".")) return readLength(source);
  if (family === 6) throw syntaxError(source, { rule: "a netmask must be of IPv4", at: 0 });
  const hosts = ~readIpv4(source);
  // A netmask leaves ones at the end only, so one more carries through all of them.
  if ((hosts & (hosts + 1)) !== 0) {
    throw syntaxError(source, { rule: "a netmask must have all ones before all zeros", at: 0 });
  }
  return Math.clz32(hosts);
}

/**
 * Returns the network of an address; host bits are cleared.
 *
 * @param addr Any address of the network
 * @param length The prefix length in bits
 * @returns The prefix
 * @throws {RangeError} If the length is not a whole number from 0 to the bits of the family
 *
 * @example The network of an address
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseAddr } from "./addr.ts";
 * import { formatPrefix, prefixOf } from "./prefix.ts";
 *
 * assertEquals(formatPrefix(prefixOf(parseAddr("10.1.2.3"), 24)), "10.1.2.0/24");
 * ```
 */
export function prefixOf(addr: Addr, length: number): Prefix {
  const { family, value } = addr;
  if (!Number.isInteger(length) || length < 0 || length > bitsOf(family)) {
    const rule = `the length must be a whole number from 0 to ${bitsOf(family)}`;
    throw new RangeError(`Cannot make prefix as ${rule}: current value is ${length}`);
  }
  return { family, network: value & ~hostMask(family, length), length };
}

/**
 * Writes a prefix in CIDR notation.
 *
 * @param prefix The prefix
 * @returns Network address, `/` and length
 *
 * @example The canonical form
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatPrefix, parsePrefix } from "./prefix.ts";
 *
 * assertEquals(formatPrefix(parsePrefix("2001:0DB8::/32")), "2001:db8::/32");
 * ```
 */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddr({ family: prefix.family, value: prefix.network })}/${prefix.length}`;
}

/**
 * Returns the lowest address, which is the network address.
 *
 * @param prefix The prefix
 * @returns The value of the address
 *
 * @example The network address
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { firstOf, parsePrefix } from "./prefix.ts";
 *
 * assertEquals(firstOf(parsePrefix("10.0.0.0/30")), 0x0a000000n);
 * ```
 */
export function firstOf(prefix: Prefix): bigint {
  return prefix.network;
}

/**
 * Returns the highest address, which is the broadcast address of an IPv4 network.
 *
 * @param prefix The prefix
 * @returns The value of the address
 *
 * @example The broadcast address
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lastOf, parsePrefix } from "./prefix.ts";
 *
 * assertEquals(lastOf(parsePrefix("10.0.0.0/30")), 0x0a000003n);
 * ```
 */
export function lastOf(prefix: Prefix): bigint {
  return prefix.network | hostMask(prefix.family, prefix.length);
}

/**
 * Tells whether an address lies in a network, both ends included.
 *
 * @param prefix The network
 * @param addr The address
 * @returns Whether it does; never for another family
 *
 * @example Inside and outside
 * ```ts
 * import { assert, assertFalse } from "@std/assert";
 * import { parseAddr } from "./addr.ts";
 * import { contains, parsePrefix } from "./prefix.ts";
 *
 * assert(contains(parsePrefix("10.0.0.0/24"), parseAddr("10.0.0.255")));
 * assertFalse(contains(parsePrefix("10.0.0.0/24"), parseAddr("10.0.1.0")));
 * ```
 */
export function contains(prefix: Prefix, addr: Addr): boolean {
  return prefix.family === addr.family && addr.value >= firstOf(prefix) &&
    addr.value <= lastOf(prefix);
}

/**
 * Tells whether two networks have an address in common.
 *
 * @param a One network
 * @param b The other network
 * @returns Whether they do; never for different families
 *
 * @example One within the other
 * ```ts
 * import { assert, assertFalse } from "@std/assert";
 * import { overlaps, parsePrefix } from "./prefix.ts";
 *
 * assert(overlaps(parsePrefix("10.0.0.0/8"), parsePrefix("10.1.0.0/16")));
 * assertFalse(overlaps(parsePrefix("10.0.0.0/24"), parsePrefix("10.0.1.0/24")));
 * ```
 */
export function overlaps(a: Prefix, b: Prefix): boolean {
  return a.family === b.family && firstOf(a) <= lastOf(b) && firstOf(b) <= lastOf(a);
}
