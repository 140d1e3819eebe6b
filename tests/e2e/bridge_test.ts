/** The real bridge plugin executes ours, for two containers that then reach one another. */
import { assert, assertEquals } from "@std/assert";
import { startEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import { execCni, makeBridge, makeCniPath, makeNetns, type Netns } from "../support/netns.ts";
import { makeSandbox, type Sandbox } from "../support/plugin.ts";

const NEEDS = ["root", "netns", "ping", "cni-plugins"] as const;

// deno-lint-ignore no-explicit-any
type Answer = any;

interface Rig {
  readonly box: Sandbox;
  /** Calls bridge for the container with this number. */
  call(command: "ADD" | "CHECK" | "DEL", index: number, prevResult?: Answer): Promise<Answer>;
}

async function addressOf(netns: Netns): Promise<readonly string[]> {
  const links: Answer = JSON.parse(await netns.run(["ip", "-json", "address", "show", "eth0"]));
  return links[0].addr_info.filter((one: Answer) => one.family === "inet")
    .map((one: Answer) => `${one.local}/${one.prefixlen}`);
}

/** From the first ADD to the last repeated DEL. */
async function runLife({ call }: Rig, netns: readonly [Netns, Netns]): Promise<void> {
  const results = [await call("ADD", 0), await call("ADD", 1)];
  const addresses: string[] = results.map((result) => result.ips[0].address);
  assertEquals(addresses, ["10.1.0.10/24", "10.1.0.11/24"]);
  for (const index of [0, 1] as const) {
    const [ip] = results[index].ips;
    assertEquals(ip.gateway, "10.1.0.1");
    assertEquals(results[index].interfaces[ip.interface].name, "eth0");
    assertEquals(await addressOf(netns[index]), [addresses[index] ?? ""]);
    assertEquals(await call("CHECK", index, results[index]), undefined);
  }
  await netns[0].run(["ping", "-c", "1", "-W", "5", "10.1.0.11"]);
  await netns[1].run(["ping", "-c", "1", "-W", "5", "10.1.0.10"]);

  await call("DEL", 0, results[0]);
  assertEquals(await netns[0].run(["ip", "-json", "link", "show", "type", "veth"]), "[]\n");
  // The lowest free address is the one just given back, not the one still held.
  const again = await call("ADD", 0);
  assertEquals(again.ips[0].address, "10.1.0.10/24");
  for (const index of [0, 1, 0, 1]) await call("DEL", index, results[index]);
  const last = await call("ADD", 1);
  assertEquals(last.ips[0].address, "10.1.0.10/24");
  await call("DEL", 1, last);
}

async function withRig(ipam: Readonly<Record<string, unknown>>): Promise<void> {
  await using box = await makeSandbox();
  // Disposed of in reverse: the namespaces take their ends of the veth pairs with them.
  await using bridge = await makeBridge();
  await using first = await makeNetns();
  await using second = await makeNetns();
  const netns = [first, second] as const;
  const cniPath = await makeCniPath(box.root);
  const netconf = box.netconf({
    rangeStart: "10.1.0.10",
    rangeEnd: "10.1.0.20",
    gateway: "10.1.0.1",
    allocation: "lowest",
    cooldown: "0s",
    ...ipam,
  }, { bridge: bridge.name });
  const rig: Rig = {
    box,
    call: (command, index, prevResult) =>
      execCni({
        plugin: "bridge",
        command,
        containerId: `bridge-test-${index}`,
        netns: netns[index]?.path ?? "",
        netconf: { ...netconf, ...(prevResult === undefined ? {} : { prevResult }) },
      }, cniPath),
  };
  await runLife(rig, netns);
  const lines = await box.log();
  const verbs = lines.map((line) => line.verb);
  assertEquals(verbs.filter((verb) => verb === "ADD").length, 4);
  assert(lines.every((line) => line.level !== "error"), JSON.stringify(lines));
}

testNeeding(NEEDS, "bridge gives two containers addresses of SQLite", () => withRig({}));

testNeeding([...NEEDS, "etcd"], "bridge gives two containers addresses of etcd", async () => {
  await using etcd = await startEtcd();
  await withRig({ etcdConfig: { etcdURL: etcd.endpoints.join(",") }, nodeName: "node-1" });
});
