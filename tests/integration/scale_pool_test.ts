/** What an ADD and a DEL cost in a /16, from the first allocation to the last: counted on the wire, with a real etcd. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { checkInvariants } from "../support/invariants.ts";
import { testNeeding } from "../support/needs.ts";
import type { Costs } from "./_costs.ts";
import { addAndDelete, type Filler, makeFiller, type Scale, startScale } from "./_scale.ts";

const SUBNET = "10.1.0.0/16";
/** All but network, broadcast and gateway. */
const SIZE = 65_533;

const KB = 1000;
const BYTES = 20 * KB;
const BYTES_BEYOND = 64 * KB;

/** What the ADDs at one level may cost. */
interface Level {
  readonly taken: number;
  /** The mean number of round trips. */
  readonly trips: number;
  readonly mostTrips: number;
  /** The mean number of bytes. */
  readonly bytes: number;
}

const LEVELS: readonly Level[] = [
  { taken: 0, trips: 1, mostTrips: 1, bytes: BYTES },
  { taken: 1000, trips: 1.1, mostTrips: 2, bytes: BYTES },
  { taken: 10_000, trips: 1.3, mostTrips: 2, bytes: BYTES },
  // One window of 150 is full here.
  { taken: Math.floor(SIZE * 0.9), trips: 2, mostTrips: 3, bytes: BYTES },
  { taken: 60_000, trips: 2, mostTrips: 5, bytes: BYTES },
  { taken: 65_000, trips: 4, mostTrips: 5, bytes: BYTES_BEYOND },
  { taken: Math.floor(SIZE * 0.999), trips: 5, mostTrips: 5, bytes: BYTES_BEYOND },
];

/** In order. `sequential` reads first where the last one ended; what is lowest lies behind a full window soon. */
const ORDERED = [
  { allocation: "sequential", mostTrips: 3, bytes: BYTES },
  { allocation: "lowest", mostTrips: 5, bytes: BYTES_BEYOND },
  { allocation: "owner-hash", mostTrips: 5, bytes: BYTES },
] as const;

/** What is given back cools down, and is counted as taken; without a filler it is free at once. */
async function measure(
  scale: Scale,
  options: { readonly count: number; readonly allocation?: string; readonly filler?: Filler },
): Promise<Costs> {
  const { count, allocation = "random", filler } = options;
  const cooldown = filler === undefined ? "0s" : "30s";
  const ipam = { subnet: SUBNET, allocation, cooldown };
  const { adds, dels } = await addAndDelete(scale, { count, ipam, cools: filler?.cools });
  assertEquals([dels.trips, dels.mostTrips], [2, 2], "DEL");
  assertLessOrEqual(dels.mostBytes(), BYTES, "DEL");
  return adds;
}

async function countOf(scale: Scale, folder: string): Promise<number> {
  const prefix = `/kube-ipam/v1/default/${folder}`;
  const [seen] = await scale.store.read([{ kind: "count", from: `${prefix}/`, to: `${prefix}0` }], {
    signal: AbortSignal.timeout(10_000),
  });
  assert(seen?.kind === "count");
  return seen.count;
}

testNeeding(
  ["etcd"],
  "ADD and DEL in a /16 take few round trips and bytes, from the first address to the last",
  async (t) => {
    await using scale = await startScale();
    const filler = makeFiller(scale, { first: "10.1.0.2", size: SIZE, prefixLength: 16 });
    await measure(scale, { count: 1 }); // a node's first ADD records the network too

    for (const { taken, trips, mostTrips, bytes } of LEVELS) {
      await t.step(`random, ${taken} of ${SIZE} taken`, async () => {
        await filler.fillTo(taken);
        const adds = await measure(scale, { count: 32, filler });
        assertLessOrEqual(adds.trips, trips);
        assertLessOrEqual(adds.mostTrips, mostTrips);
        assertLessOrEqual(adds.bytes, bytes);
        assertLessOrEqual(adds.mostBytes(2), BYTES, "an ADD of two trips");
        assertLessOrEqual(adds.mostBytes(), BYTES_BEYOND);
        if (taken === 1000) await checkInvariants(scale.store);
      });
      if (taken !== 60_000) continue;
      for (const { allocation, mostTrips, bytes } of ORDERED) {
        await t.step(`${allocation}, ${taken} of ${SIZE} taken`, async () => {
          const adds = await measure(scale, { count: 8, filler, allocation });
          assertLessOrEqual(adds.mostTrips, mostTrips);
          assertLessOrEqual(adds.bytes, bytes);
          assertLessOrEqual(adds.mostBytes(), BYTES_BEYOND);
        });
      }
    }
    for (const allocation of ["random", "sequential", "lowest", "owner-hash"]) {
      await t.step(`${allocation}, the last free address`, async () => {
        await filler.fillTo(SIZE - 1);
        const adds = await measure(scale, { count: 4, allocation });
        assertLessOrEqual(adds.mostTrips, 6);
        assertLessOrEqual(adds.mostBytes(), BYTES_BEYOND);
      });
    }
    await t.step("random, none free: one that cools down is given", async () => {
      await filler.fillTo(SIZE);
      const adds = await measure(scale, { count: 4, filler });
      assertLessOrEqual(adds.mostTrips, 6);
      assertLessOrEqual(adds.mostBytes(), BYTES_BEYOND);
    });
    const held = await countOf(scale, "attachments");
    assertEquals(await countOf(scale, "addresses"), SIZE);
    assertEquals(await countOf(scale, "nodes"), held);
    assertEquals(await countOf(scale, "expiring"), SIZE - held);
    assertEquals(await countOf(scale, "pods"), 0);
  },
);
