import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { tile, tilesFor } from "../../../lib/ipam/add/descent.ts";
import {
  indexFrom,
  memberAt,
  membersOf,
  partOf,
  poolOf,
  slice,
  sliceFrom,
  takeFirst,
} from "../../../lib/ipam/pool.ts";
import type { Interval } from "../../../lib/net/interval.ts";
import { MAX_OPERATIONS } from "../../../lib/state/txn.ts";
import { setOf } from "../../support/sets.ts";

/** Two ranges, the higher one first, with holes: small enough to be listed by a slow oracle. */
const SET = setOf(
  { subnet: "10.0.1.0/27", exclude: ["10.0.1.5", "10.0.1.8-10.0.1.11"] },
  { subnet: "10.0.0.0/28", exclude: ["10.0.0.1", "10.0.0.14"] },
);
const POOL = poolOf(SET);
const MEMBERS = SET.ranges.flatMap(({ random }) => random.flatMap(valuesOf));

function valuesOf({ first, last }: Interval): readonly bigint[] {
  return Array.from({ length: Number(last - first) + 1 }, (_, index) => first + BigInt(index));
}

Deno.test("poolOf() counts the members in the order of the netconf", () => {
  assertEquals(POOL.size, BigInt(MEMBERS.length));
  for (const [index, value] of MEMBERS.entries()) {
    assertEquals(memberAt(POOL, BigInt(index)), value);
    assertEquals(indexFrom(POOL, value), BigInt(index));
    assertEquals(partOf(POOL, value)?.members.length, value > 0x0a000100n ? 3 : 1);
  }
  assertThrows(() => memberAt(POOL, POOL.size), RangeError);
  assertThrows(() => memberAt(POOL, -1n), RangeError);
});

Deno.test("indexFrom() finds the next member after a hole, and the first after the last", () => {
  assertEquals(memberAt(POOL, indexFrom(POOL, 0x0a000105n)), 0x0a000106n);
  assertEquals(memberAt(POOL, indexFrom(POOL, 0x0a000109n)), 0x0a00010cn);
  assertEquals(indexFrom(POOL, 0x0b000000n), 0n);
});

Deno.test("slice() agrees with a list of all members", () => {
  fc.assert(fc.property(fc.nat(40), fc.nat(40), (a, b) => {
    const got = slice(POOL, BigInt(a), BigInt(b)).flatMap(valuesOf);
    assertEquals(got, MEMBERS.slice(a, Math.max(a, b)));
  }));
});

Deno.test("sliceFrom() goes once round", () => {
  fc.assert(fc.property(fc.nat(MEMBERS.length - 1), (start) => {
    const got = sliceFrom(POOL, BigInt(start)).flatMap(valuesOf);
    assertEquals(got, [...MEMBERS.slice(start), ...MEMBERS.slice(0, start)]);
  }));
});

Deno.test("takeFirst() keeps the first members", () => {
  fc.assert(fc.property(fc.nat(50), (count) => {
    const got = takeFirst(slice(POOL, 0n, POOL.size), BigInt(count)).flatMap(valuesOf);
    assertEquals(got, MEMBERS.slice(0, count));
  }));
});

Deno.test("tile() covers a region exactly, in order, in as many pieces as one read can count", () => {
  fc.assert(fc.property(fc.bigInt({ min: 1n, max: 200n }), (count) => {
    const region = slice(POOL, 0n, POOL.size);
    const tiles = tile(region, count);
    assertEquals(tiles.flatMap(valuesOf), MEMBERS);
    assertEquals(tiles.length <= MAX_OPERATIONS, true);
    assertEquals(membersOf(tiles), POOL.size);
  }));
});

Deno.test("tile() keeps its limit where a region has many intervals", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 127 }), fc.bigInt(1n, 300n), (parts, count) => {
    const region = Array.from({ length: parts }, (_, index) => {
      const first = BigInt(index * 1000);
      return { first, last: first + BigInt(index * 7) };
    });
    const tiles = tile(region, count);
    assertEquals(tiles.length <= MAX_OPERATIONS, true);
    assertEquals(membersOf(tiles), membersOf(region));
  }));
});

Deno.test("tilesFor() needs no more levels than the most tiles would", () => {
  const levels = (members: bigint, tilesOf: (members: bigint) => bigint): number => {
    if (members <= 256n) return 0;
    const tiles = tilesOf(members);
    return 1 + levels((members + tiles - 1n) / tiles, tilesOf);
  };
  fc.assert(fc.property(fc.bigInt(257n, 1n << 22n), (members) => {
    const tiles = tilesFor(members);
    assertEquals(1n < tiles && tiles <= 128n, true);
    assertEquals(levels(members, tilesFor), levels(members, () => 128n), `${members}`);
  }));
  assertEquals([tilesFor(65_533n), tilesFor(1n << 22n)], [32n, 128n]);
});
