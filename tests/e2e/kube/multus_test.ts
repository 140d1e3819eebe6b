/** Pods with several networks: which annotation speaks of which, on a real Kubernetes API. */
import { assertEquals, assertMatch } from "@std/assert";
import { startKube } from "../../support/kube.ts";
import { testNeeding } from "../../support/needs.ts";
import { inBothStores, makeWorld, NEEDS, type PodCall } from "./_world.ts";

const NETWORKS = "k8s.v1.cni.cncf.io/networks";
const ETH0: PodCall = { containerId: "c", top: { name: "web" } };
const NET1: PodCall = {
  containerId: "c",
  ifName: "net1",
  top: { name: "database" },
  ipam: { subnet: "10.2.0.0/16", rangeStart: "10.2.0.10", rangeEnd: "10.2.0.200" },
};

testNeeding(NEEDS, "pods with several networks", async (t) => {
  await using kube = await startKube();

  await inBothStores(t, "eth0 random and net1 fixed, by one plain annotation", async (store) => {
    await using world = await makeWorld(kube, { store });
    const pod = await world.pod({
      annotations: { [NETWORKS]: "default/database", "kube-ipam.ip": "10.2.1.5" },
    });
    assertMatch((await world.add(world.a, pod, ETH0))[0] ?? "", /^10\.1\.0\./);
    assertEquals(await world.add(world.a, pod, NET1), ["10.2.1.5"]);
  });

  await inBothStores(
    t,
    "eth0 fixed and net1 random: the pod index proves whose it is",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      const pod = await world.pod({
        annotations: { [NETWORKS]: '[{"name": "database"}]', "kube-ipam.ip": "10.1.1.5" },
      });
      assertEquals(await world.add(world.a, pod, ETH0), ["10.1.1.5"]);
      assertMatch((await world.add(world.a, pod, NET1))[0] ?? "", /^10\.2\.0\./);
    },
  );

  await inBothStores(
    t,
    "a mistyped address is told on the last interface, with the known networks",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      const pod = await world.pod({
        annotations: { [NETWORKS]: "database", "kube-ipam.ip": "10.3.1.5" },
      });
      await world.add(world.a, pod, ETH0);
      const { details } = await world.refused(102, world.a, pod, NET1);
      assertMatch(details, /10\.3\.1\.5 \(kube-ipam\.ip\)/);
      assertMatch(details, /web \(10\.1\.0\.0\/16\), database \(10\.2\.0\.0\/16\)/);
      assertMatch(details, /kube-ipam\.ip\.database/);
    },
  );

  await inBothStores(t, "an annotation for one network speaks of no other", async (store) => {
    await using world = await makeWorld(kube, { store });
    const annotations = {
      [NETWORKS]: "database@db0",
      "kube-ipam.ip.database": "10.2.1.6",
      "kube-ipam.gateway.database": "10.2.0.9",
    };
    const pod = await world.pod({ annotations });
    assertMatch((await world.add(world.a, pod, ETH0))[0] ?? "", /^10\.1\.0\./);
    const db0 = { ...NET1, ifName: "db0" };
    assertEquals(await world.add(world.a, pod, db0), ["10.2.1.6"]);
    const { "kube-ipam.ip.database": ip, ...others } = annotations;
    const typo = await world.pod({ annotations: { ...others, "kube-ipam.ip.databse": ip } });
    await world.refused(103, world.a, typo, db0);
  });

  await inBothStores(
    t,
    "the same network twice with one wished address: the second is told",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      const net2 = { ...NET1, ifName: "net2" };
      const networks = { [NETWORKS]: "database,database" };
      const pod = await world.pod({ annotations: { ...networks, "kube-ipam.ip": "10.2.1.5" } });
      assertEquals(await world.add(world.a, pod, NET1), ["10.2.1.5"]);
      const { details } = await world.refused(101, world.a, pod, net2);
      assertMatch(details, /this pod already holds it on net1/);
      const list = { ...networks, "kube-ipam.ip": "10.2.1.6,10.2.1.7" };
      const both = await world.pod({ annotations: list });
      assertEquals(await world.add(world.a, both, { ...NET1, containerId: "d" }), ["10.2.1.6"]);
      assertEquals(await world.add(world.a, both, { ...net2, containerId: "d" }), ["10.2.1.7"]);
    },
  );
});
