import { assertEquals, assertThrows } from "@std/assert";
import { formatAddr, parseAddr } from "../../../lib/net/addr.ts";
import {
  contains,
  firstOf,
  formatPrefix,
  lastOf,
  overlaps,
  parseAddrPrefix,
  parsePrefix,
  parsePrefixLength,
  prefixOf,
} from "../../../lib/net/prefix.ts";

interface Row {
  readonly text: string;
  readonly first: string;
  readonly last: string;
}

const PREFIXES: readonly Row[] = [
  { text: "0.0.0.0/0", first: "0.0.0.0", last: "255.255.255.255" },
  { text: "10.0.0.0/8", first: "10.0.0.0", last: "10.255.255.255" },
  { text: "10.1.0.0/16", first: "10.1.0.0", last: "10.1.255.255" },
  { text: "192.168.140.0/23", first: "192.168.140.0", last: "192.168.141.255" },
  { text: "10.0.0.128/25", first: "10.0.0.128", last: "10.0.0.255" },
  { text: "10.0.0.4/31", first: "10.0.0.4", last: "10.0.0.5" },
  { text: "255.255.255.255/32", first: "255.255.255.255", last: "255.255.255.255" },
  { text: "::/0", first: "::", last: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
  { text: "2001:db8::/63", first: "2001:db8::", last: "2001:db8:0:1:ffff:ffff:ffff:ffff" },
  { text: "2001:db8::/64", first: "2001:db8::", last: "2001:db8::ffff:ffff:ffff:ffff" },
  { text: "2001:db8::2/127", first: "2001:db8::2", last: "2001:db8::3" },
  { text: "::1/128", first: "::1", last: "::1" },
];

for (const { text, first, last } of PREFIXES) {
  Deno.test(`parsePrefix() reads "${text}"`, () => {
    const prefix = parsePrefix(text);
    const { family } = prefix;
    assertEquals(formatPrefix(prefix), text);
    assertEquals(formatAddr({ family, value: firstOf(prefix) }), first);
    assertEquals(formatAddr({ family, value: lastOf(prefix) }), last);
    assertEquals(prefixOf(parseAddr(last), prefix.length), prefix);
    assertEquals(contains(prefix, parseAddr(first)), true);
    assertEquals(contains(prefix, parseAddr(last)), true);
  });
}

const HOST_BITS: readonly (readonly [text: string, network: string])[] = [
  ["10.1.2.3/24", "10.1.2.0/24"],
  ["192.168.141.0/23", "192.168.140.0/23"],
  ["10.0.0.1/0", "0.0.0.0/0"],
  ["10.0.0.5/31", "10.0.0.4/31"],
  ["2001:db8:0:1::/63", "2001:db8::/63"],
  ["2001:DB8::1/64", "2001:db8::/64"],
];

Deno.test("parsePrefix() refuses host bits and names the network", () => {
  for (const [text, network] of HOST_BITS) {
    const error = assertThrows(() => parsePrefix(text), SyntaxError);
    assertEquals(
      error.message,
      `Cannot parse prefix as a prefix must have no host bits, the network is "${network}"` +
        ` (position 1): current value is "${text}"`,
    );
  }
});

type Refused = readonly [text: string, rule: string, position: number];

const BAD_LENGTHS: readonly Refused[] = [
  ["10.0.0.0/", "a prefix length must not be empty", 10],
  ["10.0.0.0/33", "a prefix length of IPv4 must not be above 32", 10],
  ["10.0.0.0/99999999999", "a prefix length of IPv4 must not be above 32", 10],
  ["::/129", "a prefix length of IPv6 must not be above 128", 4],
  ["10.0.0.0/08", "a prefix length must not have a leading zero", 10],
  ["10.0.0.0/00", "a prefix length must not have a leading zero", 10],
  ["10.0.0.0/+8", "a prefix length must have decimal digits only", 10],
  ["10.0.0.0/-1", "a prefix length must have decimal digits only", 10],
  ["10.0.0.0/8 ", "a prefix length must have decimal digits only", 11],
  ["10.0.0.0/ 8", "a prefix length must have decimal digits only", 10],
  ["10.0.0.0/8/8", "a prefix length must have decimal digits only", 11],
  ["10.0.0.0/0x8", "a prefix length must have decimal digits only", 11],
  ["10.0.0.0/1e1", "a prefix length must have decimal digits only", 11],
  ["10.0.0.0/255.0.0.0", "a prefix length of IPv4 must not be above 32", 10],
  ["10.0.0.0/8.", "a prefix length must have decimal digits only", 11],
  ["::/\uff18", "a prefix length must have decimal digits only", 4],
  ["/8", "an address must not be empty", 1],
  ["/", "an address must not be empty", 1],
  ["", "an address must not be empty", 1],
  ["10/8", "an address must contain dots or colons", 1],
  ["10.0.0/8", "an IPv4 address must have four octets", 7],
  ["10.0.0.01/32", "an IPv4 octet must not have a leading zero", 8],
  ["::1%eth0/64", "an address must not contain a zone", 4],
  ["::ffff:0:0/96", 'an IPv4-mapped address must be written as IPv4, "0.0.0.0"', 1],
];

Deno.test("parsePrefix() and parseAddrPrefix() refuse malformed text where it is wrong", () => {
  for (const [text, rule, position] of BAD_LENGTHS) {
    const end = `${rule} (position ${position}): current value is `;
    assertThrows(() => parsePrefix(text), SyntaxError, `Cannot parse prefix as ${end}`);
    assertThrows(() => parseAddrPrefix(text), SyntaxError, `Cannot parse address as ${end}`);
  }
});

Deno.test("parsePrefix() wants a length", () => {
  const error = assertThrows(() => parsePrefix("10.0.0.0"), SyntaxError);
  assertEquals(
    error.message,
    'Cannot parse prefix as a prefix must have "/" and a length (position 9):' +
      ' current value is "10.0.0.0"',
  );
  assertThrows(() => parsePrefix("subnet"), SyntaxError, "must contain dots or colons");
});

Deno.test("parseAddrPrefix() keeps host bits", () => {
  assertEquals(parseAddrPrefix("10.1.0.5"), { addr: parseAddr("10.1.0.5"), length: undefined });
  assertEquals(parseAddrPrefix("10.1.0.5/24"), { addr: parseAddr("10.1.0.5"), length: 24 });
  assertEquals(parseAddrPrefix("10.1.0.5/0"), { addr: parseAddr("10.1.0.5"), length: 0 });
  assertEquals(parseAddrPrefix("fd00::5/64"), { addr: parseAddr("fd00::5"), length: 64 });
});

Deno.test("parsePrefixLength() reads all 33 netmasks", () => {
  for (let length = 0; length <= 32; length++) {
    const mask = formatAddr({ family: 4, value: 0xffff_ffffn >> BigInt(length) ^ 0xffff_ffffn });
    assertEquals(parsePrefixLength(mask, 4), length, mask);
  }
});

Deno.test("parsePrefixLength() reads numbers with and without a slash", () => {
  assertEquals(parsePrefixLength("0", 4), 0);
  assertEquals(parsePrefixLength("/0", 6), 0);
  assertEquals(parsePrefixLength("16", 4), 16);
  assertEquals(parsePrefixLength("/32", 4), 32);
  assertEquals(parsePrefixLength("64", 6), 64);
  assertEquals(parsePrefixLength("/128", 6), 128);
});

const BAD_MASKS: readonly (readonly [text: string, family: 4 | 6, rule: string, at: number])[] = [
  ["255.0.255.0", 4, "a netmask must have all ones before all zeros", 1],
  ["0.0.0.255", 4, "a netmask must have all ones before all zeros", 1],
  ["0.0.0.1", 4, "a netmask must have all ones before all zeros", 1],
  ["127.255.255.255", 4, "a netmask must have all ones before all zeros", 1],
  ["255.255.0.128", 4, "a netmask must have all ones before all zeros", 1],
  ["255.255.0.0", 6, "a netmask must be of IPv4", 1],
  ["255.255.0", 4, "an IPv4 address must have four octets", 10],
  ["255.255.00.0", 4, "an IPv4 octet must not have a leading zero", 9],
  ["255.255.256.0", 4, "an IPv4 octet must not be above 255", 9],
  ["/255.255.0.0", 4, "a prefix length of IPv4 must not be above 32", 2],
  ["ffff:ffff::", 6, "a prefix length must have decimal digits only", 1],
  ["", 4, "a prefix length must not be empty", 1],
  ["/", 4, "a prefix length must not be empty", 2],
  ["//8", 4, "a prefix length must have decimal digits only", 2],
  ["33", 4, "a prefix length of IPv4 must not be above 32", 1],
  ["/129", 6, "a prefix length of IPv6 must not be above 128", 2],
  ["016", 4, "a prefix length must not have a leading zero", 1],
  ["+16", 4, "a prefix length must have decimal digits only", 1],
  ["-1", 4, "a prefix length must have decimal digits only", 1],
  [" 16", 4, "a prefix length must have decimal digits only", 1],
  ["16 ", 4, "a prefix length must have decimal digits only", 3],
];

Deno.test("parsePrefixLength() refuses what is neither a length nor a netmask", () => {
  for (const [text, family, rule, position] of BAD_MASKS) {
    const error = assertThrows(() => parsePrefixLength(text, family), SyntaxError);
    assertEquals(
      error.message,
      `Cannot parse prefix length as ${rule} (position ${position}): current value is "${text}"`,
    );
  }
});

Deno.test("prefixOf() refuses lengths that the family does not have", () => {
  for (const length of [-1, 33, 1.5, NaN, Infinity]) {
    const error = assertThrows(() => prefixOf(parseAddr("10.0.0.1"), length), RangeError);
    assertEquals(
      error.message,
      "Cannot make prefix as the length must be a whole number from 0 to 32:" +
        ` current value is ${length}`,
    );
  }
  assertThrows(() => prefixOf(parseAddr("::1"), 129), RangeError, "from 0 to 128");
});

const CONTAINS: readonly (readonly [prefix: string, addr: string, want: boolean])[] = [
  ["10.0.0.0/24", "9.255.255.255", false],
  ["10.0.0.0/24", "10.0.0.0", true],
  ["10.0.0.0/24", "10.0.0.255", true],
  ["10.0.0.0/24", "10.0.1.0", false],
  ["2001:db8::/64", "2001:db8::", true],
  ["2001:db8::/64", "2001:db8:0:0:ffff:ffff:ffff:ffff", true],
  ["2001:db8::/64", "2001:db8:0:1::", false],
  ["0.0.0.0/0", "::", false],
  ["::/0", "10.0.0.1", false],
];

Deno.test("contains() includes both ends, of its own family only", () => {
  for (const [prefix, addr, want] of CONTAINS) {
    assertEquals(contains(parsePrefix(prefix), parseAddr(addr)), want, `${prefix} ${addr}`);
  }
});

const OVERLAPS: readonly (readonly [a: string, b: string, want: boolean])[] = [
  ["10.0.0.0/24", "10.2.0.0/24", false],
  ["10.0.0.0/24", "10.0.1.0/24", false],
  ["10.0.0.0/25", "10.0.0.128/25", false],
  ["10.0.0.0/24", "10.0.0.0/24", true],
  ["10.0.0.0/8", "10.1.2.0/24", true],
  ["10.0.0.0/24", "10.0.0.255/32", true],
  ["0.0.0.0/0", "::/0", false],
  ["2001:db8::/32", "2001:db8:1::/48", true],
  ["2001:db8::/64", "2001:db8:0:1::/64", false],
];

Deno.test("overlaps() is the same both ways", () => {
  for (const [a, b, want] of OVERLAPS) {
    assertEquals(overlaps(parsePrefix(a), parsePrefix(b)), want, `${a} ${b}`);
    assertEquals(overlaps(parsePrefix(b), parsePrefix(a)), want, `${b} ${a}`);
  }
});
