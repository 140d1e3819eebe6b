/** Two clusters that share one certificate authority are told apart by the UID of kube-system. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { JudgingApi } from "../../../../lib/command/reconcile/reconcile.ts";
import { KubeError } from "../../../../lib/kube/api.ts";
import { allEntries } from "../../../support/invariants.ts";
import {
  CLUSTER_UID,
  give,
  makeWorld,
  reconcileOnce,
  run,
  told,
  uidOf,
  type World,
} from "./_world.ts";

function apiWith(world: World, clusterUid: JudgingApi["inventory"]["clusterUid"]): JudgingApi {
  return { ...world.api, inventory: { ...world.api.inventory, clusterUid } };
}

Deno.test("an API of another cluster than the named one is refused before anything is freed", async () => {
  const world = makeWorld();
  const cluster = uidOf("another");
  await give(world, "gone", { asker: { cluster } });
  const before = await allEntries(world.store);
  const error = await assertRejects(() => reconcileOnce(world, { scope: { cluster } }), KubeError);
  assertEquals(error.kind, "misconfigured");
  assertMatch(error.message, new RegExp(`"${cluster}", and the UID .* is "${CLUSTER_UID}"$`));
  assertEquals(await allEntries(world.store), before);
});

Deno.test("the cluster's own API, and a name that is no UID, are not refused", async () => {
  for (const cluster of [CLUSTER_UID, "default", "berlin-1"]) {
    const world = makeWorld();
    run(world, "other");
    const ip = await give(world, "gone", { asker: { cluster } });
    const { freed, notes } = await reconcileOnce(world, { scope: { cluster } });
    assertEquals([told(freed), notes], [[`gone ${ip}`], []]);
  }
});

Deno.test("a role without the right to look at kube-system makes a note, a failure ends the work", async () => {
  const world = makeWorld();
  const scope = { cluster: CLUSTER_UID };
  const ip = await give(world, "gone", { asker: scope });
  const failing = (kind: "refused" | "unavailable"): JudgingApi =>
    apiWith(world, () => Promise.reject(new KubeError(kind, "no answer", { repair: "wait" })));
  await assertRejects(
    () => reconcileOnce(world, { scope, api: failing("unavailable") }),
    KubeError,
  );
  const { freed, notes } = await reconcileOnce(world, { scope, api: failing("refused") });
  assertEquals(told(freed), [`gone ${ip}`]);
  assertEquals(notes, ["Nothing tells whether this API is that of our cluster: no answer"]);
});
