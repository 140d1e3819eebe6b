import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { MemoryDatastore } from "../../../../lib/datastore/memory.ts";
import type { Interval } from "../../../../lib/net/interval.ts";
import { parseAddr } from "../../../../lib/net/addr.ts";
import { add, addRequest, ipsOf, seeded } from "../../../support/allocator.ts";
import { crowded } from "../../../support/crowded.ts";
import { setOf } from "../../../support/sets.ts";

/** Round trips of one ADD: what the design promises, counted. */

const ALLOCATIONS = ["random", "sequential", "lowest"] as const;

interface Case {
  readonly name: string;
  readonly subnet: string;
  /** Every n-th address is free; `last`: only the last one. */
  readonly free: number | "last" | "none";
  readonly most: { readonly random: number; readonly sequential: number; readonly lowest: number };
}

const CASES: readonly Case[] = [
  {
    name: "an empty /24",
    subnet: "10.0.0.0/24",
    free: 1,
    most: { random: 1, sequential: 2, lowest: 1 },
  },
  {
    name: "an empty /8",
    subnet: "10.0.0.0/8",
    free: 1,
    most: { random: 1, sequential: 2, lowest: 1 },
  },
  {
    name: "an empty /64",
    subnet: "fd00::/64",
    free: 1,
    most: { random: 1, sequential: 2, lowest: 1 },
  },
  {
    name: "a /16, 90 % taken",
    subnet: "10.0.0.0/16",
    free: 10,
    most: { random: 2, sequential: 3, lowest: 2 },
  },
  {
    name: "the last address of a /16",
    subnet: "10.0.0.0/16",
    free: "last",
    most: { random: 6, sequential: 6, lowest: 6 },
  },
  {
    name: "the last address of a /10",
    subnet: "10.0.0.0/10",
    free: "last",
    most: { random: 5, sequential: 6, lowest: 5 },
  },
  {
    name: "a full /16",
    subnet: "10.0.0.0/16",
    free: "none",
    most: { random: 5, sequential: 6, lowest: 5 },
  },
];

for (const { name, subnet, free, most } of CASES) {
  for (const allocation of ALLOCATIONS) {
    Deno.test(`planAdd() of ${allocation} in ${name} makes at most ${most[allocation]} trips`, async () => {
      const set = setOf({ subnet });
      for (let seed = 1; seed <= 20; seed++) {
        const store = crowded({ family: set.family, taken: takenOf(subnet, free) });
        const request = addRequest({ sets: [set], allocation, random: seeded(seed) });
        const outcome = await add(store, request);
        assertEquals(outcome.kind, free === "none" ? "exhausted" : "granted", `seed ${seed}`);
        assertLessOrEqual(store.trips(), most[allocation], `seed ${seed}`);
      }
    });
  }
}

Deno.test("planAdd() finds the one free address wherever it is", async () => {
  const set = setOf({ subnet: "10.0.0.0/18" });
  for (let seed = 1; seed <= 40; seed++) {
    const offset = 1n + seeded(seed)(16_382n);
    const base = parseAddr("10.0.0.0").value;
    const taken = [
      ...(offset > 1n ? [{ first: base + 1n, last: base + offset - 1n }] : []),
      { first: base + offset + 1n, last: base + 16_383n },
    ];
    for (const allocation of ALLOCATIONS) {
      const store = crowded({ family: 4, taken });
      const request = addRequest({ sets: [set], allocation, random: seeded(seed) });
      const [ip = ""] = ipsOf(await add(store, request));
      assertEquals(parseAddr(ip).value, base + offset);
    }
  }
});

Deno.test("planAdd() finds an address among more pieces than one read can count", async () => {
  const exclude = Array.from(
    { length: 500 },
    (_, index) => `10.0.${index >> 6}.${(index & 63) * 4 + 2}`,
  );
  const set = setOf({ subnet: "10.0.0.0/21", exclude });
  const last = parseAddr("10.0.7.254").value;
  const taken = [{ first: parseAddr("10.0.0.1").value, last: last - 1n }];
  for (const allocation of ALLOCATIONS) {
    const store = crowded({ family: 4, taken });
    const outcome = await add(store, addRequest({ sets: [set], allocation }));
    assertEquals(ipsOf(outcome), ["10.0.7.254"]);
    assertLessOrEqual(store.trips(), 9);
  }
});

Deno.test("planAdd() takes the ranges of a set in the order of the netconf", async () => {
  const sets = [setOf({ subnet: "10.9.0.0/30" }, { subnet: "10.1.0.0/30" })];
  for (const allocation of ["sequential", "lowest"] as const) {
    await using store = new MemoryDatastore();
    const got = [];
    for (const containerId of ["a", "b", "c", "d"]) {
      got.push(
        ...ipsOf(await add(store, addRequest({ sets, allocation, asker: { containerId } }))),
      );
    }
    assertEquals(got, ["10.9.0.1", "10.9.0.2", "10.1.0.1", "10.1.0.2"]);
  }
});

Deno.test("planAdd() makes at most five trips in a /10 whose lower half is taken", async () => {
  const set = setOf({ subnet: "10.0.0.0/10" });
  const base = parseAddr("10.0.0.0").value;
  for (const part of [10n, 49n, 51n, 90n]) {
    const taken = [{ first: base, last: base + ((1n << 22n) * part) / 100n }];
    for (let seed = 1; seed <= 60; seed++) {
      const store = crowded({ family: 4, taken });
      await add(store, addRequest({ sets: [set], random: seeded(seed) }));
      assertLessOrEqual(store.trips(), 5, `${part} % taken, seed ${seed}`);
    }
  }
});

Deno.test("planAdd() spreads random addresses over the whole range", async () => {
  const set = setOf({ subnet: "10.0.0.0/24" });
  const random = seeded(3);
  const seen = new Set<string>();
  for (let round = 0; round < 400; round++) {
    const store = crowded({ family: 4, taken: [] });
    seen.add(ipsOf(await add(store, addRequest({ sets: [set], random })))[0] ?? "");
  }
  // 400 draws of 254 leave about a fifth of the addresses out; half of them would be a defect.
  assert(seen.size > 170 && seen.size <= 254, `distinct addresses: ${seen.size}`);
});

function takenOf(subnet: string, free: Case["free"]): readonly Interval[] {
  const [text = "", length = ""] = subnet.split("/");
  const { family, value: base } = parseAddr(text);
  const size = 1n << BigInt((family === 4 ? 32 : 128) - Number(length));
  if (free === 1) return [];
  if (free === "none") return [{ first: base, last: base + size - 1n }];
  if (free === "last") return [{ first: base, last: base + size - 3n }];
  const step = BigInt(free);
  const taken: Interval[] = [];
  for (let at = base; at < base + size; at += step) taken.push({ first: at, last: at + step - 2n });
  return taken;
}
