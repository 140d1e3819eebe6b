/** What a pod's controller tells: its workload, its siblings, and whether it is the pod that is meant. */
import { assertEquals } from "@std/assert";
import type { Pod } from "../../../lib/kube/pod.ts";
import { samePod } from "../../../lib/kube/same_pod.ts";
import { sharesController } from "../../../lib/kube/same_controller.ts";
import { workloadOf } from "../../../lib/kube/workload.ts";
import { controlledBy, podWith } from "./annotations/_annotations.ts";

/** A pod of a Deployment's ReplicaSet. */
function replica(name: string, templateHash: string | undefined, more: Partial<Pod> = {}): Pod {
  return podWith({}, { ...controlledBy("ReplicaSet", name), templateHash, ...more });
}

for (
  const [title, pod, expected] of [
    ["nobody's", podWith(), "default/web-2"],
    ["a StatefulSet's", podWith({}, controlledBy("StatefulSet")), "default/web-2"],
    ["a Deployment's", replica("web-5d4f8", "5d4f8"), "default/web"],
    ["a ReplicaSet's", replica("web", undefined), "default/ReplicaSet/web"],
    ["a ReplicaSet's of another name", replica("web", "5d4f8"), "default/ReplicaSet/web"],
    ["a ReplicaSet's of no name", replica("-5d4f8", "5d4f8"), "default/ReplicaSet/-5d4f8"],
    ["a DaemonSet's", podWith({}, controlledBy("DaemonSet")), "default/web/node-1"],
    ["a Job's", podWith({}, controlledBy("Job", "backup")), "default/Job/backup"],
  ] as const
) {
  Deno.test(`workloadOf() names ${title}`, () => assertEquals(workloadOf(pod), expected));
}

for (
  const [title, a, b, expected] of [
    ["two pods of nobody", podWith(), podWith(), false],
    ["one controller", podWith({}, controlledBy("Job")), podWith({}, controlledBy("Job")), true],
    [
      "two controllers",
      podWith({}, controlledBy("Job", "a")),
      podWith({}, controlledBy("Job", "b")),
      false,
    ],
    [
      "controllers without UID",
      podWith({}, controlledBy("Job", "a", "")),
      podWith({}, controlledBy("Job", "a", "")),
      false,
    ],
    ["two ReplicaSets of one Deployment", replica("web-1", "1"), replica("web-2", "2"), true],
    ["two Deployments", replica("web-1", "1"), replica("db-2", "2"), false],
    [
      "two namespaces",
      replica("web-1", "1"),
      replica("web-2", "2", { namespace: "other" }),
      false,
    ],
    ["two ReplicaSets of nobody", replica("a", undefined), replica("b", undefined), false],
  ] as const
) {
  Deno.test(`sharesController() ${title}`, () => {
    assertEquals(sharesController(a, b), expected);
    assertEquals(sharesController(b, a), expected);
  });
}

Deno.test("samePod() knows a pod by its UID, and a static one by its hash", () => {
  const mirror = podWith({ "kubernetes.io/config.hash": "hash" });
  assertEquals(["uid-1", "hash", "uid-2", ""].map((uid) => samePod(mirror, uid)), [
    true,
    true,
    false,
    false,
  ]);
  assertEquals(samePod(podWith({ "kubernetes.io/config.hash": "" }, { uid: "" }), ""), false);
});
