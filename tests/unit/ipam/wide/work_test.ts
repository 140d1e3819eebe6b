import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import type { Config } from "../../../../lib/config/config.ts";
import { loadConfig } from "../../../../lib/config/load.ts";
import type { Intervals } from "../../../../lib/net/interval.ts";
import { type Addr, parseAddr } from "../../../../lib/net/addr.ts";
import { MAX_OPERATIONS } from "../../../../lib/state/txn.ts";
import { add, addRequest, ipsOf } from "../../../support/allocator.ts";
import { crowded } from "../../../support/crowded.ts";

/** The work of an ADD grows with the intervals of the netconf, not with what is in them. */

/** From a range of 250 addresses to one of nearly 2^64, with three holes each. */
const RANGES = [
  { subnet: "10.0.0.0/24", from: "10.0.0.2", to: "10.0.0.251" },
  { subnet: "10.0.0.0/16", from: "10.0.0.2", to: "10.0.255.254" },
  { subnet: "10.0.0.0/8", from: "10.0.0.2", to: "10.255.255.254" },
  { subnet: "fd00::/64", from: "fd00::2", to: "fd00::ffff:ffff:ffff:fffe" },
];
const HOLES = [10, 20, 30];
/** What the first choice falls on, and all around it. */
const CROWD = 100n;

function at(first: string, offset: number): Addr {
  const { family, value } = parseAddr(first);
  return { family, value: value + BigInt(offset) };
}

/** A list of intervals that counts how often one is looked at. */
function watched(intervals: Intervals, visit: () => void): Intervals {
  return new Proxy(intervals, {
    get: (list, name) => {
      if (typeof name === "string" && /^\d+$/.test(name)) visit();
      return Reflect.get(list, name);
    },
  });
}

function load({ subnet, from, to }: typeof RANGES[number]): Config {
  const [head = ""] = from.split(/\d+$/);
  const exclude = HOLES.map((hole) => `${head}${from.includes(":") ? hole.toString(16) : hole}`);
  const ranges = [[{ subnet, rangeStart: from, rangeEnd: to, exclude }]];
  return loadConfig(
    { cniVersion: "1.0.0", name: "net", ipam: { type: "kube-ipam", ranges } },
    { command: "ADD", args: { ips: [], gateways: [] }, kubernetes: false },
  );
}

interface Work {
  readonly intervals: number;
  readonly trips: number;
  readonly operations: number;
}

async function workOf(range: typeof RANGES[number], isFree: boolean): Promise<Work> {
  let intervals = 0;
  const [set] = load(range).sets;
  assert(set !== undefined);
  assertEquals(set.ranges[0]?.random.length, 4);
  const ranges = set.ranges.map((one) => ({
    ...one,
    random: watched(one.random, () => intervals++),
  }));
  const family = set.family;
  const first = at(range.from, 50).value;
  const store = crowded({
    family,
    taken: isFree ? [] : [{ first, last: first + CROWD }],
  });
  let operations = 0;
  const random = (below: bigint): bigint => below > 100n ? 97n : 0n;
  const outcome = await add({
    read: (reads, options) => {
      operations += reads.length;
      return store.read(reads, options);
    },
    commit: (txn, options) => {
      operations += txn.guards.length + txn.writes.length + (txn.otherwise ?? []).length;
      return store.commit(txn, options);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }, addRequest({ sets: [{ family, ranges }], random }));
  assertEquals(ipsOf(outcome).length, 1);
  return { intervals, trips: store.trips(), operations };
}

Deno.test("an ADD does the same work in a /24 as in a /8 and a /64", async () => {
  const works = await Promise.all(RANGES.map((range) => workOf(range, true)));
  const [small] = works;
  for (const work of works) assertEquals(work, small);
});

Deno.test("an ADD among taken addresses does not do more work the larger the range is", async () => {
  for (const range of RANGES) {
    const { intervals, trips, operations } = await workOf(range, false);
    assertLessOrEqual(trips, 5);
    assertLessOrEqual(operations, 2 * MAX_OPERATIONS);
    assertLessOrEqual(intervals, 100);
  }
});
