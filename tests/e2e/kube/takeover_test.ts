/** What becomes of an address whose pod is gone, or only seems to be: on a real Kubernetes API, from two nodes. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { openKube } from "../../../lib/kube/open.ts";
import { makeJudge } from "../../../lib/plugin/judge.ts";
import { parseAddress } from "../../../lib/state/record_text.ts";
import { startKube } from "../../support/kube.ts";
import type { CreatePodOptions, TestPod } from "../../support/kube_pods.ts";
import { testNeeding } from "../../support/needs.ts";
import { assertHeld, containerOf, inBothStores, makeWorld, NEEDS, type World } from "./_world.ts";

const FIXED = "10.1.1.5";
const WISH = { "kube-ipam.ip": FIXED };

/** A pod of a ReplicaSet, as a Deployment makes it. */
function ofReplicaSet(hash: string): CreatePodOptions {
  return {
    annotations: WISH,
    labels: { "pod-template-hash": hash },
    ownerReferences: [{
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      name: `web-${hash}`,
      uid: `00000000-0000-0000-0000-0000000${hash}`,
      controller: true,
    }],
  };
}

/** What the plugin would say some two minutes after the deletion. */
async function adviceLater(
  world: World,
  { old, next }: { readonly old: TestPod; readonly next: TestPod },
): Promise<string> {
  const signal = AbortSignal.timeout(10_000);
  await using api = await openKube(`${world.b.root}/kubectl.kubeconfig`);
  const pod = await api.getPod(next, { signal });
  const entry = JSON.parse(await world.stored()).find(({ key }: { readonly key: string }) =>
    key.includes(`/${world.space}/addresses/`)
  );
  if (pod === undefined) throw new Error("Cannot find the waiting pod");
  const judge = makeJudge({ api, pod, signal, now: Date.now() + 120_000 });
  const verdict = await judge(parseAddress(entry));
  assertEquals(verdict.kind, "present", old.name);
  return verdict.kind === "present" ? verdict.advice : "";
}

testNeeding(NEEDS, "take-over", async (t) => {
  await using kube = await startKube();

  await inBothStores(
    t,
    "reschedule while the old pod terminates: wait, then take over",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      const old = await world.pod({ name: "old", annotations: WISH });
      await world.add(world.a, old);
      await kube.deletePod(old, { graceSeconds: 300 });
      const next = await world.pod({ name: "next", annotations: WISH, nodeName: "node-b" });
      assertMatch((await world.refused(11, world.b, next)).details, /It is being deleted/);
      await kube.deletePod(old, { graceSeconds: 0 });
      assertEquals(await world.add(world.b, next, { containerId: "retry" }), [FIXED]);
      await assertHeld(world, { [FIXED]: "retry" });
      await world.del(world.a, old);
      await assertHeld(world, { [FIXED]: "retry" });
      const taken = (await world.b.log()).at(-1);
      assertEquals(taken.takenOverFrom, containerOf(world.a, old));
    },
  );

  await inBothStores(
    t,
    "node lost: the advice, and after the force delete the address",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      const old = await world.pod({
        name: "db",
        annotations: WISH,
        terminationGracePeriodSeconds: 1,
        phase: "Running",
      });
      await world.add(world.a, old);
      await kube.deletePod(old);
      const next = await world.pod({ name: "next", annotations: WISH, nodeName: "node-b" });
      const first = await world.refused(11, world.b, next);
      assertMatch(first.details, /on node-a since/);
      assertMatch(await adviceLater(world, { old, next }), /out-of-service=nodeshutdown:NoExecute/);
      await kube.deletePod(old, { graceSeconds: 0 });
      assertEquals(await world.add(world.b, next), [FIXED]);
      await world.del(world.a, old);
      await assertHeld(world, { [FIXED]: containerOf(world.b, next) });
    },
  );

  await inBothStores(
    t,
    "the pod's name reused with another UID: the former's address, not its life",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      const old = await world.pod({ name: "web-0", annotations: WISH });
      await world.add(world.a, old);
      await kube.deletePod(old, { graceSeconds: 0 });
      const next = await world.pod({ name: "web-0", annotations: WISH });
      const stale = await world.refused(11, world.a, old, { containerId: "late" });
      assert(stale.details.includes(next.uid) && stale.details.includes(old.uid), stale.details);
      assertEquals(await world.add(world.b, next), [FIXED]);
      await world.del(world.a, old);
      await assertHeld(world, { [FIXED]: containerOf(world.b, next) });
    },
  );

  await inBothStores(t, "a pod that has ended gives its address up", async (store) => {
    for (const phase of ["Succeeded", "Failed"] as const) {
      await using world = await makeWorld(kube, { store });
      const old = await world.pod({ name: "job", annotations: WISH });
      await world.add(world.a, old);
      await kube.setPhase(old, "Running");
      const next = await world.pod({ name: "next", annotations: WISH });
      await world.refused(11, world.b, next);
      await kube.setPhase(old, phase);
      assertEquals(await world.add(world.b, next), [FIXED]);
    }
  });

  await inBothStores(
    t,
    "a new sandbox of the same pod takes over at once, also a random address",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      for (const annotations of [WISH, {}]) {
        const pod = await world.pod({ annotations });
        const ips = await world.add(world.a, pod, { containerId: "first" });
        assertEquals(await world.add(world.a, pod, { containerId: "second" }), ips);
        await world.del(world.a, pod, { containerId: "first" });
        await assertHeld(world, { [ips[0] ?? ""]: "second" });
        await world.del(world.a, pod, { containerId: "second" });
      }
    },
  );

  await inBothStores(t, "a runtime that sends no UID: the pod's own counts", async (store) => {
    await using world = await makeWorld(kube, { store });
    const pod = await world.pod({ annotations: WISH });
    const ips = await world.add(world.a, pod, { uid: "", containerId: "first" });
    assertEquals(await world.add(world.a, pod, { uid: "", containerId: "second" }), ips);
    await world.del(world.a, pod, { uid: "", containerId: "second" });
    await assertHeld(world, {});
  });

  await inBothStores(t, "a static pod is known by its config hash", async (store) => {
    await using world = await makeWorld(kube, { store });
    const hash = "0123456789abcdef0123456789abcdef";
    const mirror = await world.pod({
      name: "static-node-a",
      annotations: {
        ...WISH,
        "kubernetes.io/config.hash": hash,
        "kubernetes.io/config.mirror": hash,
      },
    });
    assertEquals(await world.add(world.a, mirror, { uid: hash }), [FIXED]);
    const other = await world.pod({ annotations: WISH });
    await world.refused(11, world.b, other);
    assertEquals(await world.add(world.a, mirror, { uid: hash, containerId: "again" }), [FIXED]);
    await world.refused(11, world.a, mirror, { uid: "fedcba98", containerId: "else" });
    // Without its mirror a static pod runs on.
    await kube.deletePod(mirror, { graceSeconds: 0 });
    assertMatch((await world.refused(11, world.b, other)).details, /static pod/);
    await world.del(world.a, mirror, { uid: hash, containerId: "again" });
    assertEquals(await world.add(world.b, other), [FIXED]);
  });

  await inBothStores(
    t,
    "rollout of a one-address Deployment: Recreate works, surging is explained",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      const old = await world.pod({ name: "web-aaaaa-1", ...ofReplicaSet("aaaaa") });
      await world.add(world.a, old);
      // The default strategy starts the new pod first.
      const surged = await world.pod({ name: "web-bbbbb-1", ...ofReplicaSet("bbbbb") });
      const { details } = await world.refused(11, world.b, surged);
      assertMatch(details, /strategy: \{type: Recreate\}/);
      // Recreate ends the old one first.
      await world.del(world.a, old);
      await kube.deletePod(old, { graceSeconds: 0 });
      assertEquals(await world.add(world.b, surged), [FIXED]);
    },
  );

  await inBothStores(t, "a holder without a pod is never taken over", async (store) => {
    await using world = await makeWorld(kube, { store });
    const off = { annotations: "off", cluster: "podman-hosts" };
    const container = { namespace: "", name: "box", uid: "" };
    const top = { runtimeConfig: { ips: [FIXED] } };
    await world.add(world.a, container, { ipam: { ...off, datastore: store }, top });
    const pod = await world.pod({ annotations: WISH });
    const { details } = await world.refused(11, world.b, pod);
    assertMatch(details, /It is not taken over: /);
  });
});
