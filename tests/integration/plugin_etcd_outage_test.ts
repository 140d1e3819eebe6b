/**
 * The plugin's process while etcd is away, refuses or lags, and how many trips each verb makes.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  addressFor,
  assertRefused,
  assertResult,
  assertSilent,
  callFor,
  type Json,
} from "../support/answers.ts";
import { startEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import type { PluginAnswer } from "../support/plugin.ts";
import { startProxy, type TestProxy } from "../support/proxy.ts";
import { entriesOf, makeNode, type TestNode } from "./_node.ts";

const TXN = "/v3/kv/txn";
const VALID = "cni.dev/valid-attachments";
/** So many addresses that two ADDs draw the same one in no test. */
const WIDE = { subnet: "10.0.0.0/8" };
const USER = { username: "ipam", password: "of-the-test" };

function status(node: TestNode, ipam: Json = {}): Promise<PluginAnswer> {
  return node.call({ command: "STATUS", netconf: node.netconf(ipam, { cniVersion: "1.1.0" }) });
}

/** The paths of the requests since the last time. */
function takePaths(proxy: TestProxy): readonly string[] {
  const paths = [...proxy.paths];
  proxy.reset();
  return paths;
}

testNeeding(
  ["etcd"],
  "while etcd is stopped ADD, CHECK and GC are 11, and later all is served",
  async () => {
    await using etcd = await startEtcd();
    await using node = await makeNode(etcd);
    const netconf = node.netconf();
    const prevResult = assertResult(await node.call(callFor("ADD", "c1", { netconf })));
    const check = callFor("CHECK", "c1", { netconf: node.netconf({}, { prevResult }) });
    const collect = node.netconf({}, { cniVersion: "1.1.0", [VALID]: [] });
    const calls = [
      callFor("ADD", "c2", { netconf }),
      check,
      { command: "GC", netconf: collect },
    ];
    await etcd.stop();
    for (const answer of await Promise.all(calls.map(node.call))) {
      const { msg, details } = assertRefused(answer, 11);
      assertEquals(msg, "Cannot reach the datastore");
      assertStringIncludes(details, etcd.endpoints[0] ?? "");
      assertStringIncludes(details, "Check that etcd runs");
    }
    await etcd.start();
    assertSilent(await node.call(check));
    await addressFor(node, "c2", { netconf });
    assertSilent(await node.call({ command: "GC", netconf: collect }));
    assertEquals((await entriesOf(etcd)).filter(({ key }) => key.includes("/attachments/")), []);
  },
);

testNeeding(
  ["etcd"],
  "STATUS of an outage is a warning once etcd was reached, and 50 before",
  async () => {
    await using etcd = await startEtcd();
    await using reached = await makeNode(etcd, { name: "node-1" });
    await using fresh = await makeNode(etcd, { name: "node-2" });
    await addressFor(reached, "c1", { netconf: reached.netconf() });
    await etcd.stop();
    const { details } = assertRefused(await status(fresh), 50);
    assertStringIncludes(details, "has not reached it since it was booted");
    for (const ipam of [{}, { statusOnOutage: "1h" }]) assertSilent(await status(reached, ipam));
    const line = (await reached.log()).at(-1);
    assertEquals([line.level, line.verb, line.outcome], ["warn", "STATUS", "outage"]);
    assertStringIncludes(line.warnings.join(), "Cannot reach the datastore");
    const lasting = assertRefused(await status(reached, { statusOnOutage: "1ms" }), 50);
    assertStringIncludes(lasting.details, "This lasts for");
    await etcd.start();
    for (const node of [fresh, reached]) {
      assertSilent(
        await status(node, { statusOnOutage: "1ms" }),
      );
    }
    await etcd.stop();
    assertSilent(await status(fresh));
  },
);

testNeeding(["etcd"], "a new outage counts from its own begin", async () => {
  await using etcd = await startEtcd();
  await using node = await makeNode(etcd);
  assertSilent(await status(node));
  await etcd.stop();
  assertSilent(await status(node, { statusOnOutage: "1h" }));
  const [folder] = await Array.fromAsync(Deno.readDir(`${node.runDir}/reached`));
  const file = `${node.runDir}/reached/${folder?.name}/outage`;
  await Deno.writeTextFile(file, String(Date.now() - 7_200_000));
  assertRefused(await status(node, { statusOnOutage: "1h" }), 50);
  await etcd.start();
  assertSilent(await status(node, { statusOnOutage: "1h" }));
  await etcd.stop();
  assertSilent(await status(node, { statusOnOutage: "1h" }));
});

testNeeding(["etcd"], "STATUS with statusOnExhaustion counts in etcd", async () => {
  await using etcd = await startEtcd();
  await using node = await makeNode(etcd);
  const ipam = { rangeEnd: "10.1.0.2", statusOnExhaustion: true };
  assertSilent(await status(node, ipam));
  await addressFor(node, "c1", { netconf: node.netconf(ipam) });
  assertStringIncludes(assertRefused(await status(node, ipam), 50).details, "0 of 1 free");
  assertSilent(await status(node, { ...ipam, statusOnExhaustion: false }));
});

testNeeding(
  ["etcd"],
  "wrong credentials are 105 to ADD, a deferred DEL, and 50 to STATUS even after a success",
  async () => {
    await using etcd = await startEtcd({ auth: USER });
    const credentials = { etcdUsername: "ipam", etcdPassword: "of-the-test" };
    await using good = await makeNode(etcd, { name: "node-1", etcdConfig: credentials });
    const wrong = { ...credentials, etcdPassword: "guessed" };
    await using bad = await makeNode(etcd, { name: "node-2", etcdConfig: wrong });
    await addressFor(good, "c1", { netconf: good.netconf() });
    const netconf = bad.netconf();
    const refused = assertRefused(await bad.call(callFor("ADD", "c1", { netconf })), 105);
    assertStringIncludes(refused.details, "Correct etcdUsername");
    assertEquals(refused.details.includes("guessed"), false);
    assertSilent(await bad.call(callFor("DEL", "c1", { netconf })));
    const line = (await bad.log()).at(-1);
    assertEquals(line.outcome, "deferred");
    assertStringIncludes(line.warnings.join(), "Correct etcdUsername");
    // As if it had been in order before.
    assertSilent(await status(good));
    await new Deno.Command("cp", { args: ["-r", good.runDir, bad.runDir] }).output();
    assertStringIncludes(assertRefused(await status(bad), 50).details, "Correct etcdUsername");
    assertSilent(await status(good));
  },
);

testNeeding(
  ["etcd"],
  "one trip for each ADD after the first on a node, for CHECK and STATUS; two for DEL",
  async () => {
    await using etcd = await startEtcd();
    await using proxy = startProxy(etcd.endpoints[0] ?? "");
    await using node = await makeNode({ endpoints: [proxy.url] });
    const netconf = node.netconf(WIDE);
    const trips = async (call: Promise<PluginAnswer>): Promise<readonly string[]> => {
      const { code, stdout } = await call;
      assertEquals(code, 0, stdout);
      return takePaths(proxy);
    };
    assertEquals(await trips(node.call(callFor("ADD", "c1", { netconf }))), [TXN, TXN]);
    const prevResult = assertResult(await node.call(callFor("ADD", "c1", { netconf })));
    assertEquals(takePaths(proxy), [TXN], "the repeated ADD");
    assertEquals(await trips(node.call(callFor("ADD", "c2", { netconf }))), [TXN]);
    const check = node.netconf({}, { prevResult });
    assertEquals(await trips(node.call(callFor("CHECK", "c1", { netconf: check }))), [TXN]);
    assertEquals(await trips(status(node)), [TXN]);
    assertEquals(await trips(node.call(callFor("DEL", "c1", { netconf }))), [TXN, TXN]);
    assertEquals(await trips(node.call(callFor("DEL", "c1", { netconf }))), [TXN]);
    const args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=a;K8S_POD_NAME=b;K8S_POD_UID=u";
    assertEquals(await trips(node.call(callFor("ADD", "c3", { netconf, args }))), [TXN]);
    assertEquals(await trips(node.call(callFor("ADD", "c4", { netconf, args }))), [TXN, TXN]);
  },
);

testNeeding(
  ["etcd"],
  "a warm token needs no trip; it is asked for again when etcd does not know it",
  async () => {
    await using etcd = await startEtcd({ auth: USER });
    await using proxy = startProxy(etcd.endpoints[0] ?? "");
    const etcdConfig = { etcdUsername: "ipam", etcdPassword: "of-the-test" };
    await using node = await makeNode({ endpoints: [proxy.url] }, { etcdConfig });
    const netconf = node.netconf(WIDE);
    await addressFor(node, "c1", { netconf });
    assertEquals(takePaths(proxy), ["/v3/auth/authenticate", TXN, TXN]);
    await addressFor(node, "c2", { netconf });
    assertEquals(takePaths(proxy), [TXN]);
    // As if etcd had forgotten it. A restart is no sure way: what etcd had not written to its backend yet, it applies again,
    // the login too.
    const [file] = await Array.fromAsync(Deno.readDir(`${node.dataDir}/tokens`));
    await Deno.writeTextFile(`${node.dataDir}/tokens/${file?.name}`, "aBcDeFgHiJkLmNoP.7");
    await addressFor(node, "c3", { netconf });
    assertEquals(takePaths(proxy), [TXN, "/v3/auth/authenticate", TXN]);
  },
);

testNeeding(
  ["etcd"],
  "an answer that is lost is no second address, and no release that is forgotten",
  async () => {
    await using etcd = await startEtcd();
    await using proxy = startProxy(etcd.endpoints[0] ?? "", "cut-answer");
    await using node = await makeNode({ endpoints: [proxy.url] });
    const netconf = node.netconf();
    assertRefused(await node.call(callFor("ADD", "c1", { netconf })), 11);
    const held = (await entriesOf(etcd)).filter(({ key }) => key.includes("/addresses/"));
    assertEquals(held.length, 1, "it was claimed");
    proxy.mode = "pass";
    const ip = await addressFor(node, "c1", { netconf });
    assertEquals(JSON.parse(held[0]?.value ?? "").ip, ip);
    proxy.mode = "cut-answer";
    assertSilent(await node.call(callFor("DEL", "c1", { netconf })));
    assertEquals((await node.log()).at(-1).outcome, "deferred");
    proxy.mode = "pass";
    assertSilent(await node.call(callFor("DEL", "c1", { netconf })));
    assertEquals((await node.log()).at(-1).outcome, "released");
    assertEquals((await entriesOf(etcd)).filter(({ key }) => key.includes("/addresses/")), []);
  },
);

testNeeding(["etcd"], "STATUS asks another endpoint in time where one hangs", async () => {
  await using etcd = await startEtcd();
  await using hanging = startProxy(etcd.endpoints[0] ?? "", "hang");
  for (let round = 0; round < 4; round++) {
    await using node = await makeNode({ endpoints: [hanging.url, etcd.endpoints[0] ?? ""] });
    assertSilent(await status(node));
    assertEquals((await node.log()).at(-1)?.outcome, "ready");
  }
});
