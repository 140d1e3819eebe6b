/** Take-over: an address whose holder's pod is gone moves in one transaction; any other is left alone. */
import { assert, assertEquals } from "@std/assert";
import type { Datastore } from "../../../../lib/datastore/datastore.ts";
import { MemoryDatastore } from "../../../../lib/datastore/memory.ts";
import type { Verdict } from "../../../../lib/ipam/plan.ts";
import type { AddRequest } from "../../../../lib/ipam/request.ts";
import { clusterKey } from "../../../../lib/state/keys.ts";
import { SCHEMA } from "../../../../lib/state/records.ts";
import { formatRecord, parseAddress } from "../../../../lib/state/record_text.ts";
import { add, addRequest, ASKER, ipsOf, judgeOf, release } from "../../../support/allocator.ts";
import { allEntries, checkInvariants } from "../../../support/invariants.ts";
import { setOf, wishFor } from "../../../support/sets.ts";

const SET = setOf({ subnet: "10.0.0.0/24", random: "10.0.0.10-10.0.0.99" });
const SIX = setOf({ subnet: "fd00::/64", random: "fd00::10-fd00::ff" });
const FIXED = "10.0.0.200";
const GONE = judgeOf(new Set());

/** An ADD of a pod that wishes for the fixed address. */
function wishing(
  pod: string,
  changes: Partial<Omit<AddRequest, "asker">> & {
    readonly asker?: Partial<AddRequest["asker"]>;
  } = {},
): AddRequest {
  const { asker, ...rest } = changes;
  return addRequest({
    sets: [SET],
    wishes: [wishFor(FIXED)],
    ...rest,
    asker: {
      ...ASKER,
      containerId: `c-${pod}`,
      authorities: ["api-1"],
      pod: { namespace: "shop", name: pod, uid: `uid-${pod}` },
      ...asker,
    },
  });
}

async function grant(store: Datastore, request: AddRequest, judge = GONE): Promise<string> {
  const outcome = await add(store, request, judge);
  assertEquals(outcome.kind, "granted");
  await checkInvariants(store);
  return ipsOf(outcome).join(",");
}

async function refuse(store: Datastore, request: AddRequest, judge = GONE): Promise<Verdict> {
  const outcome = await add(store, request, judge);
  assert(outcome.kind === "taken", outcome.kind);
  await checkInvariants(store);
  return outcome.verdict ?? { kind: "unknown", reason: "none" };
}

Deno.test("the address of a pod that is gone moves; the late DEL of its container frees nothing", async () => {
  await using store = new MemoryDatastore();
  const former = wishing("a");
  await grant(store, former);
  const later = wishing("b", { asker: { node: "node-b", nodeId: "id-b" } });
  const outcome = await add(store, later, GONE);
  assert(outcome.kind === "granted");
  assertEquals(outcome.victims.map(({ record }) => record.containerID), ["c-a"]);
  assertEquals([...(await checkInvariants(store)).keys()], [FIXED]);
  assertEquals((await release(store, former))?.kind, "absent");
  assertEquals([...(await checkInvariants(store)).keys()], [FIXED]);
});

Deno.test("the address of a pod that lives is refused, with the advice of the judge", async () => {
  await using store = new MemoryDatastore();
  await grant(store, wishing("a"));
  const living = judgeOf(new Set(["uid-a"]));
  assertEquals(await refuse(store, wishing("b"), living), { kind: "present", advice: "wait" });
  assertEquals([...(await checkInvariants(store)).values()].length, 1);
});

Deno.test("take-over removes the whole attachment: what else it held is free", async () => {
  await using store = new MemoryDatastore();
  await grant(store, wishing("a", { sets: [SET, SIX], cooldownMs: 0 }));
  await grant(store, wishing("b", { cooldownMs: 0 }));
  const left = (await allEntries(store)).filter(({ key }) => key.includes("/addresses/"));
  assertEquals(left.map((entry) => parseAddress(entry).containerID), ["c-b"]);
});

Deno.test("a holder without a pod, of another cluster or of another API is never judged", async () => {
  const never = (): Promise<Verdict> => Promise.reject(new Error("asked"));
  const cases = [
    { asker: { pod: { name: "podman" } } },
    { asker: { cluster: "other" } },
    { asker: { authorities: ["api-2"] } },
    { asker: { authorities: [] } },
  ];
  for (const former of cases) {
    await using store = new MemoryDatastore();
    await grant(store, wishing("a", former));
    const verdict = await add(store, wishing("b"), never);
    assert(verdict.kind === "taken" && verdict.verdict?.kind === "unknown");
  }
});

Deno.test("an API is known by its former certificate, if the cluster's record names both", async () => {
  for (const known of [["api-1", "api-2"], ["api-2"], ["api-1"]]) {
    await using store = new MemoryDatastore();
    await grant(store, wishing("a"));
    const record = { schema: SCHEMA, authorities: known, node: "n", since: 1 } as const;
    await store.commit({
      guards: [],
      writes: [{ kind: "put", key: clusterKey("default", "default"), value: formatRecord(record) }],
    }, { signal: AbortSignal.timeout(1000) });
    const renewed = wishing("b", { asker: { authorities: ["api-2"] } });
    const outcome = await add(store, renewed, GONE);
    assertEquals(outcome.kind, known.length === 2 ? "granted" : "taken");
  }
});

Deno.test("the same pod on another interface or network is no take-over: the next wish counts", async () => {
  await using store = new MemoryDatastore();
  await grant(store, wishing("a", { asker: { ifName: "net1" } }));
  const again = wishing("a", { asker: { ifName: "net2" } });
  const refused = await add(store, again, GONE);
  assert(refused.kind === "taken" && refused.samePod);
  const list = [wishFor(FIXED), wishFor("10.0.0.201")];
  assertEquals(await grant(store, { ...again, wishes: list }), "10.0.0.201");
});

Deno.test("several wishes are no way past another pod", async () => {
  await using store = new MemoryDatastore();
  await grant(store, wishing("a"));
  const wishes = [wishFor(FIXED), wishFor("10.0.0.201")];
  await refuse(store, wishing("b", { wishes }), judgeOf(new Set(["uid-a"])));
});

Deno.test("a sticky address of a pod that is gone stays with its owner, at once", async () => {
  await using store = new MemoryDatastore();
  const owner = { namespace: "shop", name: "web-0" };
  const sticky = { owner, retain: "forever" } as const;
  await grant(store, wishing("web-0", sticky));
  const other = await add(store, wishing("b"), GONE);
  assert(other.kind === "taken");
  assertEquals([other.holder.state, other.holder.owner], ["retained", owner]);
  await checkInvariants(store);
  const next = { pod: { namespace: "shop", name: "web-0", uid: "new" }, containerId: "new" };
  assertEquals(await grant(store, wishing("web-0", { ...sticky, asker: next })), FIXED);
  // And without a wish: the owner's next pod takes it from the one that is gone.
  const last = { pod: { namespace: "shop", name: "web-0", uid: "last" }, containerId: "last" };
  assertEquals(
    await grant(store, wishing("web-0", { ...sticky, asker: last, wishes: [] })),
    FIXED,
  );
});

Deno.test("a sticky address that another pod of the owner holds is waited for", async () => {
  await using store = new MemoryDatastore();
  const sticky = {
    owner: { namespace: "shop", name: "db" },
    retain: "forever",
    wishes: [],
  } as const;
  const ip = await grant(store, wishing("a", sticky));
  const living = judgeOf(new Set(["uid-a"]));
  assertEquals((await refuse(store, wishing("b", sticky), living)).kind, "present");
  assertEquals(await grant(store, wishing("b", sticky)), ip);
});

Deno.test("what an operator gave to another pod is the owner's no more", async () => {
  await using store = new MemoryDatastore();
  const sticky = {
    owner: { namespace: "shop", name: "db" },
    retain: "forever",
    wishes: [],
  } as const;
  const first = wishing("a", sticky);
  const ip = await grant(store, first);
  await release(store, first);
  // The owner's key stays behind, as if a hand had freed the address alone.
  const key = (await allEntries(store)).find(({ key }) => key.includes("/addresses/"))?.key ?? "";
  await store.commit({ guards: [], writes: [{ kind: "delete", key }] }, {
    signal: AbortSignal.timeout(1000),
  });
  const other = wishing("x", { wishes: [wishFor(ip)] });
  assertEquals((await add(store, other, GONE)).kind, "granted");
  const next = wishing("b", sticky);
  const outcome = await add(store, next, judgeOf(new Set(["uid-x"])));
  assertEquals(outcome.kind, "granted");
  assert(!ipsOf(outcome).includes(ip));
  await checkInvariants(store);
});

Deno.test("a pool gives any free address of it, and those of pods that are gone when none is", async () => {
  await using store = new MemoryDatastore();
  const span = { first: wishFor("10.0.0.200").addr.value, last: wishFor("10.0.0.202").addr.value };
  const pools = [{ set: 0, members: [[span]], text: "10.0.0.200-10.0.0.202", path: "pool" }];
  const pooled = (pod: string): AddRequest => wishing(pod, { wishes: [], pools });
  const living = judgeOf(new Set(["uid-a", "uid-c"]));
  const ips: string[] = [];
  for (const pod of ["a", "b", "c"]) ips.push(await grant(store, pooled(pod), living));
  assertEquals(ips.toSorted(), ["10.0.0.200", "10.0.0.201", "10.0.0.202"]);
  assertEquals(await grant(store, pooled("d"), living), ips[1], "b is gone");
  const full = await add(store, pooled("e"), judgeOf(new Set(["uid-a", "uid-c", "uid-d"])));
  assert(full.kind === "exhausted" && full.size === 3n && full.wish !== undefined);
  assertEquals(full.holders?.length, 3);
  const grant0 = (await allEntries(store)).find(({ key }) => key.includes("/addresses/"));
  assert(grant0 !== undefined);
  const { cools, source } = parseAddress(grant0);
  assertEquals([cools, source], [false, "annotation"]);
});

Deno.test("owner-hash begins at the same address for the same workload, and goes on from there", async () => {
  await using store = new MemoryDatastore();
  const hashed = (pod: string, workload: string): AddRequest =>
    wishing(pod, { wishes: [], allocation: "owner-hash", workload, cooldownMs: 0 });
  const first = await grant(store, hashed("a", "shop/web"));
  const second = await grant(store, hashed("b", "shop/web"));
  assert(first !== second);
  await release(store, hashed("a", "shop/web"));
  assertEquals(await grant(store, hashed("c", "shop/web")), first);
  const others = new Set<string>();
  for (let index = 0; index < 8; index++) {
    others.add(await grant(store, hashed(`d${index}`, `shop/other-${index}`)));
  }
  assertEquals(others.size, 8);
});
