/** The listing: its order, its pages, what is left out, and what cannot be read. */
import { assert, assertEquals } from "@std/assert";
import type { Datastore } from "../../../lib/datastore/datastore.ts";
import { MemoryDatastore } from "../../../lib/datastore/memory.ts";
import {
  type Listed,
  type ListedPage,
  LISTING_PAGE,
  type ListRequest,
  planList,
} from "../../../lib/ipam/listing.ts";
import { type Addr, formatAddr, parseAddr } from "../../../lib/net/addr.ts";
import { addressKey } from "../../../lib/state/keys.ts";
import { formatRecord, parseAddress } from "../../../lib/state/record_text.ts";
import type { Write } from "../../../lib/state/txn.ts";
import { add, addRequest, ASKER, release, runPlan } from "../../support/allocator.ts";
import { allEntries, checkInvariants } from "../../support/invariants.ts";
import { setOf, wishFor } from "../../support/sets.ts";

async function pagesOf(
  store: Datastore,
  request: Partial<ListRequest> = {},
): Promise<readonly (readonly Listed[])[]> {
  const pages: (readonly Listed[])[] = [];
  let from: string | undefined;
  do {
    const page: ListedPage = await runPlan(
      store,
      planList({ space: "default", ...request, from }),
    );
    pages.push(page.rows);
    from = page.next;
  } while (from !== undefined);
  return pages;
}

async function textsOf(
  store: Datastore,
  request: Partial<ListRequest> = {},
): Promise<readonly string[]> {
  const rows = (await pagesOf(store, request)).flat();
  return rows.map((row) =>
    row.kind === "address"
      ? `${row.record.ip} ${row.record.state} ${row.record.network}`
      : `${row.ip} unreadable ${row.error.key}`
  );
}

async function write(store: Datastore, ...writes: readonly Write[]): Promise<void> {
  await store.commit({ guards: [], writes }, { signal: AbortSignal.timeout(10_000) });
}

/** Four addresses: held, retained and cooling, on two networks. */
async function fill(store: Datastore): Promise<void> {
  const six = setOf({ subnet: "fd00::/64" });
  const four = setOf({ subnet: "10.0.0.0/24", retain: "forever" });
  const owner = { namespace: "shop", name: "web-0" };
  const requests = [
    addRequest({ sets: [six], wishes: [wishFor("fd00::9")], asker: { containerId: "c1" } }),
    addRequest({ sets: [four], wishes: [wishFor("10.0.0.100")], asker: { containerId: "c2" } }),
    addRequest({
      sets: [four],
      wishes: [wishFor("10.0.0.20")],
      owner,
      asker: { ...ASKER, containerId: "c3", network: "other", authorities: ["api-1"] },
    }),
    addRequest({
      sets: [setOf({ subnet: "9.0.0.0/24" })],
      wishes: [wishFor("9.0.0.7")],
      asker: { containerId: "c4" },
    }),
  ];
  for (const request of requests) assertEquals((await add(store, request)).kind, "granted");
  for (const request of requests.slice(2)) await release(store, request);
  await checkInvariants(store);
}

Deno.test("an empty space has one empty page", async () => {
  await using store = new MemoryDatastore();
  assertEquals(await pagesOf(store), [[]]);
});

Deno.test("IPv4 comes first, each family in address order", async () => {
  await using store = new MemoryDatastore();
  await fill(store);
  assertEquals(await textsOf(store), [
    "9.0.0.7 cooling net",
    "10.0.0.20 retained other",
    "10.0.0.100 held net",
    "fd00::9 held net",
  ]);
});

Deno.test("a network, a state or both may be asked for, and another space is another store", async () => {
  await using store = new MemoryDatastore();
  await fill(store);
  assertEquals(await textsOf(store, { network: "other" }), ["10.0.0.20 retained other"]);
  assertEquals(await textsOf(store, { state: "cooling" }), ["9.0.0.7 cooling net"]);
  assertEquals((await textsOf(store, { state: "held", network: "net" })).length, 2);
  assertEquals(await textsOf(store, { state: "held", network: "other" }), []);
  assertEquals(await textsOf(store, { space: "tenant" }), []);
  assertEquals(await textsOf(store, { space: "defaul" }), []);
});

Deno.test("pages follow one another without a gap or a double", async () => {
  for (const count of [LISTING_PAGE, LISTING_PAGE + 20]) {
    await using store = new MemoryDatastore();
    assertEquals((await add(store, addRequest())).kind, "granted");
    const [entry] = (await allEntries(store)).filter(({ key }) => key.includes("/addresses/"));
    assert(entry !== undefined);
    const record = parseAddress(entry);
    for (let index = 0; index < count; index++) {
      const addr: Addr = { family: 4, value: parseAddr("10.1.0.0").value + BigInt(index) };
      const value = formatRecord({ ...record, ip: formatAddr(addr) });
      await write(store, { kind: "put", key: addressKey("default", addr), value });
    }
    await write(store, { kind: "delete", key: entry.key });
    const pages = await pagesOf(store);
    assertEquals(pages.map(({ length }) => length), [LISTING_PAGE, count - LISTING_PAGE]);
    const values = pages.flat().map((row) => {
      assert(row.kind === "address");
      return parseAddr(row.record.ip).value;
    });
    assert(values.every((value, index) => index === 0 || value > (values[index - 1] ?? value)));
  }
});

Deno.test("a record that cannot be read is listed as such, whatever is asked for", async () => {
  await using store = new MemoryDatastore();
  await fill(store);
  const key = addressKey("default", parseAddr("10.0.0.50"));
  const moved = addressKey("default", parseAddr("10.0.0.60"));
  const odd = "/kube-ipam/v1/default/addresses/4/odd";
  const [entry] = (await allEntries(store)).filter(({ key }) => key.includes("/addresses/"));
  assert(entry !== undefined);
  await write(
    store,
    { kind: "put", key, value: "{" },
    { kind: "put", key: odd, value: "x" },
    { kind: "put", key: moved, value: entry.value },
  );
  assertEquals(parseAddress(entry).ip, "9.0.0.7");
  assertEquals(await textsOf(store, { state: "retained" }), [
    "10.0.0.20 retained other",
    `10.0.0.50 unreadable ${key}`,
    `10.0.0.60 unreadable ${moved}`,
    `undefined unreadable ${odd}`,
  ]);
});
