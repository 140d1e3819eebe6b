import { assertEquals, assertRejects } from "@std/assert";
import { MemoryDatastore } from "../../../lib/datastore/memory.ts";
import { type Addr, formatAddr, parseAddr } from "../../../lib/net/addr.ts";
import { add, addRequest, ipsOf, release } from "../../support/allocator.ts";
import { fillPool } from "../../support/filled.ts";
import { checkInvariants } from "../../support/invariants.ts";
import { setOf } from "../../support/sets.ts";

function* from(first: string, count: number): Generator<Addr> {
  const { family, value } = parseAddr(first);
  for (let index = 0; index < count; index++) yield { family, value: value + BigInt(index) };
}

Deno.test("fillPool() writes allocations that keep every invariant, and that ADD and DEL know", async () => {
  await using store = new MemoryDatastore();
  const options = { network: "net", prefixLength: 24 };
  await fillPool(store, { ...options, addresses: from("10.0.0.1", 253) });
  await fillPool(store, { ...options, prefixLength: 64, addresses: from("fd00::1", 100) });
  const held = await checkInvariants(store);
  assertEquals(held.size, 353);
  assertEquals([...held.keys()].filter((ip) => ip.startsWith("10.")).length, 253);

  const request = addRequest({ sets: [setOf({ subnet: "10.0.0.0/24" })] });
  assertEquals(ipsOf(await add(store, request)), ["10.0.0.254"]);
  const containerId = "filled-0a000007";
  const node = { node: "filled", nodeId: "id-of-filled", boot: "boot-of-filled" };
  const of = addRequest({ cooldownMs: 0, asker: { containerId, ...node } });
  assertEquals((await release(store, of))?.kind, "released");
  assertEquals((await checkInvariants(store)).has("10.0.0.7"), false);
});

Deno.test("fillPool() writes for a space, a node and a cluster", async () => {
  await using store = new MemoryDatastore();
  const names = { space: "blue", network: "net", node: "node-7", cluster: "east" };
  await fillPool(store, { ...names, prefixLength: 24, addresses: from("10.0.0.1", 5) });
  assertEquals((await checkInvariants(store, "blue")).size, 5);
  const nodes = store.entries().filter(({ key }) =>
    key.startsWith("/kube-ipam/v1/blue/nodes/east/node-7/net/")
  );
  assertEquals(nodes.length, 5);
});

Deno.test("fillPool() refuses an address that is taken, and asks for addresses only as it goes", async () => {
  await using store = new MemoryDatastore();
  const options = { network: "net", prefixLength: 16 };
  await fillPool(store, { ...options, addresses: from("10.0.1.0", 1) });
  let asked = 0;
  function* many(): Generator<Addr> {
    for (const addr of from("10.0.0.200", 60_000)) {
      asked++;
      yield addr;
    }
  }
  await assertRejects(
    () => fillPool(store, { ...options, addresses: many() }),
    Error,
    "0a000100",
  );
  assertEquals(asked < 1000, true, `asked for ${asked}`);
  assertEquals((await checkInvariants(store)).has(formatAddr(parseAddr("10.0.1.0"))), true);
});
