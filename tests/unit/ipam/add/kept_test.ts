/** Odd cases of owners, victims and pools; each was a defect once. */
import { assert, assertEquals } from "@std/assert";
import type { Datastore } from "../../../../lib/datastore/datastore.ts";
import { MemoryDatastore } from "../../../../lib/datastore/memory.ts";
import type { AddRequest } from "../../../../lib/ipam/request.ts";
import { formatAddr } from "../../../../lib/net/addr.ts";
import { RecordError } from "../../../../lib/state/record_text.ts";
import {
  add,
  ipsOf,
  judgeOf,
  podRequest as requestOf,
  release,
  type RequestChanges,
  seeded,
} from "../../../support/allocator.ts";
import { allEntries, checkInvariants } from "../../../support/invariants.ts";
import { setOf, wishFor } from "../../../support/sets.ts";

const SET = setOf({ subnet: "10.0.0.0/24", random: "10.0.0.10-10.0.0.19" });
/** Two sets of one subnet: what is fixed in the one is fixed in the other. */
const TWINS = [SET, setOf({ subnet: "10.0.0.0/24", random: "10.0.0.20-10.0.0.29" })];
const GONE = judgeOf(new Set());

function podRequest(pod: string, incarnation: number, changes: RequestChanges = {}): AddRequest {
  return requestOf({ pod, incarnation }, { sets: [SET], cooldownMs: 0, ...changes });
}

async function live(store: Datastore, request: AddRequest): Promise<readonly string[]> {
  const outcome = await add(store, request, GONE);
  assertEquals(outcome.kind, "granted");
  await checkInvariants(store);
  return ipsOf(outcome);
}

async function liveAndEnd(store: Datastore, request: AddRequest): Promise<readonly string[]> {
  const ips = await live(store, request);
  assertEquals((await release(store, request))?.kind, "released");
  await checkInvariants(store);
  return ips;
}

Deno.test("an owner that lost one of its addresses is not given the other one twice", async () => {
  await using store = new MemoryDatastore();
  const both = [wishFor("10.0.0.200"), wishFor("10.0.0.201", 1)];
  await liveAndEnd(store, podRequest("web-0", 1, { sets: TWINS, retain: 60_000, wishes: both }));
  const thief = { sets: [SET], retain: "forever" } as const;
  await liveAndEnd(store, podRequest("x-0", 1, { ...thief, wishes: [wishFor("10.0.0.210")] }));
  const now = 1_060_001;
  await live(store, podRequest("x-0", 2, { ...thief, now, wishes: [wishFor("10.0.0.200")] }));
  const again = podRequest("web-0", 2, { sets: TWINS, retain: 60_000, now });
  const ips = ipsOf(await add(store, again, judgeOf(new Set(["x-0-uid-2"]))));
  await checkInvariants(store);
  assertEquals(new Set(ips).size, 2);
  assert(ips.includes("10.0.0.201"));
});

Deno.test("a kept address goes to the set that keeps it further", async () => {
  await using store = new MemoryDatastore();
  const second = setOf({ subnet: "10.0.0.0/24", random: "10.0.0.20-10.0.0.29", retain: "forever" });
  const sets = [SET, second];
  const wishes = [wishFor("10.0.0.200"), wishFor("10.0.0.201", 1)];
  await liveAndEnd(store, podRequest("web-0", 1, { sets, wishes }));
  for (const incarnation of [2, 3, 4]) {
    const ips = await liveAndEnd(store, podRequest("web-0", incarnation, { sets }));
    assertEquals(ips[1], "10.0.0.201");
  }
});

Deno.test("what waits for the owner comes before what the pod's former sandbox held", async () => {
  await using store = new MemoryDatastore();
  const db = { owner: { namespace: "shop", name: "db" }, retain: "forever" } as const;
  const [kept = ""] = await liveAndEnd(store, podRequest("a", 1, db));
  await live(store, podRequest("b", 1, { owner: undefined }));
  const named = podRequest("b", 1, { ...db, asker: { containerId: "second" } });
  assertEquals(await live(store, named), [kept]);
});

Deno.test("a kept address that the pod may not have any more is refused, not given up", async () => {
  await using store = new MemoryDatastore();
  const wishes = [wishFor("10.0.0.200")];
  await liveAndEnd(store, podRequest("web-0", 1, { wishes, retain: "forever" }));
  const before = await allEntries(store);
  const outcome = await add(store, podRequest("web-0", 2, { permits: () => false }));
  assert(outcome.kind === "forbidden");
  assertEquals(formatAddr(outcome.addr), "10.0.0.200");
  assertEquals(await allEntries(store), before);
});

Deno.test("a kept address that no range has any more is given up, and told", async () => {
  await using store = new MemoryDatastore();
  const [ip = ""] = await liveAndEnd(store, podRequest("web-0", 1, { retain: "forever" }));
  const sets = [setOf({ subnet: "10.7.0.0/24" })];
  const outcome = await add(store, podRequest("web-0", 2, { sets, retain: "forever" }));
  assert(outcome.kind === "granted");
  assertEquals(outcome.freed, [ip]);
  await checkInvariants(store);
});

Deno.test("an address kept on another interface moves with its owner's key, or not at all", async () => {
  for (const retain of ["forever", 60_000] as const) {
    await using store = new MemoryDatastore();
    const wishes = [wishFor("10.0.0.200")];
    const net1 = { asker: { ifName: "net1" } };
    const net2 = { asker: { ifName: "net2" } };
    await liveAndEnd(store, podRequest("web-0", 1, { retain, wishes, ...net1 }));
    assertEquals(await live(store, podRequest("web-0", 2, { retain, wishes, ...net2 })), [
      "10.0.0.200",
    ]);
  }
  await using store = new MemoryDatastore();
  const both = [wishFor("10.0.0.200"), wishFor("10.0.0.201", 1)];
  const net1 = { retain: "forever", sets: TWINS, asker: { ifName: "net1" } } as const;
  await liveAndEnd(store, podRequest("web-0", 1, { ...net1, wishes: both }));
  const net2 = { retain: "forever", wishes: [wishFor("10.0.0.200")], asker: { ifName: "net2" } };
  const outcome = await add(store, podRequest("web-0", 2, net2 as RequestChanges));
  assertEquals(outcome.kind, "taken");
  await checkInvariants(store);
});

Deno.test("the holders of a large pool are looked at in turn", async () => {
  await using store = new MemoryDatastore();
  const span = { first: wishFor("10.0.0.100").addr.value, last: wishFor("10.0.0.199").addr.value };
  const pools = [{ set: 0, members: [[span]], text: "10.0.0.100-10.0.0.199", path: "pool" }];
  const living = new Set<string>();
  for (let index = 0; index < 100; index++) {
    const request = podRequest(`p${index}`, 1, { pools, random: seeded(index) });
    const [ip = ""] = ipsOf(await add(store, request, judgeOf(living)));
    if (Number(ip.split(".")[3]) < 170) living.add(`p${index}-uid-1`);
  }
  const kinds = [];
  for (let index = 0; index < 20; index++) {
    const request = podRequest(`n${index}`, 1, { pools, random: seeded(1000 + index) });
    kinds.push((await add(store, request, judgeOf(living))).kind);
  }
  assert(kinds.includes("granted"), "30 of 100 holders are gone");
});

Deno.test("an API that is out ends the search through a pool", async () => {
  await using store = new MemoryDatastore();
  const span = { first: wishFor("10.0.0.100").addr.value, last: wishFor("10.0.0.103").addr.value };
  const pools = [{ set: 0, members: [[span]], text: "pool", path: "pool" }];
  for (const index of [1, 2, 3, 4]) await live(store, podRequest(`p${index}`, 1, { pools }));
  let asked = 0;
  const outcome = await add(store, podRequest("n", 1, { pools }), () => {
    asked++;
    return Promise.resolve({ kind: "unknown", reason: "no answer", isOutage: true });
  });
  assertEquals([outcome.kind, asked], ["taken", 1]);
});

Deno.test("a claim of sixteen sets takes sixteen attachments over", async () => {
  const sets = Array.from({ length: 16 }, (_, index) =>
    setOf({
      subnet: `10.${index}.0.0/24`,
      random: `10.${index}.0.10-10.${index}.0.99`,
      retain: 60_000,
    }));
  await using store = new MemoryDatastore();
  for (const index of sets.keys()) {
    const wishes = [wishFor(`10.${index}.0.200`, index)];
    await live(store, podRequest(`p${index}`, 1, { sets, wishes, owner: undefined }));
  }
  const wishes = sets.map((_, set) => wishFor(`10.${set}.0.200`, set));
  await live(store, podRequest("new", 1, { sets, wishes }));
});

Deno.test("a DEL beside a DEL and a new ADD of the same container does not end what is kept", async () => {
  await using store = new MemoryDatastore();
  const request = (now: number): AddRequest => podRequest("web-0", 1, { now, retain: "forever" });
  const ips = await live(store, request(1));
  let isFirst = true;
  const slow: Datastore = {
    read: (reads, options) => store.read(reads, options),
    commit: async (txn, options) => {
      if (isFirst) {
        isFirst = false;
        await release(store, request(2));
        await add(store, request(3));
      }
      return await store.commit(txn, options);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  assertEquals((await release(slow, request(4)))?.kind, "released");
  await checkInvariants(store);
  assertEquals(await live(store, podRequest("web-0", 2, { retain: "forever" })), ips);
});

Deno.test("a repeated ADD whose pool has changed is told", async () => {
  await using store = new MemoryDatastore();
  const poolAt = (first: string): AddRequest["pools"] => {
    const { value } = wishFor(first).addr;
    const members = [[{ first: value, last: value + 1n }]];
    return [{ set: 0, members, text: first, path: "kube-ipam.pool" }];
  };
  const request = podRequest("a", 1, { pools: poolAt("10.0.0.100") ?? [] });
  await live(store, request);
  assertEquals((await add(store, request)).kind, "held");
  const changed = await add(store, { ...request, pools: poolAt("10.0.0.200") ?? [] });
  assert(changed.kind === "differs");
  assertEquals(changed.wish.path, "kube-ipam.pool");
});

Deno.test("an owner without any API keeps its address too", async () => {
  await using store = new MemoryDatastore();
  const none = { retain: "forever", asker: { authorities: [] } } as const;
  const ips = await liveAndEnd(store, podRequest("web-0", 1, none));
  const next = podRequest("web-0", 2, none);
  assertEquals(await live(store, next), ips);
});

Deno.test("a rule that this version cannot read makes the record unreadable, and nothing else", async () => {
  await using store = new MemoryDatastore();
  const request = podRequest("web-0", 1, { retain: "forever" });
  await live(store, request);
  const writes = (await allEntries(store)).filter(({ value }) => value !== "")
    .map(({ key, value }) => ({
      kind: "put" as const,
      key,
      value: value.replaceAll('"forever"', '"until-monday"'),
    }));
  await store.commit({ guards: [], writes }, { signal: AbortSignal.timeout(1_000) });
  const released = await release(store, request);
  assert(released?.kind === "unreadable" && released.error instanceof RecordError);
});
