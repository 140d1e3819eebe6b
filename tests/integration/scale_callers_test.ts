/** Many callers of the library at once, of four nodes, over one real etcd. */
import { assertEquals, assertLessOrEqual } from "@std/assert";
import {
  type AddRequest,
  type Allocation,
  type Datastore,
  formatAddr,
  openDatastore,
  parseAddr,
} from "../../mod.ts";
import { randomBelow } from "../../lib/plugin/random.ts";
import { add, addRequest, ipsOf, release } from "../support/allocator.ts";
import { startEtcd } from "../support/etcd.ts";
import { fillPool } from "../support/filled.ts";
import { checkInvariants } from "../support/invariants.ts";
import { testNeeding } from "../support/needs.ts";
import { startProxy, type TestProxy } from "../support/proxy.ts";
import { setOf } from "../support/sets.ts";

const ORDERS: readonly Allocation[] = ["random", "sequential", "lowest"];
const NODES = 4;

interface Place extends AsyncDisposable {
  readonly proxy: TestProxy;
  readonly open: () => Promise<Datastore>;
}

async function startPlace(): Promise<Place> {
  await using undo = new globalThis.AsyncDisposableStack();
  const etcd = undo.use(await startEtcd());
  const proxy = undo.use(startProxy(etcd.endpoints[0] ?? ""));
  const dirs = { dataDir: `${etcd.dir}/data`, runDir: `${etcd.dir}/run` };
  const datastore = etcd.config({ endpoints: [proxy.url] });
  const stack = undo.move();
  return {
    proxy,
    open: () => openDatastore({ datastore, ...dirs }, { random: Math.random }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function requestOf(
  container: number,
  options: { readonly subnet: string; readonly allocation: Allocation },
): AddRequest {
  const { subnet, allocation } = options;
  return addRequest({
    sets: [setOf({ subnet })],
    allocation,
    cooldownMs: 0,
    random: randomBelow,
    asker: {
      containerId: `c${container}`,
      node: `node-${container % NODES}`,
      nodeId: `id-${container % NODES}`,
      pod: { namespace: "shop", name: `web-${container}`, uid: `uid-${container}` },
    },
  });
}

function requestsOf(
  count: number,
  options: { readonly subnet: string; readonly allocation: Allocation },
): readonly AddRequest[] {
  return Array.from({ length: count }, (_, container) => requestOf(container, options));
}

/** Callers at once, each of which takes the next request when it is done with one. */
interface Callers {
  readonly callers: number;
  /** They use one store. */
  readonly isShared?: boolean;
  readonly requests: readonly AddRequest[];
}

async function byCallers(
  place: Place,
  options: Callers & {
    readonly run: (store: Datastore, request: AddRequest) => Promise<void>;
  },
): Promise<void> {
  const { callers, isShared = false, requests, run } = options;
  const rest = requests.values();
  await using common = await place.open();
  await Promise.all(Array.from({ length: callers }, async () => {
    await using own = isShared ? undefined : await place.open();
    for (const request of rest) await run(own ?? common, request);
  }));
}

/** Grants all of them, checks that no two are the same, and gives all back. Returns the mean number of round trips of an ADD. */
async function addAll(
  place: Place,
  options: Callers,
): Promise<number> {
  const { requests } = options;
  const ips: string[] = [];
  place.proxy.reset();
  await byCallers(place, {
    ...options,
    run: async (store, request) => {
      const outcome = await add(store, request);
      assertEquals(outcome.kind, "granted");
      ips.push(...ipsOf(outcome));
    },
  });
  const trips = place.proxy.paths.length / requests.length;
  assertEquals(new Set(ips).size, requests.length);
  await using store = await place.open();
  assertEquals((await checkInvariants(store)).size, requests.length);
  await byCallers(place, {
    ...options,
    run: async (store, request) => assertEquals((await release(store, request))?.kind, "released"),
  });
  assertEquals((await checkInvariants(store)).size, 0);
  return trips;
}

testNeeding(["etcd"], "many ADDs by 32 callers: each gets its own address", async (t) => {
  await using place = await startPlace();
  await t.step("1000, random, in a /16", async () => {
    const requests = requestsOf(1000, { subnet: "10.1.0.0/16", allocation: "random" });
    assertLessOrEqual(await addAll(place, { callers: 32, requests }), 1.1);
  });
  await t.step("510, random, in a /23: all that it has", async () => {
    const requests = requestsOf(510, { subnet: "10.2.0.0/23", allocation: "random" });
    assertLessOrEqual(await addAll(place, { callers: 32, requests }), 2.5);
  });
  for (const allocation of ["sequential", "lowest"] as const) {
    await t.step(`200, ${allocation}, in a /16`, async () => {
      const requests = requestsOf(200, { subnet: "10.1.0.0/16", allocation });
      const trips = await addAll(place, { callers: 32, requests });
      assertLessOrEqual(trips, 8);
    });
  }
});

/** An ordered search doubles its choice with each conflict, so so many callers need about so many trips. */
function mostTrips(allocation: Allocation, callers: number): number {
  if (allocation === "random") return 2;
  return Math.log2(callers) + (allocation === "sequential" ? 3 : 2);
}

for (const callers of [32, 128]) {
  testNeeding(
    ["etcd"],
    `${callers} ADDs at once over one store: none fails, whatever the order`,
    async (t) => {
      await using place = await startPlace();
      for (const allocation of ORDERS) {
        for (const subnet of ["10.1.0.0/16", "10.2.0.0/24"]) {
          await t.step(`${allocation}, in ${subnet}`, async () => {
            const requests = requestsOf(callers, { subnet, allocation });
            const trips = await addAll(place, { callers, isShared: true, requests });
            assertLessOrEqual(trips, mostTrips(allocation, callers));
          });
        }
      }
    },
  );
}

/** The first 300 addresses, without these. */
const HOLES = [20, 140, 141, 290];

function* crowd(): Generator<ReturnType<typeof parseAddr>> {
  const { family, value } = parseAddr("10.1.0.0");
  for (let offset = 1; offset <= 300; offset++) {
    if (!HOLES.includes(offset)) yield { family, value: value + BigInt(offset) };
  }
}

function addressAt(offset: number): string {
  return formatAddr({ family: 4, value: parseAddr("10.1.0.0").value + BigInt(offset) });
}

testNeeding(["etcd"], "without others at it, an order is exact", async () => {
  await using place = await startPlace();
  await using store = await place.open();
  await fillPool(store, { network: "net", prefixLength: 16, addresses: crowd() });
  const next = async (container: number, allocation: Allocation): Promise<string | undefined> => {
    const request = requestOf(container, { subnet: "10.1.0.0/16", allocation });
    return ipsOf(await add(store, request))[0];
  };
  for (const allocation of ["lowest", "sequential"] as const) {
    const got: (string | undefined)[] = [];
    for (let container = 0; container < 6; container++) got.push(await next(container, allocation));
    assertEquals(got, [...HOLES, 301, 302].map(addressAt), allocation);
    const given = requestOf(1, { subnet: "10.1.0.0/16", allocation });
    await release(store, given);
    assertEquals(await next(6, allocation), addressAt(allocation === "lowest" ? 140 : 303));
    for (let container = 0; container <= 6; container++) {
      await release(store, requestOf(container, { subnet: "10.1.0.0/16", allocation }));
    }
  }
  await checkInvariants(store);
});
