/**
 * Ranges of addresses as people write them in a list or an annotation.
 *
 * @module
 */
import { readAddr } from "./_addr.ts";
import { hostMask, readPrefix } from "./_prefix.ts";
import { sourceOf, syntaxError } from "./_source.ts";
import { type Family, formatAddr } from "./addr.ts";

/** Consecutive addresses of one family, both ends included. */
export interface AddrRange {
  /** IPv4 or IPv6. */
  readonly family: Family;
  /** The value of the lowest address. */
  readonly first: bigint;
  /** The value of the highest address, not below `first`. */
  readonly last: bigint;
}

/**
 * Reads one address, two addresses with `-` between them, or a prefix with all its addresses.
 *
 * @param text Such as `10.1.0.10`, `10.1.0.10-10.1.0.19` or `10.1.0.0/24`
 * @returns The range
 * @throws {SyntaxError} If the text is none of these, the ends are of two families or in the wrong
 * order, or the prefix has host bits
 *
 * @example Three spellings
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseRange } from "./range.ts";
 *
 * assertEquals(parseRange("10.0.0.0-10.0.0.3"), parseRange("10.0.0.0/30"));
 * assertEquals(parseRange("::7"), { family: 6, first: 7n, last: 7n });
 * ```
 */
export function parseRange(text: string): AddrRange {
  const source = sourceOf("range", text);
  const dash = text.indexOf("-");
  if (dash < 0) {
    const slash = text.indexOf("/");
    const { addr, length } = slash < 0
      ? { addr: readAddr(source), length: undefined }
      : readPrefix(source, slash);
    const last = length === undefined ? addr.value : addr.value | hostMask(addr.family, length);
    return { family: addr.family, first: addr.value, last };
  }
  const from = readAddr({ ...source, end: dash });
  const to = readAddr({ ...source, start: dash + 1 });
  if (from.family !== to.family) {
    throw syntaxError(source, { rule: "both ends must be of one family", at: dash + 1 });
  }
  if (from.value > to.value) {
    throw syntaxError(source, { rule: "the first address must not be above the last", at: 0 });
  }
  return { family: from.family, first: from.value, last: to.value };
}

/**
 * Writes a range.
 *
 * @param range The range
 * @returns The address, or both ends with `-` between them
 *
 * @example One address and several
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatRange, parseRange } from "./range.ts";
 *
 * assertEquals(formatRange(parseRange("10.0.0.5-10.0.0.5")), "10.0.0.5");
 * assertEquals(formatRange(parseRange("10.0.0.0/30")), "10.0.0.0-10.0.0.3");
 * ```
 */
export function formatRange(range: AddrRange): string {
  const { family, first, last } = range;
  const from = formatAddr({ family, value: first });
  return first === last ? from : `${from}-${formatAddr({ family, value: last })}`;
}
