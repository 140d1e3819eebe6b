import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { MemoryDatastore } from "../../lib/datastore/memory.ts";
import { add, addRequest, ipsOf, judgeOf, release, seeded } from "../support/allocator.ts";
import { checkInvariants } from "../support/invariants.ts";
import { runs } from "../support/runs.ts";
import { scheduled } from "../support/scheduled.ts";
import { setOf, wishFor } from "../support/sets.ts";

/** Calls of several nodes whose steps are interleaved in every way that the scheduler finds. */

const SET = setOf({ subnet: "10.0.0.0/29" });

interface Scenario {
  readonly allocation: "random" | "sequential" | "lowest";
  readonly seed: number;
}

const scenario: fc.Arbitrary<Scenario> = fc.record({
  allocation: fc.constantFrom("random" as const, "sequential" as const, "lowest" as const),
  seed: fc.nat(100_000),
});

Deno.test("planAdd() of six containers at once gives six addresses in every interleaving", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), scenario, async (scheduler, { allocation, seed }) => {
      await using memory = new MemoryDatastore();
      const store = scheduled(memory, scheduler);
      const calls = Array.from({ length: 6 }, (_, index) =>
        add(
          store,
          addRequest({
            sets: [SET],
            allocation,
            random: seeded(seed + index),
            asker: { containerId: `c${index}`, node: `node-${index % 3}` },
          }),
        ));
      const [outcomes] = await Promise.all([
        Promise.all(calls),
        scheduler.waitFor(Promise.all(calls)),
      ]);
      const ips = outcomes.flatMap(ipsOf);
      assertEquals(new Set(ips).size, 6, "the /29 has room for all six");
      await checkInvariants(memory);
    }),
    { numRuns: runs(150) },
  );
});

Deno.test("planAdd() of eight containers that wish for one address grants it to one", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      await using memory = new MemoryDatastore();
      const store = scheduled(memory, scheduler);
      const calls = Array.from({ length: 8 }, (_, index) =>
        add(
          store,
          addRequest({
            sets: [SET],
            wishes: [wishFor("10.0.0.5")],
            asker: { containerId: `c${index}` },
          }),
        ));
      await scheduler.waitFor(Promise.all(calls));
      const kinds = (await Promise.all(calls)).map(({ kind }) => kind);
      assertEquals(kinds.filter((kind) => kind === "granted").length, 1);
      assertEquals(kinds.filter((kind) => kind === "taken").length, 7);
      await checkInvariants(memory);
    }),
    { numRuns: runs(100) },
  );
});

Deno.test("planRelease() of the former container frees nothing that its pod's new container holds", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), scenario, async (scheduler, { allocation, seed }) => {
      await using memory = new MemoryDatastore();
      const pod = { namespace: "ns", name: "web-0", uid: "uid-1" };
      const base = { sets: [SET], allocation, random: seeded(seed) };
      const old = addRequest({ ...base, asker: { containerId: "old", pod } });
      const next = addRequest({ ...base, asker: { containerId: "new", pod } });
      const other = addRequest({ ...base, asker: { containerId: "other", node: "node-b" } });
      const [before = ""] = ipsOf(await add(memory, old));

      const store = scheduled(memory, scheduler);
      const calls = [add(store, next), release(store, old), add(store, other)] as const;
      await scheduler.waitFor(Promise.all(calls));
      const [got, , foreign] = await Promise.all(calls);

      const held = await checkInvariants(memory);
      assertEquals(got.kind, "granted");
      assert(held.has(ipsOf(got)[0] ?? ""), "the new container holds its address");
      const moved = got.kind === "granted" && got.former !== undefined;
      if (moved) assertEquals(ipsOf(got), [before], "a new sandbox keeps the address");
      assert(ipsOf(got)[0] !== ipsOf(foreign)[0]);
      assertEquals(held.size, 2);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("planAdd() and planRelease() of one container at once never leave half of it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), scenario, async (scheduler, { allocation, seed }) => {
      await using memory = new MemoryDatastore();
      const store = scheduled(memory, scheduler);
      const request = addRequest({ sets: [SET], allocation, random: seeded(seed) });
      const calls = [
        add(store, request),
        release(store, request),
        add(store, request),
        release(store, request),
      ] as const;
      await scheduler.waitFor(Promise.all(calls));
      await checkInvariants(memory);
    }),
    { numRuns: runs(150) },
  );
});

/** A pod of a namespace, by name and incarnation, that wishes for an address or keeps the one it gets. */
function podRequest(
  pod: string,
  options: { readonly uid: string; readonly containerId: string; readonly isSticky?: boolean },
): ReturnType<typeof addRequest> {
  const { uid, containerId, isSticky = false } = options;
  const sticky = { owner: { namespace: "ns", name: pod }, retain: "forever", wishes: [] } as const;
  return addRequest({
    sets: [setOf({ subnet: "10.0.0.0/28", random: "10.0.0.1-10.0.0.4" })],
    ...(isSticky ? sticky : { wishes: [wishFor("10.0.0.9")] }),
    asker: { containerId, authorities: ["api"], pod: { namespace: "ns", name: pod, uid } },
  });
}

Deno.test("of four pods that take one address over at once, one gets it, whatever its late DEL does", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      await using memory = new MemoryDatastore();
      const former = podRequest("old", { uid: "old", containerId: "old" });
      await add(memory, former);
      const store = scheduled(memory, scheduler);
      const living = new Set(["a", "b", "c", "d"]);
      const judge = judgeOf(living);
      const calls = [...living].map((uid) =>
        add(store, podRequest(uid, { uid, containerId: uid }), judge)
      );
      const late = release(store, former);
      await scheduler.waitFor(Promise.all([...calls, late]));
      const kinds = (await Promise.all(calls)).map(({ kind }) => kind);
      assertEquals(kinds.filter((kind) => kind === "granted").length, 1, kinds.join());
      assertEquals(kinds.filter((kind) => kind === "taken").length, 3);
      assertEquals([...(await checkInvariants(memory)).keys()], ["10.0.0.9"]);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("an owner's next pod gets its address in every interleaving with DEL, and no other pod does", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      await using memory = new MemoryDatastore();
      const isSticky = true;
      const first = podRequest("web-0", { uid: "1", containerId: "c1", isSticky });
      const [ip = ""] = ipsOf(await add(memory, first));
      const store = scheduled(memory, scheduler);
      const judge = judgeOf(new Set(["2", "x"]));
      const next = podRequest("web-0", { uid: "2", containerId: "c2", isSticky });
      const other = podRequest("x", { uid: "x", containerId: "cx" });
      const wish = { ...other, wishes: [wishFor(ip)] };
      const calls = [
        add(store, next, judge),
        release(store, first),
        add(store, wish, judge),
      ] as const;
      await scheduler.waitFor(Promise.all(calls));
      const [got, , refused] = await Promise.all(calls);
      assertEquals(ipsOf(got), [ip]);
      assertEquals(refused.kind, "taken");
      assertEquals([...(await checkInvariants(memory)).keys()], [ip]);
    }),
    { numRuns: runs(300) },
  );
});
