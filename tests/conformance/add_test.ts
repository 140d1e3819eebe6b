/**
 * ADD, as a runtime sees it: what is printed for each protocol version, and what is kept.
 *
 * @see https://www.cni.dev/docs/spec/#add-add-container-to-network-or-apply-modifications
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  addressFor,
  ALL_VERSIONS,
  assertRefused,
  assertResult,
  assertSilent,
  callFor,
  entriesIn,
  ipsOf,
  type Json,
  keysIn,
} from "../support/answers.ts";
import { makeSandbox } from "../support/plugin.ts";

const DUAL = {
  subnet: undefined,
  ranges: [
    [{ subnet: "10.1.2.0/24" }, { subnet: "10.2.2.0/24" }],
    [{ subnet: "2001:db8:1::/64" }],
  ],
  routes: [
    { dst: "0.0.0.0/0" },
    { dst: "::/0" },
    { dst: "192.168.0.0/16", gw: "10.9.9.9" },
    { dst: "2001:db8:2::/64", gw: "2001:db8:3::1" },
  ],
  allocation: "sequential",
  cooldown: "0s",
};

/** The result that each version has for the first address of each set. */
function expectedOf(version: string): Json {
  const v4 = [{ dst: "0.0.0.0/0", gw: "10.1.2.1" }, { dst: "192.168.0.0/16", gw: "10.9.9.9" }];
  const v6 = [
    { dst: "::/0", gw: "2001:db8:1::1" },
    { dst: "2001:db8:2::/64", gw: "2001:db8:3::1" },
  ];
  if (version < "0.3.0") {
    return {
      cniVersion: version,
      ip4: { ip: "10.1.2.2/24", gateway: "10.1.2.1", routes: v4 },
      ip6: { ip: "2001:db8:1::2/64", gateway: "2001:db8:1::1", routes: v6 },
    };
  }
  const versioned = version < "1.0.0";
  return {
    cniVersion: version,
    ips: [
      { ...(versioned && { version: "4" }), address: "10.1.2.2/24", gateway: "10.1.2.1" },
      { ...(versioned && { version: "6" }), address: "2001:db8:1::2/64", gateway: "2001:db8:1::1" },
    ],
    routes: [v4[0], v6[0], v4[1], v6[1]],
  };
}

Deno.test("ADD and DEL over two range sets, in each version: result, records, nothing left", async (t) => {
  await using sandbox = await makeSandbox();
  for (const version of ALL_VERSIONS) {
    await t.step(version, async () => {
      const space = `v${version}`;
      const netconf = sandbox.netconf({ ...DUAL, addressSpace: space }, { cniVersion: version });
      const result = assertResult(await sandbox.call(callFor("ADD", "c1", { netconf })));
      assertEquals(result, expectedOf(version));
      const added = (await entriesIn(sandbox, [space])).filter(({ key }) => key.includes(space));
      assertEquals(added.map(({ key }) => key.split("/")[4]), [
        "addresses",
        "addresses",
        "attachments",
        "cursor",
        "cursor",
        "networks",
        "nodes",
      ]);
      assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf })));
      const left = (await entriesIn(sandbox, [space])).filter(({ key }) => key.includes(space));
      assertEquals(left.map(({ key }) => key.split("/")[4]), ["cursor", "cursor", "networks"]);
    });
  }
});

Deno.test("ADD of one container to two networks: DEL of one leaves the other", async () => {
  await using sandbox = await makeSandbox();
  const one = sandbox.netconf({ cooldown: "0s" }, { name: "one" });
  const two = sandbox.netconf({ cooldown: "0s" }, { name: "two" });
  const first = await addressFor(sandbox, "c1", { netconf: one });
  const second = await addressFor(sandbox, "c1", { netconf: two, ifName: "net1" });
  assert(first !== second, "two networks of one space share no address");
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf: one })));
  assertEquals(await keysIn(sandbox, "attachments"), ["attachments/two/c1/net1"]);
});

Deno.test("ADD of one container with two interfaces gives two addresses", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf();
  const first = await addressFor(sandbox, "c1", { netconf });
  const second = await addressFor(sandbox, "c1", { netconf, ifName: "eth1" });
  assert(first !== second);
  assertEquals((await keysIn(sandbox, "attachments")).length, 2);
});

Deno.test("ADDs at once give different addresses", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ rangeEnd: "10.1.0.7", allocation: "lowest" });
  const ids = Array.from({ length: 6 }, (_, index) => `c${index}`);
  const ips = await Promise.all(ids.map((id) => addressFor(sandbox, id, { netconf })));
  assertEquals(
    [...ips].sort(),
    ids.map((_, index) => `10.1.0.${index + 2}`),
    "all of a range with as many addresses",
  );
  assertEquals((await keysIn(sandbox, "addresses")).length, 6);
});

Deno.test("ADD that finds one set full is refused with 100 and keeps nothing of the other set", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({
    subnet: undefined,
    ranges: [[{ subnet: "10.1.0.0/24" }], [{
      subnet: "fd00::/64",
      rangeStart: "fd00::5",
      rangeEnd: "fd00::5",
    }]],
  });
  await addressFor(sandbox, "c1", { netconf });
  const before = await entriesIn(sandbox);
  const refused = assertRefused(await sandbox.call(callFor("ADD", "c2", { netconf })), 100);
  assertMatch(refused.msg, /^No IP addresses available in range set/);
  for (const word of ["fd00::5", "testnet", "ipam.ranges[1][0]"]) {
    assertStringIncludes(refused.details, word);
  }
  assertEquals(await entriesIn(sandbox), before);
});

Deno.test("ADD prints routes as they are configured, zeros included", async () => {
  await using sandbox = await makeSandbox();
  const routes = [
    { dst: "10.9.0.0/16", mtu: 1400, advmss: 1360, priority: 0, table: 0, scope: 253 },
    { dst: "0.0.0.0/0", gw: "10.1.0.7" },
    { dst: "0.0.0.0/0", gw: "10.1.0.8" },
  ];
  const netconf = sandbox.netconf({ routes }, { cniVersion: "1.1.0" });
  const result = assertResult(await sandbox.call(callFor("ADD", "c1", { netconf })));
  assertEquals(result.routes, [
    { ...routes[0], dst: "10.9.0.0/16", gw: "10.1.0.1" },
    routes[1],
    routes[2],
  ]);
});

Deno.test("ADD prints dns of the file that resolvConf names, and of ipam.dns key by key before it", async () => {
  await using sandbox = await makeSandbox();
  const resolvConf = `${sandbox.root}/resolv.conf`;
  await Deno.writeTextFile(
    resolvConf,
    "; for pods\nnameserver 10.1.0.53\n# nameserver 10.1.0.54\nnameserver 10.1.0.55\n" +
      "domain example.net\nsearch a.example.net b.example.net\noptions ndots:2 rotate\n",
  );
  const dns = {
    nameservers: ["10.1.0.53", "10.1.0.55"],
    domain: "example.net",
    search: ["a.example.net", "b.example.net"],
    options: ["ndots:2", "rotate"],
  };
  const file = sandbox.netconf({ resolvConf });
  assertEquals(assertResult(await sandbox.call(callFor("ADD", "c1", { netconf: file }))).dns, dns);
  const both = sandbox.netconf({ resolvConf, dns: { nameservers: ["10.1.0.99"] } });
  assertEquals(assertResult(await sandbox.call(callFor("ADD", "c2", { netconf: both }))).dns, {
    ...dns,
    nameservers: ["10.1.0.99"],
  });
});

Deno.test("ADD whose resolvConf cannot be read is refused with 5 and keeps nothing", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ resolvConf: `${sandbox.root}/absent` });
  const { details } = assertRefused(await sandbox.call(callFor("ADD", "c1", { netconf })), 5);
  assertStringIncludes(details, "absent");
  assertEquals(await entriesIn(sandbox), []);
});

Deno.test("ADD ignores a prevResult, and takes no part in what other plugins of the list made", async () => {
  await using sandbox = await makeSandbox();
  const prevResult = { cniVersion: "1.0.0", ips: [{ address: "172.16.0.9/12" }] };
  const netconf = sandbox.netconf({ allocation: "lowest" }, { prevResult });
  const result = assertResult(await sandbox.call(callFor("ADD", "c1", { netconf })));
  assertEquals(ipsOf(result), ["10.1.0.2"]);
  assertEquals(Object.keys(result), ["cniVersion", "ips"]);
});
