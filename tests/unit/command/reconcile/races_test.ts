/** Reconcile beside ADDs, beside DELs and beside itself. */
import { assert, assertEquals } from "@std/assert";
import {
  type CallOptions,
  type Datastore,
  DatastoreError,
} from "../../../../lib/datastore/datastore.ts";
import { parseAddr } from "../../../../lib/net/addr.ts";
import { addressKey } from "../../../../lib/state/keys.ts";
import type { Committed, Conflict, Txn } from "../../../../lib/state/txn.ts";
import { add, release } from "../../../support/allocator.ts";
import { addressStates, allEntries, checkInvariants } from "../../../support/invariants.ts";
import { setOf } from "../../../support/sets.ts";
import {
  give,
  giveAndTake,
  keysOf,
  makeWorld,
  NOW,
  reconcileOnce,
  requestOf,
  run,
  told,
  uidOf,
  write,
} from "./_world.ts";

const OWNER = { namespace: "shop", name: "web-0" };

/** A list that was begun before the records were read would not have this pod, and its record would be suspected. */
Deno.test("a pod created after the records were read is not even asked for", async () => {
  const world = makeWorld();
  world.whileListing = async () => {
    run(world, "late");
    await give(world, "late");
  };
  const report = await reconcileOnce(world);
  assertEquals([report.freed, report.kept, world.asked], [[], [], []]);
  assertEquals(Object.keys(await addressStates(world.store)).length, 1);
});

Deno.test("a record that is claimed again between read and free stays", async () => {
  const world = makeWorld();
  await give(world, "gone");
  const former = requestOf("gone");
  world.whileAsking = async () => {
    // The runtime uses the container ID once more, for another pod, before anything is freed.
    assertEquals((await release(world.store, former))?.kind, "released");
    run(world, "next");
    const asker = { containerId: "c-gone" };
    assertEquals((await add(world.store, requestOf("next", { asker }))).kind, "granted");
  };
  const report = await reconcileOnce(world);
  assertEquals(report.freed, []);
  assertEquals(report.kept.map(({ kind }) => kind), ["claimed"]);
  const states = await addressStates(world.store);
  assertEquals(Object.values(states), ["held"]);
});

Deno.test("a take-over between read and free keeps the address", async () => {
  const world = makeWorld();
  const ip = await give(world, "web");
  world.whileAsking = async () => {
    // Its next sandbox, by the pod index: the same pod is set up anew.
    run(world, "web");
    const outcome = await add(
      world.store,
      requestOf("web", { asker: { containerId: "c-web-2" }, now: NOW }),
    );
    assertEquals(outcome.kind, "granted");
  };
  const report = await reconcileOnce(world);
  assertEquals([report.freed, told(report.kept)], [[], [`present ${ip}`]]);
  assertEquals(await addressStates(world.store), { [ip]: "held" });
});

Deno.test("what somebody else freed meanwhile is not told", async () => {
  const world = makeWorld();
  await give(world, "gone");
  world.whileAsking = async () => void await release(world.store, requestOf("gone"));
  const report = await reconcileOnce(world);
  assertEquals([report.freed, report.kept], [[], []]);
});

Deno.test("a sticky owner whose pod is back while its StatefulSet is asked for keeps its address", async () => {
  const world = makeWorld();
  const changes = { owner: OWNER, sets: [setOf({ subnet: "10.1.0.0/24", retain: "owner" })] };
  const ip = await giveAndTake(world, "web-0", changes);
  const { statefulSet } = world.api.inventory;
  const api = {
    ...world.api,
    inventory: {
      ...world.api.inventory,
      statefulSet: async (...args: Parameters<typeof statefulSet>) => {
        const found = await statefulSet(...args);
        run(world, "web-0");
        assertEquals((await add(world.store, requestOf("web-0", changes))).kind, "granted");
        return found;
      },
    },
  };
  const report = await reconcileOnce(world, { api });
  assertEquals([report.freed, told(report.kept)], [[], [`claimed ${ip}`]]);
  assertEquals(await addressStates(world.store), { [ip]: "held" });
});

Deno.test("two at once free everything once, and nothing else", async () => {
  const world = makeWorld();
  const sets = [setOf({ subnet: "10.1.0.0/24", retain: "owner" })];
  const expected: string[] = [];
  for (let index = 0; index < 40; index++) {
    run(world, `alive-${index}`);
    await give(world, `alive-${index}`);
    expected.push(await give(world, `gone-${index}`));
  }
  for (let index = 0; index < 5; index++) {
    const changes = { owner: { ...OWNER, name: `web-${index}` }, sets };
    expected.push(await giveAndTake(world, `web-${index}`, changes));
  }
  const reports = await Promise.all([1, 2, 3].map(() => reconcileOnce(slow(world))));
  const freed = reports.flatMap((report) => report.freed.map(({ ip = "" }) => ip));
  assertEquals(freed.toSorted(), expected.toSorted());
  assert(Object.values(await addressStates(world.store)).every((state) => state === "held"));
  assertEquals(await addressCount(world.store), 40);
});

async function addressCount(store: Datastore): Promise<number> {
  return (await checkInvariants(store)).size;
}

/** Gives the others a turn in each call. */
function slow<T extends ReturnType<typeof makeWorld>>(world: T): T {
  const { store } = world;
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
  return {
    ...world,
    store: Object.assign(Object.create(store), {
      read: async (...args: Parameters<typeof store.read>) => {
        await turn();
        return await store.read(...args);
      },
      commit: async (...args: Parameters<typeof store.commit>) => {
        await turn();
        return await store.commit(...args);
      },
    }),
  };
}

/** Applies every transaction, and tells nobody. */
class SilentStore implements Datastore {
  readonly #store: Datastore;
  #silent = true;

  constructor(store: Datastore) {
    this.#store = store;
  }

  read(...args: Parameters<Datastore["read"]>): ReturnType<Datastore["read"]> {
    return this.#store.read(...args);
  }

  async commit(txn: Txn, options: CallOptions): Promise<Committed | Conflict> {
    const answer = await this.#store.commit(txn, options);
    this.#silent = !this.#silent;
    if (this.#silent || answer.kind === "conflict") return answer;
    throw new DatastoreError("ambiguous", "no answer", { repair: "wait" });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

Deno.test("a commit of which nobody knows the end is made once", async () => {
  const world = makeWorld();
  const sets = [setOf({ subnet: "10.1.0.0/24", retain: "owner" })];
  const [kept = "", other = ""] = [
    await giveAndTake(world, "web-0", { owner: OWNER, sets }),
    await giveAndTake(world, "web-1", { owner: { ...OWNER, name: "web-1" }, sets }),
  ];
  const report = await reconcileOnce(world, { store: new SilentStore(world.store) });
  assertEquals(told(report.freed), [`ended ${kept}`, `ended ${other}`].toSorted());
  assertEquals(await keysOf(world), []);
});

Deno.test("what was cleared by a commit of which nobody knows the end is told", async () => {
  const world = makeWorld();
  const cooled: string[] = [];
  for (const pod of ["a", "b", "c"]) {
    cooled.push(await giveAndTake(world, pod, { cooldownMs: 1_000 }));
  }
  const report = await reconcileOnce(world, { store: new SilentStore(world.store) });
  assertEquals(told(report.freed), cooled.map((ip) => `expired ${ip}`).toSorted());
  assertEquals(await keysOf(world), []);
});

Deno.test("a datastore that is out of space gives back what needs no write", async () => {
  const world = makeWorld();
  const plain = await give(world, "job");
  const sets = [setOf({ subnet: "10.1.0.0/24", retain: "forever" })];
  const sticky = await give(world, "web-0", { owner: OWNER, sets });
  const { store } = world;
  const report = await reconcileOnce(world, {
    store: fullOf(store),
    scope: { cooldownMs: 60_000 },
  });
  assertEquals(told(report.freed), [`gone ${plain}`]);
  assertEquals(told(report.kept), [`full ${sticky}`]);
  assertEquals(await addressStates(store), { [sticky]: "held" });
});

Deno.test("a pod that comes back under its name is another one", async () => {
  const world = makeWorld();
  const ip = await give(world, "web");
  world.whileAsking = () => void run(world, "web", { uid: uidOf("web", 2) });
  assertEquals(told((await reconcileOnce(world)).freed), [`replaced ${ip}`]);
});

/** It takes deletions only. */
function fullOf(store: Datastore): Datastore {
  return {
    read: (...args) => store.read(...args),
    commit: (txn, options) =>
      txn.writes.some(({ kind }) => kind === "put")
        ? Promise.reject(new DatastoreError("full", "NOSPACE", { repair: "defragment" }))
        : store.commit(txn, options),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

Deno.test("a datastore that is out of space keeps no orphan that may just be deleted", async () => {
  const world = makeWorld();
  const forever = [setOf({ subnet: "10.1.0.0/24", retain: "forever" })];
  const plain = await give(world, "job");
  const sticky = await give(world, "web-0", { owner: OWNER, sets: forever });
  const keys = (await allEntries(world.store)).map(({ key }) => key);
  const lost = keys.filter((key) => /\/(attachments|nodes|pods)\//.test(key));
  await write(world, ...lost.map((key) => ({ kind: "delete", key } as const)));
  const owner = { namespace: "shop", name: "db-0" };
  const mixed = [
    setOf({ subnet: "10.2.0.0/24", retain: "owner" }),
    setOf({ subnet: "fd00::/120", retain: "forever" }),
  ];
  const ended = (await giveAndTake(world, "db-0", { owner, sets: mixed })).split(",");
  const report = await reconcileOnce(world, {
    store: fullOf(world.store),
    scope: { cooldownMs: 60_000 },
    unsound: true,
  });
  assertEquals(told(report.freed), [`orphan ${plain}`]);
  const key = addressKey("default", parseAddr(sticky));
  assertEquals(told(report.kept), [...ended.map((ip) => `full ${ip}`), `full ${key}`].toSorted());
  const states = await addressStates(world.store);
  assertEquals([states[plain], states[sticky]], [undefined, "held"]);
});
