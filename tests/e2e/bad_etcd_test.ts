/**
 * Whatever is wrong with etcd, its certificates and its contents ends in a CNI error with advice, and changes nothing.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { keysOf, makeNode, type TestNode } from "../integration/_node.ts";
import { addressFor, assertRefused, assertSilent, callFor, type Json } from "../support/answers.ts";
import { startEtcd } from "../support/etcd.ts";
import { goodFiles, install } from "../support/install.ts";
import { testNeeding } from "../support/needs.ts";
import { makePki } from "../support/pki.ts";
import type { PluginAnswer } from "../support/plugin.ts";
import { startProxy } from "../support/proxy.ts";

const VALID = "cni.dev/valid-attachments";

function call(
  node: TestNode,
  verb: string,
  options: { readonly ipam?: Json; readonly args?: string } = {},
): Promise<PluginAnswer> {
  const prevResult = { cniVersion: "1.1.0", ips: [{ address: "10.1.0.2/24" }] };
  const top = { cniVersion: "1.1.0", prevResult, [VALID]: [] };
  return node.call(
    callFor(verb, "c1", { netconf: node.netconf(options.ipam, top), args: options.args }),
  );
}

/** ADD and DEL are refused with a code, STATUS with 50, all with the same advice; what somebody else heals only defers a DEL. */
async function assertAllRefused(
  node: TestNode,
  { code, advice }: { readonly code: number; readonly advice: RegExp },
): Promise<void> {
  const isDeferred = code === 105;
  for (const verb of isDeferred ? ["ADD", "STATUS"] : ["ADD", "DEL", "STATUS"]) {
    const { details } = assertRefused(await call(node, verb), verb === "STATUS" ? 50 : code);
    assertMatch(details, advice);
  }
  if (isDeferred) await assertDeferred(node, advice);
}

/** DEL succeeds, and tells in the log why it could not release. */
async function assertDeferred(node: TestNode, advice: RegExp): Promise<void> {
  assertSilent(await call(node, "DEL"));
  const line = (await node.log()).findLast(({ verb }) => verb === "DEL");
  assertEquals([line.level, line.outcome], ["warn", "deferred"]);
  assertMatch(line.warnings.join(), advice);
}

testNeeding(
  ["etcd", "openssl"],
  "certificate files that are missing, no files, no PEM, or no pair are refused with 7",
  async () => {
    await using etcd = await startEtcd({ tls: "mutual" });
    await using pki = await makePki("another CA");
    const stranger = await pki.issue({ name: "stranger" });
    await using good = await makeNode(etcd, {
      etcdConfig: (root) => install(root, goodFiles(etcd)),
    });
    await addressFor(good, "c1", { netconf: good.netconf() });
    const before = await keysOf(etcd);
    const files = goodFiles(etcd);
    const cases: readonly (readonly [(root: string) => Json | Promise<Json>, RegExp])[] = [
      [
        (root) => ({ etcdCertFile: `${root}/absent.pem` }),
        /absent\.pem.*no such file.*Correct etcdCertFile/,
      ],
      [(root) => ({ etcdKeyFile: root }), /etcdKeyFile/],
      [() => ({ etcdKeyFile: "/opt/key.pem" }), /Keep the file of etcdKeyFile/],
      [async (root) => {
        const path = `${root}/text.pem`;
        await Deno.writeTextFile(path, "hello\n");
        return { etcdTrustedCAFile: path };
      }, /etcdTrustedCAFile.*PEM/],
      [
        (root) => install(root, { etcdKeyFile: stranger.keyFile }),
        /does not belong to the certificate/,
      ],
      [
        (root) => install(root, { etcdTrustedCAFile: pki.caFile }),
        /Set etcdTrustedCAFile to the CA/,
      ],
      [
        (root) => install(root, { etcdCertFile: stranger.certFile, etcdKeyFile: stranger.keyFile }),
        /Set etcdCertFile and etcdKeyFile/,
      ],
      [() => ({ etcdKeyFile: "relative.pem" }), /etcdKeyFile/],
    ];
    for (const [change, advice] of cases) {
      await using node = await makeNode(etcd, {
        etcdConfig: async (root) => ({ ...await install(root, files), ...await change(root) }),
      });
      await assertAllRefused(node, { code: 7, advice });
    }
    assertEquals(await keysOf(etcd), before);
  },
);

testNeeding(
  ["etcd", "openssl"],
  "http to a TLS port, and https to a plain one, are refused with 7",
  async () => {
    await using secure = await startEtcd({ tls: "server" });
    await using plain = await startEtcd();
    for (const [etcd, advice] of [[secure, /Write https:/], [plain, /Write http:/]] as const) {
      const url = etcd.endpoints[0] ?? "";
      const swapped = url.startsWith("https")
        ? url.replace("https", "http")
        : url.replace("http", "https");
      await using node = await makeNode({ endpoints: [swapped] });
      await assertAllRefused(node, { code: 7, advice });
    }
  },
);

testNeeding(
  ["etcd"],
  "a wrong password and no password are refused with 105, and never shown; DEL is deferred",
  async () => {
    await using etcd = await startEtcd({ auth: { username: "ipam", password: "right" } });
    const wrong = { etcdUsername: "ipam", etcdPassword: "wr0ng-one" };
    for (
      const [etcdConfig, advice] of [[wrong, /Correct etcdUsername/], [
        {},
        /Set etcdUsername/,
      ]] as const
    ) {
      await using node = await makeNode(etcd, { etcdConfig });
      await assertAllRefused(node, { code: 105, advice });
      assert(!(await Deno.readTextFile(node.logFile)).includes("wr0ng-one"));
    }
    await using absent = await makeNode(etcd, {
      etcdConfig: (root) => ({ etcdUsername: "ipam", etcdPasswordFile: `${root}/absent` }),
    });
    await assertAllRefused(absent, { code: 7, advice: /Correct etcdPasswordFile/ });
  },
);

testNeeding(
  ["etcd"],
  "an etcd that accepts and never answers is refused with 11 within the deadline; DEL is deferred",
  async () => {
    await using etcd = await startEtcd();
    await using proxy = startProxy(etcd.endpoints[0] ?? "", "hang");
    await using node = await makeNode({ endpoints: [proxy.url] });
    const deferred = assertDeferred(node, /no answer in/);
    const verbs = ["ADD", "CHECK", "GC"];
    for (const answer of await Promise.all(verbs.map((verb) => call(node, verb)))) {
      const { details } = assertRefused(answer, 11);
      assertStringIncludes(details, "no answer in");
    }
    await deferred;
    // The process answers by itself long before a runtime would kill it.
    for (const { durationMs } of await node.log()) assert(durationMs < 15_000);
    assertRefused(await call(node, "STATUS"), 50);
    assertEquals(await keysOf(etcd), []);
  },
);

testNeeding([], "a server that is not etcd is refused with 11", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("<html>hello</html>", { headers: { "content-type": "text/html" } }),
  );
  await using node = await makeNode({ endpoints: [`http://127.0.0.1:${server.addr.port}`] });
  assertStringIncludes(assertRefused(await call(node, "ADD"), 11).details, "not of etcd");
  await server.shutdown();
});
