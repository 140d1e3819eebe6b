/**
 * One netmask as people write it: dotted, or a prefix length with or without a slash.
 *
 * @module
 */
import type { Family } from "../../net/addr.ts";
import { parsePrefixLength } from "../../net/prefix.ts";

/** A netmask. */
export interface Netmask {
  /** The family of the addresses that it is for. */
  readonly family: Family;
  /** As a prefix length. */
  readonly length: number;
}

/**
 * Reads a netmask. A number that either family could have is of IPv4 while an IPv4 address waits for
 * one, else of IPv6.
 *
 * @param text Such as `255.255.0.0`, `16`, `/16` or `/64`.
 * @param open How many addresses of each family wait for a netmask; negative where there were too many.
 * @returns The family and the prefix length.
 * @throws {SyntaxError} If the text is none, or its ones are not all before its zeros.
 */
export function parseNetmask(text: string, open: Readonly<Record<Family, number>>): Netmask {
  const family = text.includes(".") ? 4 : familyOf(text, open);
  return { family, length: parsePrefixLength(text, family) };
}

function familyOf(text: string, open: Readonly<Record<Family, number>>): Family {
  const number = Number(text.startsWith("/") ? text.slice(1) : text);
  if (number > 32 || text.includes(":")) return 6;
  if (open[4] > 0) return 4;
  return open[6] > 0 ? 6 : 4;
}
