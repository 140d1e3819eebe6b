/** An answer of 429 or 5xx is waited out; nothing else is. */
import { assertEquals, assertRejects } from "@std/assert";
import { askAgain } from "../../../../lib/command/reconcile/ask_again.ts";
import { KubeError, type KubeFailure } from "../../../../lib/kube/api.ts";
import { setOf } from "../../../support/sets.ts";
import { give, giveAndTake, makeWorld, reconcileOnce, run, told } from "./_world.ts";

function failure(kind: KubeFailure): KubeError {
  return new KubeError(kind, "no", { repair: "wait" });
}

/** Throws one failure after the other, then answers. */
function failing(...kinds: readonly KubeFailure[]): {
  readonly ask: () => void;
  readonly left: KubeFailure[];
} {
  const left = [...kinds];
  return {
    left,
    ask: () => {
      const kind = left.shift();
      if (kind !== undefined) throw failure(kind);
    },
  };
}

Deno.test("a pod that cannot be asked for is asked for three times", async () => {
  const world = makeWorld();
  const ip = await give(world, "gone");
  const twice = failing("unavailable", "unavailable");
  world.whileAsking = twice.ask;
  assertEquals(told((await reconcileOnce(world)).freed), [`gone ${ip}`]);
  assertEquals(world.asked, ["shop/gone", "shop/gone", "shop/gone"]);
});

Deno.test("what stays unavailable, or is refused, ends the work", async () => {
  for (
    const [kinds, tries] of [
      [["unavailable", "unavailable", "unavailable", "unavailable"], 3],
      [["unavailable", "refused"], 2],
      [["refused"], 1],
      [["misconfigured"], 1],
    ] as const
  ) {
    const world = makeWorld();
    await give(world, "gone");
    world.whileAsking = failing(...kinds).ask;
    await assertRejects(() => reconcileOnce(world), KubeError);
    assertEquals(world.asked.length, tries, kinds.join());
  }
});

Deno.test("a StatefulSet that cannot be asked for is asked for again", async () => {
  const world = makeWorld();
  const sets = [setOf({ subnet: "10.1.0.0/24", retain: "owner" })];
  const ip = await giveAndTake(world, "web-0", {
    owner: { namespace: "shop", name: "web-0" },
    sets,
  });
  const once = failing("unavailable");
  const statefulSet = (): Promise<undefined> =>
    Promise.resolve().then(() => {
      once.ask();
      return undefined;
    });
  const api = { ...world.api, inventory: { ...world.api.inventory, statefulSet } };
  assertEquals(told((await reconcileOnce(world, { api })).freed), [`ended ${ip}`]);
  assertEquals(once.left, []);
});

Deno.test("nobody is asked again when the work is to end", async () => {
  const ending = new AbortController();
  const { signal } = ending;
  let tries = 0;
  const ask = (): Promise<never> => {
    tries++;
    return Promise.reject(failure("unavailable"));
  };
  const asking = askAgain({ signal, pausesMs: [3_600_000, 3_600_000] }, ask);
  await Promise.resolve();
  ending.abort();
  await assertRejects(() => asking, KubeError);
  await assertRejects(() => askAgain({ signal, pausesMs: [3_600_000] }, ask), KubeError);
  assertEquals(
    tries,
    3,
    "once before, once at the end of the wait, once with a signal that was over",
  );
});

Deno.test("what is thrown and is not the API's is not tried again", async () => {
  const world = makeWorld();
  run(world, "other");
  await give(world, "gone");
  world.whileAsking = () => {
    throw new TypeError("a defect");
  };
  await assertRejects(() => reconcileOnce(world), TypeError);
  assertEquals(world.asked, ["shop/gone"]);
});
