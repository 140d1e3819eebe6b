/**
 * STATUS with a real etcd: what waiting heals is a warning, what it does not heal is 50, and each datastore is judged by itself.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { addressFor, assertRefused, assertSilent, type Json } from "../support/answers.ts";
import { startEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import type { PluginAnswer } from "../support/plugin.ts";
import { startProxy } from "../support/proxy.ts";
import { fillUp, makeRoom } from "./_full.ts";
import { entriesOf, makeNode, type TestNode } from "./_node.ts";

function status(node: TestNode, ipam: Json = {}, top: Json = {}): Promise<PluginAnswer> {
  return node.call({
    command: "STATUS",
    netconf: node.netconf(ipam, { cniVersion: "1.1.0", ...top }),
  });
}

/** What the last call logged. */
async function lastOf(node: TestNode): Promise<readonly unknown[]> {
  const { level, outcome, warnings = [] } = (await node.log()).at(-1);
  return [level, outcome, warnings.join()];
}

testNeeding(
  ["etcd"],
  "STATUS of an etcd out of space is an outage: a warning, and 50 when it lasts as long as the netconf says",
  async () => {
    await using etcd = await startEtcd({ quotaBytes: 600_000 });
    await using node = await makeNode(etcd, { name: "node-1" });
    await using fresh = await makeNode(etcd, { name: "node-2" });
    assertSilent(await status(node));
    await fillUp(etcd);
    // It took writes a moment ago; a node that has not tried yet finds it out.
    assertSilent(await status(node));
    assertSilent(await status(fresh));
    const [level, outcome, warning] = await lastOf(fresh);
    assertEquals([level, outcome], ["warn", "outage"]);
    assertStringIncludes(String(warning), "out of space");
    assertStringIncludes(String(warning), "alarm disarm");
    const { details } = assertRefused(await status(fresh, { statusOnOutage: "1ms" }), 50);
    for (const word of ["out of space", "This lasts for"]) assertStringIncludes(details, word);
    assertSilent(await status(fresh, { statusOnOutage: "1h" }));
    assertEquals((await lastOf(fresh))[1], "outage", "it is tried each time until it is over");
    await makeRoom(etcd);
    assertSilent(await status(fresh, { statusOnOutage: "1ms" }));
    assertEquals((await lastOf(fresh)).slice(0, 2), ["debug", "ready"]);
  },
);

testNeeding(["etcd"], "STATUS tries whether etcd takes writes, and changes nothing", async () => {
  await using etcd = await startEtcd();
  await using node = await makeNode(etcd);
  const revisionOf = async (): Promise<unknown> => {
    const { header } = await etcd.ask("/v3/kv/range", { key: btoa("x") });
    return typeof header === "object" && header !== null && "revision" in header
      ? header.revision
      : undefined;
  };
  const before = await revisionOf();
  assertSilent(await status(node));
  assertEquals(await revisionOf(), before);
  await addressFor(node, "c1", { netconf: node.netconf() });
  const entries = await entriesOf(etcd);
  await Deno.remove(`${node.runDir}/reached`, { recursive: true });
  assertSilent(await status(node));
  assertEquals(await entriesOf(etcd), entries);
});

testNeeding(
  ["etcd"],
  "STATUS of a user who may read only is 50, and says what to grant",
  async () => {
    const auth = { username: "ipam", password: "of-the-test" };
    await using etcd = await startEtcd({ auth });
    // deno-lint-ignore camelcase -- the name is of etcd
    const perm = { permType: "READ", key: btoa("/kube-ipam/"), range_end: btoa("/kube-ipam0") };
    await etcd.ask("/v3/auth/role/add", { name: "reader" });
    await etcd.ask("/v3/auth/role/grant", { name: "reader", perm });
    await etcd.ask("/v3/auth/user/add", { name: "reader", password: "of-the-test" });
    await etcd.ask("/v3/auth/user/grant", { user: "reader", role: "reader" });
    const etcdConfig = { etcdUsername: "reader", etcdPassword: "of-the-test" };
    await using node = await makeNode(etcd, { etcdConfig });
    assertStringIncludes(assertRefused(await status(node), 50).details, "Grant the user a role");
  },
);

testNeeding(["etcd"], "STATUS judges each datastore by itself", async () => {
  await using here = await startEtcd();
  await using away = await startEtcd();
  await using node = await makeNode(here);
  const other = { etcdConfig: { etcdURL: away.endpoints.join(",") } };
  assertSilent(await status(node));
  await away.stop();
  const { details } = assertRefused(await status(node, other, { name: "other" }), 50);
  assertStringIncludes(details, "has not reached it since it was booted");
  await away.start();
  assertSilent(await status(node, other, { name: "other" }));
  await here.stop();
  // The outage of the one is not ended by an answer of the other.
  assertSilent(await status(node));
  assertSilent(await status(node, other, { name: "other" }));
  assertEquals((await lastOf(node))[1], "ready");
  assertRefused(await status(node, { statusOnOutage: "1ms" }), 50);
  assertSilent(await status(node, { ...other, statusOnOutage: "1ms" }, { name: "other" }));
});

testNeeding(["etcd"], "STATUS of the only endpoint that hangs is an outage", async () => {
  await using etcd = await startEtcd();
  await using proxy = startProxy(etcd.endpoints[0] ?? "", "hang");
  await using node = await makeNode({ endpoints: [proxy.url] });
  assertStringIncludes(assertRefused(await status(node), 50).details, "since it was booted");
  proxy.mode = "pass";
  // As slow as a try at one endpoint of several may not be.
  proxy.delayMs = 500;
  assertSilent(await status(node));
  assertEquals((await lastOf(node))[1], "ready");
  proxy.delayMs = 0;
  proxy.mode = "hang";
  for (let time = 0; time < 2; time++) {
    assertSilent(await status(node));
    const [level, outcome, warning] = await lastOf(node);
    assertEquals([level, outcome], ["warn", "outage"]);
    assertStringIncludes(String(warning), "Cannot reach the datastore");
  }
});

testNeeding(
  ["etcd", "openssl"],
  "STATUS of an expired certificate, of etcd or of the client, is 50, also after a success",
  async () => {
    await using good = await startEtcd({ tls: "mutual" });
    const { certFile = "", keyFile = "" } = good.client ?? {};
    const old = await good.pki?.issue({ name: "node", usages: ["client"], expired: true });
    const config = async (
      root: string,
      { caFile, pair }: {
        readonly caFile: string;
        readonly pair: { certFile: string; keyFile: string };
      },
    ): Promise<Json> => {
      const copy = async (from: string): Promise<string> => {
        const to = `${root}/${crypto.randomUUID()}.pem`;
        await Deno.copyFile(from, to);
        return to;
      };
      return {
        etcdTrustedCAFile: await copy(caFile),
        etcdCertFile: await copy(pair.certFile),
        etcdKeyFile: await copy(pair.keyFile),
      };
    };
    const caFile = good.pki?.caFile ?? "";
    await using node = await makeNode(good, {
      etcdConfig: (root) => config(root, { caFile, pair: { certFile, keyFile } }),
    });
    assertSilent(await status(node));
    const expired = await config(node.root, { caFile, pair: old ?? { certFile, keyFile } });
    const etcdConfig = { etcdURL: good.endpoints.join(","), ...expired };
    const { details } = assertRefused(await status(node, { etcdConfig }), 50);
    assertStringIncludes(details, "still valid");

    await using server = await startEtcd({
      tls: "server",
      server: { expired: true },
      unchecked: true,
    });
    await using other = await makeNode(server, {
      etcdConfig: async (root) => {
        const etcdTrustedCAFile = `${root}/ca.pem`;
        await Deno.copyFile(server.pki?.caFile ?? "", etcdTrustedCAFile);
        return { etcdTrustedCAFile };
      },
    });
    assertStringIncludes(
      assertRefused(await status(other), 50).details,
      "Renew the server certificate",
    );
  },
);
