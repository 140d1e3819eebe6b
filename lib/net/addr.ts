/**
 * IP addresses as values: a family and a number.
 *
 * The parser is strict on purpose. What some programs read as one address and others as another
 * (leading zeros, `0x`, three octets, zones, IPv4-mapped IPv6) is refused, never guessed.
 *
 * @module
 */
import { type Addr, type Family, readAddr } from "./_addr.ts";
import { formatIpv4 } from "./_ipv4.ts";
import { formatIpv6, hexDigit } from "./_ipv6.ts";
import { sourceOf, syntaxError } from "./_source.ts";

export type { Addr, Family } from "./_addr.ts";

/**
 * Returns how many bits an address of a family has.
 *
 * @param family The family
 * @returns 32 or 128
 *
 * @example Both families
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bitsOf } from "./addr.ts";
 *
 * assertEquals(bitsOf(4), 32);
 * assertEquals(bitsOf(6), 128);
 * ```
 */
export function bitsOf(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/**
 * Reads an address.
 *
 * IPv4 is four decimal octets without leading zeros; IPv6 is groups of one to four hex digits in
 * either case, with `::` at most once. There is no room for spaces, a zone, a prefix length or a
 * dotted tail.
 *
 * @param text The address, nothing before or after it
 * @returns The address
 * @throws {SyntaxError} If the text is not exactly one address, or is an IPv4-mapped one
 *
 * @example Both families
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseAddr } from "./addr.ts";
 *
 * assertEquals(parseAddr("10.188.0.216"), { family: 4, value: 0x0abc00d8n });
 * assertEquals(parseAddr("::1"), { family: 6, value: 1n });
 * ```
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc4291#section-2.2}
 */
export function parseAddr(text: string): Addr {
  return readAddr(sourceOf("address", text));
}

/**
 * Writes an address in its one canonical form.
 *
 * @param addr The address
 * @returns Dotted decimal for IPv4, the form of RFC 5952 for IPv6
 *
 * @example The shortest form
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatAddr, parseAddr } from "./addr.ts";
 *
 * assertEquals(formatAddr(parseAddr("2001:0DB8:0:0:1:0:0:1")), "2001:db8::1:0:0:1");
 * ```
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc5952#section-4}
 */
export function formatAddr(addr: Addr): string {
  return addr.family === 4 ? formatIpv4(Number(addr.value)) : formatIpv6(addr.value);
}

/**
 * Writes an address as hex digits of fixed width, so that byte order is address order.
 *
 * @param addr The address
 * @returns 8 digits for IPv4, 32 for IPv6, in lower case
 *
 * @example The last part of a key
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseAddr, toHex } from "./addr.ts";
 *
 * assertEquals(toHex(parseAddr("10.188.0.216")), "0abc00d8");
 * ```
 */
export function toHex(addr: Addr): string {
  return addr.value.toString(16).padStart(addr.family === 4 ? 8 : 32, "0");
}

/**
 * Reads an address that {@linkcode toHex} wrote; the number of digits tells the family.
 *
 * @param hex 8 or 32 hex digits
 * @returns The address
 * @throws {SyntaxError} If the text has another length or another character
 *
 * @example Out of a key
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatAddr, fromHex } from "./addr.ts";
 *
 * assertEquals(formatAddr(fromHex("0abc00d8")), "10.188.0.216");
 * ```
 */
export function fromHex(hex: string): Addr {
  const source = sourceOf("hex address", hex);
  if (hex.length !== 8 && hex.length !== 32) {
    throw syntaxError(source, {
      rule: "it must have 8 or 32 digits",
      at: Math.min(hex.length, 32),
    });
  }
  for (let at = 0; at < hex.length; at++) {
    if (hexDigit(hex.charCodeAt(at)) < 0) {
      throw syntaxError(source, { rule: "it must have hex digits only", at });
    }
  }
  return { family: hex.length === 8 ? 4 : 6, value: BigInt(`0x${hex}`) };
}

/**
 * Tells whether two addresses are the same.
 *
 * @param a One address
 * @param b The other address
 * @returns Whether family and value are equal
 *
 * @example Spelling does not matter
 * ```ts
 * import { assert, assertFalse } from "@std/assert";
 * import { equalAddr, parseAddr } from "./addr.ts";
 *
 * assert(equalAddr(parseAddr("::A"), parseAddr("0:0::a")));
 * assertFalse(equalAddr(parseAddr("0.0.0.1"), parseAddr("::1")));
 * ```
 */
export function equalAddr(a: Addr, b: Addr): boolean {
  return a.family === b.family && a.value === b.value;
}

/**
 * Orders addresses: IPv4 before IPv6, then by value.
 *
 * @param a One address
 * @param b The other address
 * @returns -1, 0 or 1, as `Array.prototype.sort` wants it
 *
 * @example Sorting
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compareAddr, formatAddr, parseAddr } from "./addr.ts";
 *
 * const sorted = ["::1", "10.0.0.10", "10.0.0.9"].map(parseAddr).sort(compareAddr);
 * assertEquals(sorted.map(formatAddr), ["10.0.0.9", "10.0.0.10", "::1"]);
 * ```
 */
export function compareAddr(a: Addr, b: Addr): number {
  if (a.family !== b.family) return a.family < b.family ? -1 : 1;
  if (a.value === b.value) return 0;
  return a.value < b.value ? -1 : 1;
}
