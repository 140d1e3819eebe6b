import { assertEquals, assertLessOrEqual } from "@std/assert";
import type { Datastore } from "../../../../lib/datastore/datastore.ts";
import { MemoryDatastore } from "../../../../lib/datastore/memory.ts";
import { parseAddr } from "../../../../lib/net/addr.ts";
import type { Interval } from "../../../../lib/net/interval.ts";
import { nextCandidate, triedKey } from "../../../../lib/ipam/add/choose.ts";
import type { Expiring } from "../../../../lib/ipam/expiring.ts";
import { poolOf } from "../../../../lib/ipam/pool.ts";
import { add, addRequest, ipsOf, release, seeded } from "../../../support/allocator.ts";
import { crowded } from "../../../support/crowded.ts";
import { checkInvariants } from "../../../support/invariants.ts";
import { setOf } from "../../../support/sets.ts";

/** In which order addresses are given, alone and among others. */

const SET = setOf({ subnet: "10.0.0.0/24" });
const BASE = parseAddr("10.0.0.0").value;

/** The last of those that may be chosen: whoever chooses at all does not get the first. */
const last = (below: bigint): bigint => below - 1n;

/** Before each of the first tries, somebody else takes the very address that it wants. */
function contested(store: MemoryDatastore, times: number): Datastore {
  let rival = 0;
  return {
    read: (reads, options) => store.read(reads, options),
    commit: async (txn, options) => {
      const wanted = txn.writes.find(({ key }) => key.includes("/addresses/"));
      if (rival < times && wanted !== undefined) {
        const ip = parseAddr(`10.0.0.${parseInt(wanted.key.slice(-2), 16)}`);
        const set = setOf({ subnet: "10.0.0.0/24", random: `10.0.0.${ip.value - BASE}` });
        const asker = { containerId: `rival-${rival++}` };
        assertEquals((await add(store, addRequest({ sets: [set], asker }))).kind, "granted");
      }
      return await store.commit(txn, options);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

for (const allocation of ["lowest", "sequential"] as const) {
  Deno.test(`${allocation}: after the k-th conflict any of the first 2^k free ones is taken, after the first the first`, async () => {
    for (const [conflicts, choices] of [[1, []], [2, [4n]], [3, [4n, 8n]], [4, [4n, 8n, 16n]]]) {
      await using store = new MemoryDatastore();
      const asked: bigint[] = [];
      const random = (below: bigint): bigint => {
        asked.push(below);
        return 0n;
      };
      const request = addRequest({ sets: [SET], allocation, random });
      const outcome = await add(contested(store, Number(conflicts)), request);
      assertEquals(outcome.kind, "granted");
      assertEquals(asked, choices);
      await checkInvariants(store);
    }
  });

  Deno.test(`${allocation}: what was held before says nothing of others at it`, async () => {
    await using store = new MemoryDatastore();
    for (const containerId of ["c2", "c3"]) {
      await add(store, addRequest({ sets: [SET], allocation: "lowest", asker: { containerId } }));
    }
    // The pod's former container held an address that the range has no more.
    const pod = { namespace: "shop", name: "web-0", uid: "1" };
    const before = setOf({ subnet: "10.9.0.0/24" });
    await add(store, addRequest({ sets: [before], asker: { containerId: "old", pod } }));
    const request = addRequest({
      sets: [SET],
      allocation,
      random: last,
      asker: { containerId: "new", pod },
    });
    assertEquals(ipsOf(await add(store, request)), ["10.0.0.3"]);
    await checkInvariants(store);
  });
}

Deno.test("random: a window beside the first counts saves most of the descents in a pool of which 98 % are taken", async () => {
  const set = setOf({ subnet: "10.0.0.0/16" });
  const gap = seeded(9);
  const taken: Interval[] = [];
  for (let first = BASE; first < BASE + 65_535n; first = (taken.at(-1)?.last ?? first) + 2n) {
    taken.push({ first, last: first + gap(100n) });
  }
  const trips: number[] = [];
  for (let seed = 1; seed <= 200; seed++) {
    const store = crowded({ family: 4, taken });
    await add(store, addRequest({ sets: [set], random: seeded(seed) }));
    trips.push(store.trips());
  }
  assertLessOrEqual(Math.max(...trips), 5);
  const beside = trips.filter((count) => count === 3).length;
  const descents = trips.filter((count) => count > 3).length;
  assertLessOrEqual(descents, beside);
});

Deno.test("nextCandidate() gives no address that cools down while the time of another is over", () => {
  const pool = poolOf(SET);
  const now = 1_000_000;
  const list: readonly Expiring[] = Array.from({ length: 48 }, (_, index) => {
    const addr = { family: 4, value: BASE + 10n + BigInt(index) } as const;
    const guards = [{ kind: "revision", key: `${index}`, revision: "1" }] as const;
    const untilMs = index < 8 ? now - 10_000 : now + 29_000;
    return { addr, untilMs, state: "cooling", replacement: { guards, deletes: [] } };
  });
  const until = new Map(list.map(({ addr, untilMs }) => [addr.value, untilMs]));
  for (let seed = 0; seed < 300; seed++) {
    const failed = list[seed % 8];
    if (failed === undefined) throw new TypeError("Cannot find an expired one");
    const { addr: { value }, replacement } = failed;
    const search = {
      pool,
      request: addRequest({ now, random: seeded(seed) }),
      order: "random",
      start: 0n,
      lost: 3,
      tried: new Set([triedKey(replacement)]),
    } as const;
    const candidate = { value, window: [], lost: 2, replacement, others: { list, tries: 3 } };
    const next = nextCandidate(search, { candidate, window: undefined, oldest: [] }).next();
    const chosen = next.done === true ? next.value?.value : undefined;
    assertLessOrEqual(until.get(chosen ?? 0n) ?? Infinity, now);
  }
});

Deno.test("planAdd() tries an address again that somebody else had meanwhile and gave back", async () => {
  await using memory = new MemoryDatastore();
  const one = { sets: [setOf({ subnet: "10.0.0.0/30", random: "10.0.0.1-10.0.0.1" })] };
  const other = addRequest({ ...one, asker: { containerId: "other" } });
  await add(memory, other);
  await release(memory, other);
  let commits = 0;
  const store: Datastore = {
    read: memory.read.bind(memory),
    commit: async (txn, options) => {
      // Twice somebody is faster at the address that cools down, and gives it back at once.
      if (++commits === 2 || commits === 3) {
        await add(memory, other);
        await release(memory, other);
      }
      return await memory.commit(txn, options);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const outcome = await add(store, addRequest(one));
  assertEquals([outcome.kind, ipsOf(outcome)], ["granted", ["10.0.0.1"]]);
  await checkInvariants(memory);
});
