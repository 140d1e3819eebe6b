import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Addr, bitsOf, formatAddr } from "../../lib/net/addr.ts";
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
} from "../../lib/net/prefix.ts";
import { type AddrRange, formatRange, parseRange } from "../../lib/net/range.ts";
import { runs } from "../support/runs.ts";

const addr: fc.Arbitrary<Addr> = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value): Addr => ({ family: 4, value })),
  fc.bigInt({ min: 2n ** 96n, max: 2n ** 128n - 1n }).map((value): Addr => ({ family: 6, value })),
);
const addrLength = addr.chain((one) =>
  fc.record({ addr: fc.constant(one), length: fc.nat(bitsOf(one.family)) })
);
/** Prefixes of 2001:db8::/120 and addresses in it, small enough for sets. */
const tiny = fc.record({ host: fc.nat(255), length: fc.integer({ min: 120, max: 128 }) });
const TINY_BASE = 0x20010db8n << 96n;

function bits({ family, value }: Addr): string {
  return value.toString(2).padStart(bitsOf(family), "0");
}

Deno.test("parsePrefix() and formatPrefix() are inverses", () => {
  fc.assert(fc.property(addrLength, (one) => {
    const prefix = prefixOf(one.addr, one.length);
    assertEquals(parsePrefix(formatPrefix(prefix)), prefix);
  }));
});

Deno.test("prefixOf() keeps the first bits and clears the others", () => {
  fc.assert(fc.property(addrLength, ({ addr, length }) => {
    const prefix = prefixOf(addr, length);
    const head = bits(addr).slice(0, length);
    const rest = bitsOf(addr.family) - length;
    assertEquals(firstOf(prefix), BigInt(`0b${head}${"0".repeat(rest)}`));
    assertEquals(lastOf(prefix), BigInt(`0b${head}${"1".repeat(rest)}`));
    assert(contains(prefix, addr));
  }));
});

Deno.test("contains() compares the first bits", () => {
  fc.assert(fc.property(addrLength, addr, fc.nat(128), (one, other, shared) => {
    const prefix = prefixOf(one.addr, one.length);
    // Addresses that share their first bits meet the prefix more often than random ones do.
    const near = one.addr.family === other.family
      ? BigInt(`0b${bits(one.addr).slice(0, shared)}${bits(other).slice(shared)}`)
      : other.value;
    const probe: Addr = { family: other.family, value: near };
    const same = probe.family === one.addr.family &&
      bits(probe).slice(0, one.length) === bits(one.addr).slice(0, one.length);
    assertEquals(contains(prefix, probe), same);
  }));
});

Deno.test("parsePrefix() takes a text with host bits only after they are cleared", () => {
  fc.assert(fc.property(addrLength, ({ addr, length }) => {
    const text = `${formatAddr(addr)}/${length}`;
    assertEquals(parseAddrPrefix(text), { addr, length });
    const prefix = prefixOf(addr, length);
    if (prefix.network === addr.value) {
      assertEquals(parsePrefix(text), prefix);
    } else {
      assertThrows(() => parsePrefix(text), SyntaxError, `network is "${formatPrefix(prefix)}"`);
    }
  }));
});

Deno.test("parsePrefixLength() accepts a dotted mask exactly if its bits are ones, then zeros", () => {
  const mask = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
    fc.tuple(fc.nat(32), fc.nat(31)).map(([length, flip]) =>
      (2n ** 32n - 2n ** BigInt(32 - length)) ^ (flip < 16 ? 0n : 2n ** BigInt(flip))
    ),
  );
  fc.assert(
    fc.property(mask, (value) => {
      const one: Addr = { family: 4, value };
      const ones = /^(1*)0*$/.exec(bits(one))?.[1];
      if (ones === undefined) {
        assertThrows(() => parsePrefixLength(formatAddr(one), 4), SyntaxError, "all ones before");
      } else {
        assertEquals(parsePrefixLength(formatAddr(one), 4), ones.length);
      }
    }),
    { numRuns: runs(500) },
  );
});

Deno.test("overlaps() agrees with sets", () => {
  fc.assert(fc.property(tiny, tiny, (a, b) => {
    const [one, other] = [a, b].map(({ host, length }) => {
      const prefix = prefixOf({ family: 6, value: TINY_BASE + BigInt(host) }, length);
      const members = Array.from({ length: 256 }, (_, i) => TINY_BASE + BigInt(i))
        .filter((value) => contains(prefix, { family: 6, value }));
      return { prefix, members: new Set(members) };
    });
    assert(one !== undefined && other !== undefined);
    assertEquals(one.members.size, 2 ** (128 - a.length));
    assertEquals(
      overlaps(one.prefix, other.prefix),
      [...one.members].some((value) => other.members.has(value)),
    );
  }));
});

Deno.test("parseRange() and formatRange() are inverses", () => {
  const range = fc.tuple(addr, fc.bigInt({ min: 0n, max: 2n ** 100n })).map(
    ([{ family, value }, more]): AddrRange => {
      const top = 2n ** BigInt(bitsOf(family)) - 1n;
      return { family, first: value, last: value + more > top ? top : value + more };
    },
  );
  fc.assert(fc.property(range, (one) => {
    assertEquals(parseRange(formatRange(one)), one);
  }));
});

Deno.test("parseRange() gives a prefix its first and last address", () => {
  fc.assert(fc.property(addrLength, ({ addr, length }) => {
    const prefix = prefixOf(addr, length);
    const range = parseRange(formatPrefix(prefix));
    assertEquals(range, { family: addr.family, first: firstOf(prefix), last: lastOf(prefix) });
  }));
});

Deno.test("parseRange() takes two addresses exactly if they are of one family and in order", () => {
  fc.assert(fc.property(addr, addr, (from, to) => {
    const text = `${formatAddr(from)}-${formatAddr(to)}`;
    if (from.family !== to.family) {
      assertThrows(() => parseRange(text), SyntaxError, "of one family");
    } else if (from.value > to.value) {
      assertThrows(() => parseRange(text), SyntaxError, "must not be above the last");
    } else {
      assertEquals(parseRange(text), { family: from.family, first: from.value, last: to.value });
    }
  }));
});

Deno.test("the parsers throw nothing but a SyntaxError", () => {
  const text = fc.string({ unit: fc.constantFrom(..."0123458af:./- %"), maxLength: 30 });
  const parsers: readonly ((text: string) => unknown)[] = [
    parsePrefix,
    parseAddrPrefix,
    parseRange,
    (text) => parsePrefixLength(text, 4),
    (text) => parsePrefixLength(text, 6),
  ];
  fc.assert(
    fc.property(text, fc.constantFrom(...parsers), (text, parse) => {
      try {
        parse(text);
      } catch (error) {
        assert(error instanceof SyntaxError, String(error));
      }
    }),
    { numRuns: runs(1000) },
  );
});
