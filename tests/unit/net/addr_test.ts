import { assertEquals, assertThrows } from "@std/assert";
import {
  type Addr,
  bitsOf,
  compareAddr,
  equalAddr,
  formatAddr,
  fromHex,
  parseAddr,
  toHex,
} from "../../../lib/net/addr.ts";

interface Accepted {
  readonly text: string;
  readonly hex: string;
  /** The canonical form where it differs from `text`. */
  readonly out?: string;
}

const ACCEPTED: readonly Accepted[] = [
  { text: "0.0.0.0", hex: "00000000" },
  { text: "0.0.0.1", hex: "00000001" },
  { text: "10.188.0.216", hex: "0abc00d8" },
  { text: "127.255.255.255", hex: "7fffffff" },
  { text: "128.0.0.0", hex: "80000000" },
  { text: "192.168.140.255", hex: "c0a88cff" },
  { text: "255.255.255.255", hex: "ffffffff" },
  { text: "::", hex: "00000000000000000000000000000000" },
  { text: "::1", hex: "00000000000000000000000000000001" },
  { text: "1::", hex: "00010000000000000000000000000000" },
  { text: "::ffff", hex: "0000000000000000000000000000ffff" },
  { text: "::fffe:a00:1", hex: "00000000000000000000fffe0a000001" },
  { text: "::1:ffff:a00:1", hex: "00000000000000000001ffff0a000001" },
  { text: "64:ff9b::a00:1", hex: "0064ff9b00000000000000000a000001" },
  { text: "1:2:3:4:5:6:7:8", hex: "00010002000300040005000600070008" },
  { text: "fd7a:115c:a1e0:ab12:4843:cd96:626b:430b", hex: "fd7a115ca1e0ab124843cd96626b430b" },
  {
    text: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    hex: "ffffffffffffffffffffffffffffffff",
  },
  { text: "2001:DB8::AbCd", hex: "20010db800000000000000000000abcd", out: "2001:db8::abcd" },
  {
    text: "2001:0db8:0000:0000:0000:0000:0000:0001",
    hex: "20010db8000000000000000000000001",
    out: "2001:db8::1",
  },
  { text: "0:0:0:0:0:0:0:0", hex: "00000000000000000000000000000000", out: "::" },
  { text: "0::0", hex: "00000000000000000000000000000000", out: "::" },
  {
    text: "::2:3:4:5:6:7:8",
    hex: "00000002000300040005000600070008",
    out: "0:2:3:4:5:6:7:8",
  },
  {
    text: "1:2:3:4:5:6:7::",
    hex: "00010002000300040005000600070000",
    out: "1:2:3:4:5:6:7:0",
  },
  {
    text: "1:2:3::5:6:7:8",
    hex: "00010002000300000005000600070008",
    out: "1:2:3:0:5:6:7:8",
  },
  {
    text: "2001:db8::1:0:0:1",
    hex: "20010db8000000000001000000000001",
  },
  {
    text: "2001:db8:0:0:1::1",
    hex: "20010db8000000000001000000000001",
    out: "2001:db8::1:0:0:1",
  },
  { text: "1::2:0:0:0:3", hex: "00010000000000020000000000000003", out: "1:0:0:2::3" },
  { text: "0:0:1::", hex: "00000000000100000000000000000000", out: "0:0:1::" },
  { text: "::1:0:0:0", hex: "00000000000000000001000000000000", out: "::1:0:0:0" },
];

for (const { text, hex, out = text } of ACCEPTED) {
  Deno.test(`parseAddr() reads "${text}"`, () => {
    const addr = parseAddr(text);
    assertEquals(addr, { family: hex.length === 8 ? 4 : 6, value: BigInt(`0x${hex}`) });
    assertEquals(formatAddr(addr), out);
    assertEquals(toHex(addr), hex);
    assertEquals(fromHex(hex), addr);
  });
}

Deno.test("formatAddr() writes IPv4-mapped values in hex groups only", () => {
  assertEquals(formatAddr({ family: 6, value: 0xffff_0a00_0001n }), "::ffff:a00:1");
});

Deno.test("bitsOf() knows both families", () => {
  assertEquals([bitsOf(4), bitsOf(6)], [32, 128]);
});

Deno.test("fromHex() accepts upper case", () => {
  assertEquals(fromHex("0ABC00D8"), parseAddr("10.188.0.216"));
});

const REFUSED_HEX: readonly (readonly [hex: string, message: string])[] = [
  ["", 'it must have 8 or 32 digits (position 1): current value is ""'],
  ["0abc00d", 'it must have 8 or 32 digits (position 8): current value is "0abc00d"'],
  ["0abc00d80", 'it must have 8 or 32 digits (position 10): current value is "0abc00d80"'],
  ["0".repeat(33), "it must have 8 or 32 digits (position 33): "],
  ["0xbc00d8", 'it must have hex digits only (position 2): current value is "0xbc00d8"'],
  ["-abc00d8", "it must have hex digits only (position 1): "],
  ["0abc00d ", "it must have hex digits only (position 8): "],
  ["0abc_0d8", "it must have hex digits only (position 5): "],
  ["\uff10abc00d8", "it must have hex digits only (position 1): "],
];

Deno.test("fromHex() refuses anything but 8 or 32 hex digits", () => {
  for (const [hex, message] of REFUSED_HEX) {
    assertThrows(() => fromHex(hex), SyntaxError, `Cannot parse hex address as ${message}`);
  }
});

const ASCENDING: readonly string[] = [
  "0.0.0.0",
  "0.0.0.1",
  "9.255.255.255",
  "10.0.0.0",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:ffff",
  "fe80::1",
];

Deno.test("compareAddr() and equalAddr() agree with a list in order", () => {
  const list: readonly Addr[] = ASCENDING.map(parseAddr);
  for (const [i, a] of list.entries()) {
    for (const [j, b] of list.entries()) {
      assertEquals(compareAddr(a, b), Math.sign(i - j), `${ASCENDING[i]} and ${ASCENDING[j]}`);
      assertEquals(equalAddr(a, b), i === j, `${ASCENDING[i]} and ${ASCENDING[j]}`);
    }
  }
});
