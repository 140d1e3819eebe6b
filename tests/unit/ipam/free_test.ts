/** Freeing by hand: what goes with an address, what stays, and who wins a race. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Datastore, DatastoreError } from "../../../lib/datastore/datastore.ts";
import { MemoryDatastore } from "../../../lib/datastore/memory.ts";
import { type Freed, planFree } from "../../../lib/ipam/free.ts";
import type { AddRequest } from "../../../lib/ipam/request.ts";
import { parseAddr } from "../../../lib/net/addr.ts";
import { parseExpiring, parseOwner, RecordError } from "../../../lib/state/record_text.ts";
import type { Write } from "../../../lib/state/txn.ts";
import {
  add,
  addRequest,
  ipsOf,
  podRequest as requestOf,
  release,
  type RequestChanges,
  runPlan,
  seeded,
} from "../../support/allocator.ts";
import { addressStates, allEntries, checkInvariants } from "../../support/invariants.ts";
import { setOf, wishFor } from "../../support/sets.ts";

const NOW = 1_000_000;
const HOUR = 3_600_000;

function dual(retain: "forever" | number): AddRequest["sets"] {
  return [
    setOf({ subnet: "10.0.0.0/24", retain }),
    setOf({ subnet: "fd00::/64", random: "fd00::10-fd00::ff", retain }),
  ];
}

/** An ADD of a StatefulSet's pod. */
function podRequest(pod: string, incarnation: number, changes: RequestChanges = {}): AddRequest {
  return requestOf({ pod, incarnation }, { sets: dual("forever"), ...changes });
}

async function grant(store: Datastore, request: AddRequest): Promise<readonly string[]> {
  const outcome = await add(store, request);
  assertEquals(outcome.kind, "granted");
  await checkInvariants(store);
  return ipsOf(outcome);
}

/** Adds a pod and removes it again: what it held is retained. */
async function retain(store: Datastore, request: AddRequest): Promise<readonly string[]> {
  const ips = await grant(store, request);
  assertEquals((await release(store, request))?.kind, "released");
  await checkInvariants(store);
  return ips;
}

async function free(
  store: Datastore,
  ip: string,
  options: { readonly force?: boolean; readonly checked?: Datastore } = {},
): Promise<Freed> {
  const { force = false, checked = store } = options;
  const plan = planFree({ space: "default", addr: parseAddr(ip), now: NOW, force });
  const freed = await runPlan(store, plan);
  await checkInvariants(checked);
  return freed;
}

async function keysOf(store: Datastore, folder: string): Promise<readonly string[]> {
  return (await allEntries(store)).map(({ key }) => key)
    .filter((key) => key.startsWith(`/kube-ipam/v1/default/${folder}/`));
}

function write(store: Datastore, ...writes: readonly Write[]): Promise<unknown> {
  return store.commit({ guards: [], writes }, { signal: AbortSignal.timeout(10_000) });
}

Deno.test("an address that is not recorded is free", async () => {
  await using store = new MemoryDatastore();
  assertEquals(await free(store, "10.0.0.5"), { kind: "absent" });
  assertEquals(await free(store, "fd00::5", { force: true }), { kind: "absent" });
  assertEquals(await allEntries(store), []);
});

Deno.test("the only address of an owner goes with the owner's key and its time", async () => {
  for (const rule of ["forever", HOUR] as const) {
    await using store = new MemoryDatastore();
    const sets = [setOf({ subnet: "10.0.0.0/24", retain: rule })];
    const [ip = ""] = await retain(store, podRequest("web-0", 1, { sets }));
    const freed = await free(store, ip);
    assert(freed.kind === "freed");
    assertEquals([freed.record.state, freed.record.owner?.name], ["retained", "web-0"]);
    assertEquals(await allEntries(store), []);
  }
});

Deno.test("an owner keeps its other address, and gets it again", async () => {
  for (const rule of ["forever", HOUR] as const) {
    for (const index of [0, 1]) {
      await using store = new MemoryDatastore();
      const sets = dual(rule);
      const ips = await retain(store, podRequest("web-0", 1, { sets }));
      const left = ips[1 - index] ?? "";
      assertEquals((await free(store, ips[index] ?? "")).kind, "freed");
      assertEquals(await addressStates(store), { [left]: "retained" });
      assertEquals((await retain(store, podRequest("web-0", 2, { sets })))[1 - index], left);
    }
  }
});

Deno.test("the owner's key goes with the last address that is left, when its time is over", async () => {
  for (const index of [0, 1]) {
    await using store = new MemoryDatastore();
    const ips = await retain(store, podRequest("web-0", 1, { sets: dual(HOUR) }));
    await free(store, ips[index] ?? "");
    const [owner] = await keysOf(store, "owners");
    const expiring = (await allEntries(store)).filter(({ key }) => key.includes("/expiring/"));
    assertEquals(expiring.map((entry) => parseExpiring(entry).ownerKey), [owner]);
    // Others clear it in passing.
    await grant(store, podRequest("x", 1, { owner: undefined, now: NOW + HOUR + 5_000 }));
    assertEquals(await keysOf(store, "owners"), []);
    assertEquals(await keysOf(store, "expiring"), []);
  }
});

Deno.test("of three addresses the two that are left stay together", async () => {
  for (const index of [0, 1, 2]) {
    await using store = new MemoryDatastore();
    const sets = [...dual(HOUR), setOf({ subnet: "10.9.0.0/24", retain: HOUR })];
    const ips = await retain(store, podRequest("web-0", 1, { sets }));
    await free(store, ips[index] ?? "");
    const left = ips.filter((_, other) => other !== index);
    const owners = (await allEntries(store)).filter(({ key }) => key.includes("/owners/"));
    assertEquals(
      owners.flatMap((entry) => parseOwner(entry).addresses.map(({ ip }) => ip)),
      left,
    );
    for (const ip of left) assertEquals((await free(store, ip)).kind, "freed");
    assertEquals(await allEntries(store), []);
  }
});

Deno.test("a cooling address is freed, and the owner keeps what it has beside it", async () => {
  await using store = new MemoryDatastore();
  const sets = [
    setOf({ subnet: "10.0.0.0/24", retain: "forever" }),
    setOf({ subnet: "10.9.0.0/24" }),
  ];
  const [kept = "", cooling = ""] = await retain(store, podRequest("web-0", 1, { sets }));
  const before = (await allEntries(store)).filter(({ key }) => key.includes("/owners/"));
  assertEquals((await free(store, cooling)).kind, "freed");
  assertEquals(await addressStates(store), { [kept]: "retained" });
  const after = (await allEntries(store)).filter(({ key }) => key.includes("/owners/"));
  assertEquals(after, before);
  assertEquals(await keysOf(store, "expiring"), []);
});

Deno.test("an owner that has moved on keeps its key", async () => {
  await using store = new MemoryDatastore();
  const [ip = ""] = await retain(
    store,
    podRequest("web-0", 1, { sets: [setOf({ subnet: "10.0.0.0/24", retain: HOUR })] }),
  );
  const [owner] = (await allEntries(store)).filter(({ key }) => key.includes("/owners/"));
  assert(owner !== undefined);
  await write(store, { kind: "put", key: owner.key, value: owner.value });
  assertEquals((await free(store, ip)).kind, "freed");
  assertEquals((await allEntries(store)).map(({ key }) => key), [owner.key]);
});

/** So many older ones that nobody clears what is looked at here in passing. */
async function distract(store: Datastore): Promise<void> {
  for (let index = 0; index < 20; index++) {
    const request = podRequest(`old-${index}`, 1, {
      sets: [setOf({ subnet: "10.8.0.0/24" }), setOf({ subnet: "fd08::/64" })],
      owner: undefined,
    });
    await retain(store, request);
  }
}

Deno.test("an address of the owner that is somebody else's by now is left alone", async () => {
  for (const isMeanwhile of [false, true]) {
    await using store = new MemoryDatastore();
    const sets = dual(HOUR);
    const [ip = "", other = ""] = await retain(store, podRequest("web-0", 1, { sets }));
    await distract(store);
    const wishes = [wishFor(ip)];
    const late = podRequest("x", 1, { sets, wishes, owner: undefined, now: NOW + HOUR });
    const claim = async (): Promise<void> => {
      assertEquals((await grant(store, late))[0], ip);
      assertEquals((await addressStates(store))[other], "retained");
    };
    if (!isMeanwhile) await claim();
    const racing = isMeanwhile ? meanwhile(store, claim) : store;
    assertEquals((await free(racing, other, { checked: store })).kind, "freed");
    assertEquals(await keysOf(store, "owners"), []);
    const left = await addressStates(store);
    assertEquals([left[ip], left[other]], ["held", undefined]);
  }
});

Deno.test("a held address is refused, and nothing changes", async () => {
  await using store = new MemoryDatastore();
  const [ip = ""] = await grant(store, podRequest("web-0", 1));
  const before = await allEntries(store);
  const freed = await free(store, ip);
  assert(freed.kind === "held");
  assertEquals(freed.record.containerID, "web-0-1");
  assertEquals(await allEntries(store), before);
});

Deno.test("force removes the whole attachment, its owner's key included", async () => {
  for (const index of [0, 1]) {
    await using store = new MemoryDatastore();
    const stays = await grant(store, podRequest("web-1", 1));
    const ips = await grant(store, podRequest("web-0", 1));
    const freed = await free(store, ips[index] ?? "", { force: true });
    assert(freed.kind === "freed");
    assertEquals(freed.others, [ips[1 - index] ?? ""]);
    assertEquals(await addressStates(store), Object.fromEntries(stays.map((one) => [one, "held"])));
    assertEquals((await keysOf(store, "owners")).length, 1);
    // The runtime's DEL comes too late to find anything.
    assertEquals((await release(store, podRequest("web-0", 1)))?.kind, "absent");
  }
});

Deno.test("force leaves the key of an owner that holds other addresses by now", async () => {
  await using store = new MemoryDatastore();
  const first = podRequest("web-0", 1, { wishes: [wishFor("10.0.0.200")] });
  const ips = await grant(store, first);
  const [owner] = (await allEntries(store)).filter(({ key }) => key.includes("/owners/"));
  assert(owner !== undefined);
  await write(store, { kind: "put", key: owner.key, value: owner.value });
  const plan = planFree({ space: "default", addr: parseAddr(ips[0] ?? ""), now: NOW, force: true });
  assertEquals((await runPlan(store, plan)).kind, "freed");
  assertEquals((await allEntries(store)).map(({ key }) => key), [owner.key]);
});

Deno.test("force frees an address that is held by no attachment", async () => {
  await using store = new MemoryDatastore();
  const request = addRequest();
  const [ip = ""] = await grant(store, request);
  for (const folder of ["attachments", "nodes"]) {
    for (const key of await keysOf(store, folder)) await write(store, { kind: "delete", key });
  }
  const freed = await free(store, ip, { force: true });
  assert(freed.kind === "freed");
  assertEquals(freed.others, []);
  assertEquals(await allEntries(store), []);
});

/** A store in which something happens between what a plan reads and what it commits. */
function meanwhile(store: Datastore, event: () => Promise<unknown>): Datastore {
  let happened = false;
  return {
    read: (reads, options) => store.read(reads, options),
    commit: async (txn, options) => {
      if (!happened) {
        happened = true;
        await event();
      }
      return await store.commit(txn, options);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

Deno.test("the owner that returns meanwhile keeps its address, in spite of force", async () => {
  for (const force of [false, true]) {
    await using store = new MemoryDatastore();
    const [ip = ""] = await retain(store, podRequest("web-0", 1));
    const racing = meanwhile(store, () => grant(store, podRequest("web-0", 2)));
    const freed = await free(racing, ip, { force, checked: store });
    assert(freed.kind === "held");
    assertEquals(freed.record.containerID, "web-0-2");
  }
});

Deno.test("an owner that moves on meanwhile keeps its key", async () => {
  await using store = new MemoryDatastore();
  const [ip = ""] = await retain(
    store,
    podRequest("web-0", 1, { sets: [setOf({ subnet: "10.0.0.0/24", retain: HOUR })] }),
  );
  const [owner] = (await allEntries(store)).filter(({ key }) => key.includes("/owners/"));
  assert(owner !== undefined);
  const { key, value } = owner;
  const racing = meanwhile(store, () => write(store, { kind: "put", key, value }));
  assertEquals((await free(racing, ip, { checked: store })).kind, "freed");
  assertEquals((await allEntries(store)).map((entry) => entry.key), [key]);
});

Deno.test("who claims meanwhile what no attachment holds keeps it", async () => {
  await using store = new MemoryDatastore();
  const request = addRequest({ wishes: [wishFor("10.0.0.3")] });
  await grant(store, request);
  for (const folder of ["attachments", "nodes"]) {
    for (const key of await keysOf(store, folder)) await write(store, { kind: "delete", key });
  }
  const [key = ""] = await keysOf(store, "addresses");
  const racing = meanwhile(store, async () => {
    await write(store, { kind: "delete", key });
    await grant(store, { ...request, asker: { ...request.asker, containerId: "c2" } });
  });
  assertEquals((await free(racing, "10.0.0.3", { force: true, checked: store })).kind, "held");
});

Deno.test("a sibling that is freed meanwhile is not written again", async () => {
  await using store = new MemoryDatastore();
  const [ip = "", sibling = ""] = await retain(store, podRequest("web-0", 1, { sets: dual(HOUR) }));
  const racing = meanwhile(store, () => free(store, sibling));
  assertEquals((await free(racing, ip, { checked: store })).kind, "freed");
  assertEquals(await allEntries(store), []);
});

Deno.test("a holder that ends meanwhile leaves an address to free", async () => {
  await using store = new MemoryDatastore();
  const request = podRequest("web-0", 1);
  const [ip = "", other = ""] = await grant(store, request);
  const racing = meanwhile(store, () => release(store, request));
  assertEquals((await free(racing, ip, { force: true, checked: store })).kind, "freed");
  assertEquals(await addressStates(store), { [other]: "retained" });
});

Deno.test("a commit with an unknown end is looked at again", async () => {
  for (const isApplied of [true, false]) {
    await using store = new MemoryDatastore();
    const [ip = ""] = await retain(store, podRequest("web-0", 1));
    let lost = false;
    const unsure: Datastore = {
      read: (reads, options) => store.read(reads, options),
      commit: async (txn, options) => {
        if (lost) return await store.commit(txn, options);
        lost = true;
        if (isApplied) await store.commit(txn, options);
        throw new DatastoreError("ambiguous", "no answer", { repair: "wait" });
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const freed = await free(unsure, ip, { checked: store });
    assert(freed.kind === "freed");
    assertEquals(freed.record.state, "retained");
    assertEquals(Object.keys(await addressStates(store)).includes(ip), false);
  }
});

Deno.test("what cannot be read is not freed", async () => {
  for (const folder of ["addresses/4", "owners"]) {
    await using store = new MemoryDatastore();
    const sets = [setOf({ subnet: "10.0.0.0/24", retain: "forever" })];
    const [ip = ""] = await retain(store, podRequest("web-0", 1, { sets }));
    const damaged = new Set(await keysOf(store, folder));
    // In one transaction with what is whole, so that all keep one revision.
    const writes = (await allEntries(store)).map(({ key, value }): Write => ({
      kind: "put",
      key,
      value: damaged.has(key) ? '{"schema":2}' : value,
    }));
    await write(store, ...writes);
    const before = await allEntries(store);
    const plan = planFree({ space: "default", addr: parseAddr(ip), now: NOW, force: true });
    await assertRejects(() => runPlan(store, plan), RecordError, "schema 2");
    assertEquals(await allEntries(store), before);
  }
});

Deno.test("whatever is added, removed and freed in whatever order, the invariants hold", async () => {
  for (let seed = 0; seed < 12; seed++) {
    await using store = new MemoryDatastore();
    const random = seeded(seed);
    const pick = <T>(list: readonly T[]): T | undefined =>
      list.length === 0 ? undefined : list[Number(random(BigInt(list.length)))];
    const rule = pick(["forever", HOUR, 1] as const) ?? "forever";
    const sets = [...dual(rule), setOf({ subnet: "10.9.0.0/29", retain: rule })];
    const live = new Map<string, AddRequest>();
    for (let step = 0; step < 40; step++) {
      const now = NOW + step * 10;
      const pod = pick(["web-0", "web-1", "web-2"]) ?? "";
      const running = live.get(pod);
      const chance = Number(random(4n));
      if (chance === 0 && running === undefined) {
        const owner = pick([{ namespace: "shop", name: pod }, undefined]);
        const request = podRequest(pod, step, { sets, owner, now, random });
        if ((await add(store, request)).kind === "granted") live.set(pod, request);
      } else if (chance === 1 && running !== undefined) {
        await release(store, { ...running, now });
        live.delete(pod);
      } else {
        const [ip = "10.0.0.9", state] = pick(Object.entries(await addressStates(store))) ?? [];
        const force = chance === 3;
        const { kind } = await free(store, ip, { force });
        const expected = state === undefined
          ? "absent"
          : state === "held" && !force
          ? "held"
          : "freed";
        assertEquals(kind, expected, `seed ${seed}, step ${step}`);
        if (expected === "freed") assert(!(ip in await addressStates(store)));
        const held = new Set(
          (await keysOf(store, "attachments")).map((key) => key.split("/").at(-2)),
        );
        for (const [name, { asker }] of live) if (!held.has(asker.containerId)) live.delete(name);
      }
      await checkInvariants(store);
    }
  }
});
