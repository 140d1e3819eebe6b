/** What became of a pod, by what the API has under its name. */
import { assertEquals, assertMatch } from "@std/assert";
import { endingAdvice, podStateOf } from "../../../lib/kube/pod_state.ts";
import { podOf } from "../../support/pod.ts";

const NAME = { namespace: "shop", name: "db" };
const UID = "00000000-0000-4000-8000-000000000001";
const OTHER = "00000000-0000-4000-8000-000000000002";
const HASH = "0123456789abcdef0123456789abcdef";

const MIRROR = { "kubernetes.io/config.hash": HASH };

for (
  const [title, uid, found, expected] of [
    ["runs", UID, podOf(), "present"],
    ["is of an unknown phase", UID, podOf({ phase: "Unknown" }), "present"],
    ["is absent", UID, undefined, "gone"],
    ["has another UID", UID, podOf({ uid: OTHER }), "replaced"],
    ["has another UID and has ended", UID, podOf({ uid: OTHER, phase: "Failed" }), "replaced"],
    ["has succeeded", UID, podOf({ phase: "Succeeded" }), "finished"],
    ["has failed", UID, podOf({ phase: "Failed" }), "finished"],
    ["has no known UID and runs", undefined, podOf({ uid: OTHER }), "present"],
    ["has no known UID and is absent", undefined, undefined, "gone"],
    ["is static and unknown", HASH, undefined, "static"],
    ["is static and another has its name", HASH, podOf(), "static"],
    ["is static and runs", HASH, podOf({ annotations: MIRROR }), "present"],
    ["is static and has failed", HASH, podOf({ annotations: MIRROR, phase: "Failed" }), "finished"],
    [
      "is static and was changed",
      HASH,
      podOf({ annotations: { "kubernetes.io/config.hash": HASH.toUpperCase() } }),
      "replaced",
    ],
  ] as const
) {
  Deno.test(`podStateOf() of one that ${title} is "${expected}"`, () => {
    assertEquals(podStateOf(NAME, { uid, found }).kind, expected);
  });
}

Deno.test("endingAdvice() names the force only a minute after the end", () => {
  const now = 10_000_000;
  assertEquals(endingAdvice(podOf(), now), undefined);
  assertMatch(endingAdvice(podOf({ deletionMs: now - 60_000 }), now) ?? "", /is being deleted/);
  assertMatch(
    endingAdvice(podOf({ deletionMs: now - 60_001 }), now) ?? "",
    /out-of-service.*kubectl delete pod -n shop db --force --grace-period=0$/,
  );
});
