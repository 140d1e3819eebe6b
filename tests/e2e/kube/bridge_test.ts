/** A fixed pod under the real bridge plugin: its address is on its interface, and moves to the next pod. */
import { assertEquals } from "@std/assert";
import type { Json } from "../../support/answers.ts";
import { startKube } from "../../support/kube.ts";
import type { TestPod } from "../../support/kube_pods.ts";
import { testNeeding } from "../../support/needs.ts";
import { execCni, makeBridge, makeCniPath, makeNetns, type Netns } from "../../support/netns.ts";
import { makeWorld, NEEDS } from "./_world.ts";

async function addressesOf(netns: Netns): Promise<readonly string[]> {
  const links: Json = JSON.parse(await netns.run(["ip", "-json", "address", "show", "eth0"]));
  return links[0].addr_info.filter((one: Json) => one.family === "inet")
    .map((one: Json) => `${one.local}/${one.prefixlen}`);
}

testNeeding(
  [...NEEDS, "root", "netns", "ping", "cni-plugins"],
  "bridge gives a fixed pod its address; the next pod has it when the former is gone",
  async () => {
    await using kube = await startKube();
    await using world = await makeWorld(kube, { store: "etcd" });
    await using bridge = await makeBridge();
    await using first = await makeNetns();
    await using second = await makeNetns();
    const cniPath = await makeCniPath(world.a.root);
    const top = { type: "bridge", bridge: bridge.name, isGateway: true };
    const call = (command: "ADD" | "DEL", pod: TestPod, netns: Netns): Promise<Json> =>
      execCni({
        plugin: "bridge",
        command,
        containerId: `kube-${pod.name}`,
        netns: netns.path,
        args: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${pod.namespace};K8S_POD_NAME=${pod.name};` +
          `K8S_POD_UID=${pod.uid}`,
        netconf: world.netconf(world.a, { top }),
      }, cniPath);
    const annotations = { "kube-ipam.ip": "10.1.1.5", "kube-ipam.netmask": "255.255.0.0" };
    const old = await world.pod({ name: "db-0", annotations });
    await call("ADD", old, first);
    assertEquals(await addressesOf(first), ["10.1.1.5/16"]);
    await kube.deletePod(old, { graceSeconds: 0 });
    const next = await world.pod({ name: "db-1", annotations });
    const neighbour = await world.pod({
      name: "neighbour",
      annotations: { "kube-ipam.ip": "10.1.1.6" },
    });
    await call("DEL", old, first);
    await call("ADD", next, second);
    assertEquals(await addressesOf(second), ["10.1.1.5/16"]);
    await call("ADD", neighbour, first);
    await first.run(["ping", "-c", "1", "-W", "5", "10.1.1.5"]);
    await call("DEL", next, second);
    await call("DEL", neighbour, first);
    assertEquals(await world.held(), {});
  },
);
