/** Sticky owners: StatefulSets and named owners keep their addresses, on a real Kubernetes API. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { startKube } from "../../support/kube.ts";
import type { CreatePodOptions, TestPod } from "../../support/kube_pods.ts";
import { testNeeding } from "../../support/needs.ts";
import { inBothStores, makeWorld, NEEDS, type World } from "./_world.ts";

/** A pod as a StatefulSet makes it. */
function ofStatefulSet(ordinal: number, annotations: Record<string, string>): CreatePodOptions {
  return {
    name: `web-${ordinal}`,
    annotations,
    ownerReferences: [{
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      name: "web",
      uid: "00000000-0000-0000-0000-000000000001",
      controller: true,
    }],
  };
}

async function scaleUp(
  world: World,
  annotations: Record<string, string>,
): Promise<readonly { readonly pod: TestPod; readonly ip: string }[]> {
  const made = [];
  for (const ordinal of [0, 1, 2]) {
    const pod = await world.pod(ofStatefulSet(ordinal, annotations));
    const [ip = ""] = await world.add(ordinal === 1 ? world.a : world.b, pod);
    made.push({ pod, ip });
  }
  return made;
}

async function scaleDown(
  world: World,
  pods: readonly { readonly pod: TestPod }[],
): Promise<void> {
  for (const [ordinal, { pod }] of [...pods.entries()].reverse()) {
    await world.del(ordinal === 1 ? world.a : world.b, pod);
    await world.kube.deletePod(pod, { graceSeconds: 0 });
  }
}

testNeeding(NEEDS, "sticky owners", async (t) => {
  await using kube = await startKube();

  await inBothStores(
    t,
    "a StatefulSet of 3 scaled down and up has its addresses again",
    async (store) => {
      for (const retain of ["forever", "owner", "1h"]) {
        await using world = await makeWorld(kube, { store });
        const annotations = { "kube-ipam.retain": retain };
        const before = await scaleUp(world, annotations);
        assertEquals(new Set(before.map(({ ip }) => ip)).size, 3);
        await scaleDown(world, before);
        assertEquals(await world.held(), {});
        const wish = { "kube-ipam.ip": before[0]?.ip ?? "" };
        const after = await scaleUp(world, annotations);
        assertEquals(after.map(({ ip }) => ip), before.map(({ ip }) => ip));
        await scaleDown(world, after);
        // Of the random range, no pod may ask for it by name; nobody gets it by chance.
        await world.refused(102, world.a, await world.pod({ annotations: wish }));
      }
    },
  );

  await inBothStores(t, "retain in the netconf, per range", async (store) => {
    const ranges = [[{
      subnet: "10.1.0.0/24",
      rangeStart: "10.1.0.10",
      rangeEnd: "10.1.0.12",
      retain: "forever",
    }]];
    const ipam = { subnet: undefined, rangeStart: undefined, rangeEnd: undefined, ranges };
    await using world = await makeWorld(kube, { store, ipam });
    const first = await world.pod(ofStatefulSet(0, {}));
    const [ip = ""] = await world.add(world.a, first);
    await world.del(world.a, first);
    await kube.deletePod(first, { graceSeconds: 0 });
    const others = [];
    for (const _ of [1, 2]) others.push((await world.add(world.b, await world.pod()))[0]);
    assert(!others.includes(ip));
    await world.refused(100, world.b, await world.pod());
    assertEquals(await world.add(world.b, await world.pod(ofStatefulSet(0, {}))), [ip]);
  });

  await inBothStores(t, "a sticky pod of a lost node gets its own address back", async (store) => {
    await using world = await makeWorld(kube, { store });
    const sticky = ofStatefulSet(0, { "kube-ipam.retain": "forever" });
    const lost = await world.pod(sticky);
    const ips = await world.add(world.a, lost);
    await kube.deletePod(lost, { graceSeconds: 0 }); // by force: no DEL was ever called
    const next = await world.pod(sticky);
    assertEquals(await world.add(world.b, next), ips);
    await world.del(world.a, lost); // the node comes back
    assertEquals(Object.keys(await world.held()), ips);
  });

  await inBothStores(
    t,
    "a fixed address that is retained is refused to all others, with its owner",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      const annotations = { "kube-ipam.ip": "10.1.1.5", "kube-ipam.retain": "forever" };
      const pod = await world.pod({ ...ofStatefulSet(0, annotations) });
      await world.add(world.a, pod);
      await world.del(world.a, pod);
      await kube.deletePod(pod, { graceSeconds: 0 });
      const other = await world.pod({ annotations: { "kube-ipam.ip": "10.1.1.5" } });
      const { details } = await world.refused(101, world.b, other);
      assertMatch(details, new RegExp(`${world.namespace}/web-0`));
      assertMatch(details, /kube-ipam release/);
      assertEquals(await world.add(world.b, await world.pod(ofStatefulSet(0, annotations))), [
        "10.1.1.5",
      ]);
    },
  );

  await inBothStores(
    t,
    "a named owner keeps its address under other pod names; so does podname",
    async (store) => {
      for (const key of ["kube-ipam.owner", "podname"]) {
        await using world = await makeWorld(kube, { store });
        const annotations = { [key]: "primary", "kube-ipam.retain": "1h" };
        const first = await world.pod({ annotations });
        const ips = await world.add(world.a, first);
        const second = await world.pod({ annotations });
        await world.refused(11, world.b, second); // never another address while it is held
        await world.del(world.a, first);
        assertEquals(await world.add(world.b, second), ips);
      }
      await using world = await makeWorld(kube, { store });
      const annotations = { "kube-ipam.owner": "primary", "kube-ipam.retain": "owner" };
      await world.refused(103, world.a, await world.pod({ annotations }));
    },
  );

  await inBothStores(t, "an ordered pool: web-0 gets the first", async (store) => {
    await using world = await makeWorld(kube, { store });
    const annotations = {
      "kube-ipam.pool": "10.1.1.30,10.1.1.20-10.1.1.21",
      "kube-ipam.pool-order": "ordinal",
    };
    const pods = await scaleUp(world, annotations);
    assertEquals(pods.map(({ ip }) => ip), ["10.1.1.30", "10.1.1.20", "10.1.1.21"]);
    const fourth = await world.pod(ofStatefulSet(3, annotations));
    await world.refused(102, world.a, fourth);
  });

  await inBothStores(
    t,
    "owner-hash gives a workload the same address without any record",
    async (store) => {
      await using world = await makeWorld(kube, { store, ipam: { allocation: "owner-hash" } });
      const pod = await world.pod(ofStatefulSet(0, {}));
      const ips = await world.add(world.a, pod);
      await world.del(world.a, pod);
      await kube.deletePod(pod, { graceSeconds: 0 });
      assert(!(await world.stored()).includes(`${world.space}/addresses`));
      const next = await world.pod(ofStatefulSet(0, {}));
      assertEquals(await world.add(world.b, next), ips);
      assertNotEquals(await world.add(world.b, await world.pod(ofStatefulSet(1, {}))), ips);
    },
  );
});
