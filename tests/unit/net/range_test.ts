import { assertEquals, assertThrows } from "@std/assert";
import { formatRange, parseRange } from "../../../lib/net/range.ts";

interface Accepted {
  readonly text: string;
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  readonly out: string;
}

const ACCEPTED: readonly Accepted[] = [
  { text: "10.0.0.5", family: 4, first: 0x0a000005n, last: 0x0a000005n, out: "10.0.0.5" },
  { text: "10.0.0.5-10.0.0.5", family: 4, first: 0x0a000005n, last: 0x0a000005n, out: "10.0.0.5" },
  {
    text: "10.1.0.10-10.1.0.19",
    family: 4,
    first: 0x0a01000an,
    last: 0x0a010013n,
    out: "10.1.0.10-10.1.0.19",
  },
  {
    text: "10.0.0.0/24",
    family: 4,
    first: 0x0a000000n,
    last: 0x0a0000ffn,
    out: "10.0.0.0-10.0.0.255",
  },
  { text: "10.0.0.7/32", family: 4, first: 0x0a000007n, last: 0x0a000007n, out: "10.0.0.7" },
  {
    text: "0.0.0.0-255.255.255.255",
    family: 4,
    first: 0n,
    last: 0xffff_ffffn,
    out: "0.0.0.0-255.255.255.255",
  },
  { text: "::7", family: 6, first: 7n, last: 7n, out: "::7" },
  { text: "::A-::1:0", family: 6, first: 10n, last: 0x10000n, out: "::a-::1:0" },
  { text: "::-::", family: 6, first: 0n, last: 0n, out: "::" },
  { text: "1::/127", family: 6, first: 1n << 112n, last: (1n << 112n) + 1n, out: "1::-1::1" },
];

for (const { text, out, ...range } of ACCEPTED) {
  Deno.test(`parseRange() reads "${text}"`, () => {
    assertEquals(parseRange(text), range);
    assertEquals(formatRange(range), out);
    assertEquals(parseRange(out), range);
  });
}

const REFUSED: readonly (readonly [text: string, rule: string, position: number])[] = [
  ["", "an address must not be empty", 1],
  ["-", "an address must not be empty", 1],
  ["-10.0.0.1", "an address must not be empty", 1],
  ["10.0.0.1-", "an address must not be empty", 10],
  ["10.0.0.2-10.0.0.1", "the first address must not be above the last", 1],
  ["::2-::1", "the first address must not be above the last", 1],
  ["10.0.0.1-::1", "both ends must be of one family", 10],
  ["::1-10.0.0.1", "both ends must be of one family", 5],
  ["10.0.0.1-19", "an address must contain dots or colons", 10],
  ["10.0.0.1 - 10.0.0.9", "an address must not contain a space", 9],
  ["10.0.0.1- 10.0.0.9", "an address must not contain a space", 10],
  ["10.0.0.1..10.0.0.9", "an IPv4 address must have four octets", 9],
  ["10.0.0.1-10.0.0.9-10.0.0.12", 'an address must not contain "-" here', 18],
  ["10.0.0.1-10.0.0.09", "an IPv4 octet must not have a leading zero", 17],
  ["10.0.0.1-10.0.0.9/24", "an address must not have a prefix length here", 18],
  ["10.0.0.1/24-10.0.0.9", "an address must not have a prefix length here", 9],
  ["10.0.0.1/24", 'a prefix must have no host bits, the network is "10.0.0.0/24"', 1],
  ["10.0.0.0/33", "a prefix length of IPv4 must not be above 32", 10],
  ["10.0.0.1,10.0.0.2", 'an address must not contain "," here', 9],
  ["::-:", "an IPv6 group must not be empty", 4],
  ["::1:-::2", "an IPv6 group must not be empty", 5],
  [":-::2", "an IPv6 group must not be empty", 1],
  ["::1-::ffff:10.0.0.1", 'an IPv4-mapped address must be written as IPv4, "10.0.0.1"', 12],
  ["::1%a-::2", "an address must not contain a zone", 4],
];

for (const [text, rule, position] of REFUSED) {
  Deno.test(`parseRange() refuses "${text}"`, () => {
    const error = assertThrows(() => parseRange(text), SyntaxError);
    assertEquals(
      error.message,
      `Cannot parse range as ${rule} (position ${position}): current value is "${text}"`,
    );
  });
}
