import { assertEquals, assertThrows } from "@std/assert";
import { parseAddr } from "../../../lib/net/addr.ts";

interface Refused {
  readonly text: string;
  readonly rule: string;
  /** From 1, in UTF-16 units. */
  readonly position: number;
  /** The text as the message shows it, where that is not the text in double quotes. */
  readonly shown?: string;
}

const V4_EMPTY = "an IPv4 octet must not be empty";
const V4_FOUR = "an IPv4 address must have four octets";
const V4_LEADING = "an IPv4 octet must not have a leading zero";
const V4_LARGE = "an IPv4 octet must not be above 255";
const V6_DIGITS = "an IPv6 group must have at most four hex digits";
const V6_DOTTED = "an IPv6 address must not end in dotted decimal";
const V6_EIGHT = "an IPv6 address must have eight groups";
const V6_EMPTY = "an IPv6 group must not be empty";
const V6_ONCE = 'an IPv6 address must have "::" only once';
const V6_STANDS = '"::" must stand for at least one group';
const NO_FAMILY = "an address must contain dots or colons";
const SPACE = "an address must not contain a space";
const ZONE = "an address must not contain a zone";
const LENGTH = "an address must not have a prefix length here";

function mapped(ipv4: string): string {
  return `an IPv4-mapped address must be written as IPv4, "${ipv4}"`;
}

function has(character: string): string {
  return `an address must not contain "${character}" here`;
}

const REFUSED: readonly Refused[] = [
  // neither family
  { text: "", rule: "an address must not be empty", position: 1 },
  { text: " ", rule: NO_FAMILY, position: 1 },
  { text: "0", rule: NO_FAMILY, position: 1 },
  { text: "167772161", rule: NO_FAMILY, position: 1 },
  { text: "0x0a000001", rule: NO_FAMILY, position: 1 },
  { text: "localhost", rule: NO_FAMILY, position: 1 },
  { text: "fe80", rule: NO_FAMILY, position: 1 },
  { text: "1-2", rule: NO_FAMILY, position: 1 },
  { text: "%eth0", rule: NO_FAMILY, position: 1 },

  // IPv4: number of octets
  { text: "1.2", rule: V4_FOUR, position: 4 },
  { text: "1.2.3", rule: V4_FOUR, position: 6 },
  { text: "1.2.3.4.5", rule: V4_FOUR, position: 8 },
  { text: "1.2.3.4.", rule: V4_FOUR, position: 8 },
  { text: ".", rule: V4_EMPTY, position: 1 },
  { text: "...", rule: V4_EMPTY, position: 1 },
  { text: ".1.2.3", rule: V4_EMPTY, position: 1 },
  { text: "1..2.3", rule: V4_EMPTY, position: 3 },
  { text: "1.2.3.", rule: V4_EMPTY, position: 7 },

  // IPv4: octets that others read as octal, hex, or modulo 256
  { text: "010.0.0.1", rule: V4_LEADING, position: 1 },
  { text: "10.01.2.3", rule: V4_LEADING, position: 4 },
  { text: "10.0.0.00", rule: V4_LEADING, position: 8 },
  { text: "10.0.0.000", rule: V4_LEADING, position: 8 },
  { text: "10.0.0.256", rule: V4_LARGE, position: 8 },
  { text: "999.0.0.1", rule: V4_LARGE, position: 1 },
  { text: "1.2.3.4294967296", rule: V4_LARGE, position: 7 },
  { text: "0x0a.0.0.1", rule: has("x"), position: 2 },
  { text: "0xa.0xb.0xc.0xd", rule: has("x"), position: 2 },
  { text: "a.b.c.d", rule: has("a"), position: 1 },
  { text: "-1.2.3.4", rule: has("-"), position: 1 },
  { text: "+1.2.3.4", rule: has("+"), position: 1 },
  { text: "1e1.2.3.4", rule: has("e"), position: 2 },
  { text: "1_0.2.3.4", rule: has("_"), position: 2 },

  // IPv4: text around it
  { text: " 10.0.0.1", rule: SPACE, position: 1 },
  { text: "10.0.0.1 ", rule: SPACE, position: 9 },
  { text: "10. 0.0.1", rule: SPACE, position: 4 },
  { text: "10.0.0.1\n", rule: has("\\n"), position: 9, shown: '"10.0.0.1\\n"' },
  { text: "\t10.0.0.1", rule: has("\\t"), position: 1, shown: '"\\t10.0.0.1"' },
  { text: "10.0.0.1\0", rule: has("\\u0000"), position: 9, shown: '"10.0.0.1\\u0000"' },
  { text: "10.0.0.1/24", rule: LENGTH, position: 9 },
  { text: "10.0.0.1:80", rule: has(":"), position: 9 },
  { text: "10.0.0.1%eth0", rule: ZONE, position: 9 },
  { text: "10.0.0.1,10.0.0.2", rule: has(","), position: 9 },
  { text: "10.0.0.1-10.0.0.2", rule: has("-"), position: 9 },
  { text: '"10.0.0.1"', rule: has('\\"'), position: 1, shown: '"\\"10.0.0.1\\""' },
  { text: "10.0.0.1.example.org", rule: V4_FOUR, position: 9 },

  // digits and dots that only look like ASCII
  { text: "\uff11.2.3.4", rule: has("\\uff11"), position: 1, shown: '"\\uff11.2.3.4"' },
  { text: "1.2.3.\u0664", rule: has("\\u0664"), position: 7, shown: '"1.2.3.\\u0664"' },
  { text: "1.2.3.\u00b2", rule: has("\\u00b2"), position: 7, shown: '"1.2.3.\\u00b2"' },
  { text: "1.2.3\u30024", rule: has("\\u3002"), position: 6, shown: '"1.2.3\\u30024"' },
  {
    text: "1.2.3.\u{1d7d2}",
    rule: has("\\ud835\\udfd2"),
    position: 7,
    shown: '"1.2.3.\\ud835\\udfd2"',
  },
  { text: "1.2.3.4\u200b", rule: has("\\u200b"), position: 8, shown: '"1.2.3.4\\u200b"' },
  { text: "\ufeff1.2.3.4", rule: has("\\ufeff"), position: 1, shown: '"\\ufeff1.2.3.4"' },
  { text: "1.2.3.\ud800", rule: has("\\ud800"), position: 7, shown: '"1.2.3.\\ud800"' },

  // IPv6: number of groups
  { text: "1:2:3:4:5:6:7", rule: V6_EIGHT, position: 14 },
  { text: "1:2:3:4:5:6:7:8:9", rule: V6_EIGHT, position: 17 },
  { text: "1::2:3:4:5:6:7:8:9", rule: V6_EIGHT, position: 18 },
  { text: "1:2:3:4:5:6:7:8::", rule: V6_STANDS, position: 16 },
  { text: "::1:2:3:4:5:6:7:8", rule: V6_STANDS, position: 1 },
  { text: "1:2:3:4::5:6:7:8", rule: V6_STANDS, position: 8 },
  { text: "1::2::3", rule: V6_ONCE, position: 5 },
  { text: "::1::", rule: V6_ONCE, position: 4 },

  // IPv6: empty and long groups
  { text: ":", rule: V6_EMPTY, position: 1 },
  { text: ":1", rule: V6_EMPTY, position: 1 },
  { text: ":1::", rule: V6_EMPTY, position: 1 },
  { text: "1:", rule: V6_EMPTY, position: 3 },
  { text: "::1:", rule: V6_EMPTY, position: 5 },
  { text: "1:2:3:4:5:6:7:8:", rule: V6_EMPTY, position: 17 },
  { text: ":::", rule: V6_EMPTY, position: 3 },
  { text: "1:::2", rule: V6_EMPTY, position: 4 },
  { text: "::::", rule: V6_EMPTY, position: 3 },
  { text: "::12345", rule: V6_DIGITS, position: 3 },
  { text: "00001::", rule: V6_DIGITS, position: 1 },
  { text: "1:2:3:4:5:6:7:00008", rule: V6_DIGITS, position: 15 },

  // IPv6: dotted tails
  { text: "::ffff:10.0.0.1", rule: mapped("10.0.0.1"), position: 8 },
  { text: "::FFFF:10.0.0.1", rule: mapped("10.0.0.1"), position: 8 },
  { text: "0:0:0:0:0:ffff:10.0.0.1", rule: mapped("10.0.0.1"), position: 16 },
  { text: "0:0::0:ffff:10.0.0.1", rule: mapped("10.0.0.1"), position: 13 },
  { text: "::ffff:a00:1", rule: mapped("10.0.0.1"), position: 1 },
  { text: "0:0:0:0:0:ffff:0a00:0001", rule: mapped("10.0.0.1"), position: 1 },
  { text: "::ffff:0:0", rule: mapped("0.0.0.0"), position: 1 },
  { text: "::ffff:10.0.0", rule: V4_FOUR, position: 14 },
  { text: "::ffff:10.0.0.01", rule: V4_LEADING, position: 15 },
  { text: "::10.0.0.1", rule: V6_DOTTED, position: 3 },
  { text: "64:ff9b::10.0.0.1", rule: V6_DOTTED, position: 10 },
  { text: "ffff::10.0.0.1", rule: V6_DOTTED, position: 7 },
  { text: "::ffff:ffff:10.0.0.1", rule: V6_DOTTED, position: 13 },
  { text: "::ffff:0:10.0.0.1", rule: V6_DOTTED, position: 10 },
  { text: "0:0:0:ffff:10.0.0.1", rule: V6_DOTTED, position: 12 },
  { text: "1:2:3:4:5:6:10.0.0.1", rule: V6_DOTTED, position: 13 },
  { text: "1:2:3:4:5:6:7:8.9", rule: V6_DOTTED, position: 15 },

  // IPv6: text around it
  { text: "::1%eth0", rule: ZONE, position: 4 },
  { text: "fe80::1%", rule: ZONE, position: 8 },
  { text: "fe80::%1", rule: ZONE, position: 7 },
  { text: "[::1]", rule: has("["), position: 1, shown: '"[::1]"' },
  { text: "::1/64", rule: LENGTH, position: 4 },
  { text: " ::1", rule: SPACE, position: 1 },
  { text: "::1 ", rule: SPACE, position: 4 },
  { text: ":: 1", rule: SPACE, position: 3 },
  { text: "::0x1", rule: has("x"), position: 4 },
  { text: "::g", rule: has("g"), position: 3 },
  { text: "::-1", rule: has("-"), position: 3 },
  { text: "1:2:3:4:5:6:7:.8", rule: has("."), position: 15 },
  { text: "1:.", rule: has("."), position: 3 },
  { text: "\\\\::1", rule: has("\\\\"), position: 1, shown: '"\\\\\\\\::1"' },
  { text: "::\uff11", rule: has("\\uff11"), position: 3, shown: '"::\\uff11"' },
  { text: "::\u0141", rule: has("\\u0141"), position: 3, shown: '"::\\u0141"' },

  // very long text
  {
    text: "1".repeat(1000) + ".1.1.1",
    rule: V4_LARGE,
    position: 1,
    shown: `"${"1".repeat(64)}", the first 64 of 1006 characters`,
  },
  {
    text: "1:".repeat(100_000),
    rule: V6_EIGHT,
    position: 17,
    shown: `"${"1:".repeat(32)}", the first 64 of 200000 characters`,
  },
  {
    text: "x".repeat(65),
    rule: NO_FAMILY,
    position: 1,
    shown: `"${"x".repeat(64)}", the first 64 of 65 characters`,
  },
  { text: "x".repeat(64), rule: NO_FAMILY, position: 1 },
];

for (const { text, rule, position, shown = `"${text}"` } of REFUSED) {
  Deno.test(`parseAddr() refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
    const error = assertThrows(() => parseAddr(text), SyntaxError);
    assertEquals(
      error.message,
      `Cannot parse address as ${rule} (position ${position}): current value is ${shown}`,
    );
  });
}
