/** What an ADD and a DEL cost does not depend on the size of the range, nor on how many ranges there are. */
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { type Addr, parseAddr } from "../../lib/net/addr.ts";
import type { Random } from "../../lib/ipam/plan.ts";
import { seeded } from "../support/allocator.ts";
import type { Json } from "../support/answers.ts";
import { fillPool } from "../support/filled.ts";
import { checkInvariants } from "../support/invariants.ts";
import { testNeeding } from "../support/needs.ts";
import { addAndDelete, makeFiller, type Scale, startScale } from "./_scale.ts";

const KB = 1000;

/** Far more neighbours than a window has. */
const CROWD = 400;
/** Where the crowd begins, as an index of the range. */
const PLACE = 1_000_000n;

/** The first choice falls into the middle of the crowd; then chance. */
function intoCrowd(seed: number): Random {
  const random = seeded(seed);
  let isFirst = true;
  return (below) => {
    const index = isFirst ? PLACE + 200n : random(below);
    isFirst = false;
    return index;
  };
}

function* crowdAt(first: string): Generator<Addr> {
  const { family, value } = parseAddr(first);
  for (let index = 0n; index < CROWD; index++) yield { family, value: value + PLACE + index };
}

/** A node's first ADD records the network too. */
async function warm(scale: Scale, ipam: Json, cools?: (ip: string) => void): Promise<void> {
  await addAndDelete(scale, { count: 1, ipam, cools });
}

const WIDE = [
  { name: "an IPv4 /8", subnet: "10.0.0.0/8", first: "10.0.0.2", last: "10.255.255.254" },
  {
    name: "an IPv6 /64",
    subnet: "fd00:10::/64",
    first: "fd00:10::2",
    last: "fd00:10::ffff:ffff:ffff:fffe",
  },
] as const;

for (const { name, subnet, first, last } of WIDE) {
  testNeeding(
    ["etcd"],
    `ADD and DEL in ${name}: one trip, and five where all is taken around`,
    async () => {
      await using scale = await startScale();
      const ipam = { subnet, rangeStart: first, rangeEnd: last, cooldown: "0s" };
      await warm(scale, ipam);
      const free = await addAndDelete(scale, { count: 20, ipam });
      assertEquals([free.adds.mostTrips, free.dels.mostTrips], [1, 2]);
      assertLessOrEqual(free.adds.mostBytes(), 8 * KB);

      const prefixLength = Number(subnet.split("/")[1]);
      await fillPool(scale.store, { network: "testnet", prefixLength, addresses: crowdAt(first) });
      const crowded = await addAndDelete(scale, { count: 10, ipam, random: intoCrowd });
      assertEquals([crowded.adds.trips > 1, crowded.dels.mostTrips], [true, 2]);
      assertLessOrEqual(crowded.adds.mostTrips, 5);
      assertLessOrEqual(crowded.adds.mostBytes(), 64 * KB);
      await checkInvariants(scale.store);
    },
  );
}

testNeeding(
  ["etcd"],
  "ADD and DEL in IPv6 at 90 %: longer keys, and 20 kB all the same",
  async () => {
    await using scale = await startScale();
    const range = {
      subnet: "fd00:10::/64",
      rangeStart: "fd00:10::1000",
      rangeEnd: "fd00:10::13ff",
    };
    const ipam = { subnet: undefined, ranges: [[range]], cooldown: "30s" };
    const filler = makeFiller(scale, { first: "fd00:10::1000", size: 1024, prefixLength: 64 });
    await warm(scale, ipam, filler.cools);
    await filler.fillTo(900);
    const { adds, dels } = await addAndDelete(scale, { count: 20, ipam, cools: filler.cools });
    assertLessOrEqual(adds.trips, 2);
    assertLessOrEqual(adds.mostBytes(2), 20 * KB);
    assertEquals(dels.mostTrips, 2);
    assertLessOrEqual(dels.mostBytes(), 20 * KB);
  },
);

const SUBNETS = Array.from({ length: 40 }, (_, index) => `10.${index}.0.0/24`);
/** What a /24 has: all but network, broadcast and gateway. */
const EACH = 253;

function* allOf(subnets: number): Generator<Addr> {
  for (let subnet = 0; subnet < subnets; subnet++) {
    const { family, value } = parseAddr(`10.${subnet}.0.2`);
    for (let index = 0n; index < EACH; index++) yield { family, value: value + index };
  }
}

testNeeding(
  ["etcd"],
  "one range set of 40 subnets costs what one of the same size does",
  async (t) => {
    await using scale = await startScale();
    const ipam = {
      subnet: undefined,
      ranges: [SUBNETS.map((subnet) => ({ subnet }))],
      cooldown: "0s",
    };
    await warm(scale, ipam);
    await t.step("empty", async () => {
      const { adds, dels } = await addAndDelete(scale, { count: 40, ipam });
      assertEquals([adds.mostTrips, dels.mostTrips], [1, 2]);
      assertLessOrEqual(adds.mostBytes(), 8 * KB);
      const used = new Set(adds.ips.map((ip) => ip.split(".")[1]));
      assertLessOrEqual(15, used.size, "subnets that were chosen");
    });
    await t.step("39 of them full", async () => {
      await fillPool(scale.store, { network: "testnet", prefixLength: 24, addresses: allOf(39) });
      const { adds, dels } = await addAndDelete(scale, { count: 20, ipam });
      assertLessOrEqual(adds.mostTrips, 6);
      assertLessOrEqual(adds.mostBytes(), 64 * KB);
      assertEquals(dels.mostTrips, 2);
      assertEquals(new Set(adds.ips.map((ip) => ip.split(".")[1])), new Set(["39"]));
    });
    await checkInvariants(scale.store);
  },
);

testNeeding(
  ["etcd"],
  "16 range sets give 16 addresses in one trip, and take them back in two",
  async () => {
    await using scale = await startScale();
    const ranges = SUBNETS.slice(0, 16).map((subnet) => [{ subnet }]);
    const ipam = { subnet: undefined, ranges, cooldown: "0s" };
    await warm(scale, ipam);
    const { adds, dels } = await addAndDelete(scale, { count: 1, ipam });
    assertEquals(new Set(adds.ips).size, 16);
    assertEquals([adds.mostTrips, dels.mostTrips], [1, 2]);
    await checkInvariants(scale.store);
  },
);
