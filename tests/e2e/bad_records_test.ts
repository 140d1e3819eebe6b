/**
 * Records in etcd that cannot be read, damaged or of a newer kube-ipam: whoever needs one is told, nobody else is stopped, and they stay.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { makeNode } from "../integration/_node.ts";
import { addressFor, assertRefused, assertSilent, callFor } from "../support/answers.ts";
import { startEtcd, type TestEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";

const ROOT = "/kube-ipam/v1/default";
const VALID = "cni.dev/valid-attachments";

async function put(etcd: TestEtcd, key: string, value: string): Promise<void> {
  await etcd.ask("/v3/kv/put", { key: btoa(`${ROOT}/${key}`), value: btoa(value) });
}

async function valuesOf(etcd: TestEtcd): Promise<string> {
  const key = btoa("/kube-ipam/");
  // deno-lint-ignore camelcase -- the name is of etcd
  const range_end = btoa("/kube-ipam0");
  return JSON.stringify((await etcd.ask("/v3/kv/range", { key, range_end }))["kvs"]);
}

const UNREADABLE = [
  ["is not JSON", "{not JSON", "Something other than kube-ipam wrote this key"],
  ["is of a newer schema", '{"schema":2,"ip":"10.1.0.2"}', "Install a kube-ipam at least as new"],
  ["lacks a field", '{"schema":1}', "Something other than kube-ipam wrote this key"],
] as const;

for (const [what, value, repair] of UNREADABLE) {
  testNeeding(["etcd"], `a record that ${what} is refused with 6 and stays`, async () => {
    await using etcd = await startEtcd();
    await using node = await makeNode(etcd);
    const own = "attachments/testnet/c1/eth0";
    const address = "addresses/4/0a010009";
    const pod = "pods/default/u-1/testnet/eth0";
    await put(etcd, own, value);
    await put(etcd, "nodes/default/node-1/testnet/c1/eth0", "");
    await put(etcd, address, value);
    await put(etcd, pod, value);
    const before = await valuesOf(etcd);
    const refuse = async (verb: string, key: string, args?: string): Promise<void> => {
      const ipam = { datastore: "etcd" };
      const id = key === own ? "c1" : "c2";
      const netconf = node.netconf(ipam, {
        cniVersion: "1.1.0",
        [VALID]: [],
        prevResult: { cniVersion: "1.1.0", ips: [{ address: "10.1.0.9/24" }] },
      });
      const refused = assertRefused(await node.call(callFor(verb, id, { netconf, args })), 6);
      assertStringIncludes(refused.details, `${ROOT}/${key}`);
      assertStringIncludes(refused.details, repair);
    };
    for (const verb of ["ADD", "DEL", "CHECK", "GC"]) await refuse(verb, own);
    await refuse("ADD", address, "IP=10.1.0.9");
    const args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=a;K8S_POD_NAME=b;K8S_POD_UID=u-1";
    await refuse("ADD", pod, args);
    assertEquals(await valuesOf(etcd), before);
    const status = node.netconf({}, { cniVersion: "1.1.0" });
    assertSilent(await node.call({ command: "STATUS", netconf: status }));
  });

  testNeeding(
    ["etcd"],
    `a neighbour's record, an expiring one or a network's that ${what} stops nobody`,
    async () => {
      await using etcd = await startEtcd();
      await using node = await makeNode(etcd);
      const ipam = { allocation: "lowest", rangeEnd: "10.1.0.4" };
      await put(etcd, "addresses/4/0a010002", value);
      await put(etcd, "expiring/4/0000000000000001/0a010002", value);
      await put(etcd, "expiring/4/nonsense/xyz", value);
      await put(etcd, "networks/testnet", value);
      const netconf = node.netconf(ipam);
      for (const id of ["c1", "c2"]) {
        assertEquals(await addressFor(node, id, { netconf }), `10.1.0.${id === "c1" ? 3 : 4}`);
      }
      assertRefused(await node.call(callFor("ADD", "c3", { netconf })), 100);
      for (const id of ["c1", "c2"]) {
        assertSilent(await node.call(callFor("DEL", id, { netconf })));
      }
      const left = await valuesOf(etcd);
      assertEquals(left.split(btoa(value)).length - 1, 4, "a newer kube-ipam may have written it");
    },
  );
}
