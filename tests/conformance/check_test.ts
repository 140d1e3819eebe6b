/**
 * CHECK: whether the allocation is as prevResult says.
 *
 * @see https://www.cni.dev/docs/spec/#check-check-containers-networking-is-as-expected
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  addressFor,
  assertRefused,
  assertResult,
  assertSilent,
  callFor,
  entriesIn,
  type Json,
} from "../support/answers.ts";
import { makeSandbox, type PluginAnswer, type Sandbox } from "../support/plugin.ts";

const VERSIONS = ["0.4.0", "1.0.0", "1.1.0"];
const DUAL = {
  subnet: undefined,
  ranges: [[{ subnet: "10.1.0.0/24" }], [{ subnet: "fd00::/64" }]],
  cooldown: "0s",
};

/** CHECKs container c1 with a prevResult. */
function check(
  sandbox: Sandbox,
  options: { readonly prevResult?: unknown; readonly version?: string; readonly ifName?: string },
): Promise<PluginAnswer> {
  const { prevResult, version = "1.0.0", ifName = "eth0" } = options;
  const netconf = sandbox.netconf(DUAL, { cniVersion: version, prevResult });
  return sandbox.call(callFor("CHECK", "c1", { netconf, ifName }));
}

async function add(sandbox: Sandbox, version = "1.0.0"): Promise<Json> {
  const netconf = sandbox.netconf(DUAL, { cniVersion: version });
  return assertResult(await sandbox.call(callFor("ADD", "c1", { netconf })));
}

/** What a runtime has in its cache after the main plugin and another one of the chain have done their part. */
function afterTheChain(result: Json): Json {
  return {
    ...result,
    interfaces: [
      { name: "cni0", mac: "00:11:22:33:44:55" },
      { name: "eth0", mac: "00:11:22:33:44:66", sandbox: "/run/netns/blue" },
      { name: "tun0", sandbox: "/run/netns/blue" },
    ],
    ips: [
      ...result.ips.map((ip: Json) => ({ ...ip, interface: 1 })),
      { version: "4", address: "172.16.0.1/12", interface: 2 },
    ],
    routes: [{ dst: "192.0.2.0/24" }],
    dns: { nameservers: ["192.0.2.53"] },
  };
}

for (const version of VERSIONS) {
  Deno.test(`${version}: CHECK succeeds right after ADD, with its result and with what the chain made of it`, async () => {
    await using sandbox = await makeSandbox();
    const result = await add(sandbox, version);
    const before = await entriesIn(sandbox);
    for (const prevResult of [result, afterTheChain(result)]) {
      assertSilent(await check(sandbox, { prevResult, version }));
    }
    assertEquals(await entriesIn(sandbox), before, "CHECK changes nothing");
  });
}

Deno.test("CHECK before 0.4.0 is refused with 1", async () => {
  await using sandbox = await makeSandbox();
  const answers = await Promise.all(
    ["0.2.0", "0.3.1"].map((version) => check(sandbox, { version, prevResult: {} })),
  );
  for (const answer of answers) {
    assertStringIncludes(assertRefused(answer, 1).details, "CHECK as it exists since CNI 0.4.0");
  }
});

Deno.test("CHECK tells an address of prevResult that is not ours, and one that is missing there", async () => {
  await using sandbox = await makeSandbox();
  const result = await add(sandbox);
  const [v4, v6] = result.ips;
  const wrong = [
    [{ address: "10.1.0.200/24" }, v6],
    [{ ...v4, address: v4.address.replace("/24", "/16") }, v6],
    [],
  ];
  for (const ips of wrong) {
    const prevResult = { ...result, ips };
    const { details } = assertRefused(await check(sandbox, { prevResult }), 104);
    assertStringIncludes(details, "prevResult does not name");
  }
  const other = {
    ...result,
    interfaces: [{ name: "eth0", sandbox: "/run/netns/red" }],
    ips: result.ips.map((ip: Json) => ({ ...ip, interface: 0 })),
  };
  assertRefused(await check(sandbox, { prevResult: other }), 104);
});

Deno.test("CHECK tells a missing reservation: never added, deleted, another interface", async () => {
  await using sandbox = await makeSandbox();
  const prevResult = { cniVersion: "1.0.0", ips: [{ address: "10.1.0.2/24" }] };
  assertRefused(await check(sandbox, { prevResult }), 104);
  const result = await add(sandbox);
  assertRefused(await check(sandbox, { prevResult: result, ifName: "eth1" }), 104);
  const netconf = sandbox.netconf(DUAL, { prevResult: result });
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf })));
  const { details } = assertRefused(await check(sandbox, { prevResult: result }), 104);
  assertStringIncludes(details, "Nothing is recorded");
});

Deno.test("CHECK tells an address that another attachment has meanwhile", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ cooldown: "0s", rangeEnd: "10.1.0.2" });
  const result = assertResult(await sandbox.call(callFor("ADD", "c1", { netconf })));
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf })));
  await addressFor(sandbox, "c2", { netconf });
  assertRefused(await check(sandbox, { prevResult: result }), 104);
});

Deno.test("CHECK refuses a prevResult that is missing or cannot be read, and names the place", async () => {
  await using sandbox = await makeSandbox();
  assertEquals(assertRefused(await check(sandbox, {}), 7).msg, "Required prevResult missing");
  const { details } = assertRefused(
    await check(sandbox, { prevResult: { cniVersion: "1.0.0", ips: [{ address: "10.1.0" }] } }),
    7,
  );
  assertStringIncludes(details, "prevResult.ips[0].address");
});

Deno.test("CHECK counts the addresses of our interface in our sandbox only", async () => {
  await using sandbox = await makeSandbox();
  const result = await add(sandbox);
  const interfaces = [
    { name: "eth0", sandbox: "/run/netns/red" },
    { name: "eth0", sandbox: "/run/netns/blue" },
    { name: "eth0" },
  ];
  const on = (index: number): Json => result.ips.map((ip: Json) => ({ ...ip, interface: index }));
  for (const [index, code] of [[0, 104], [1, 0], [2, 104]] as const) {
    const foreign = [{ address: "10.1.0.77/24", interface: (index + 1) % 3 }];
    const prevResult = { ...result, interfaces, ips: [...foreign, ...on(index)] };
    const answer = await check(sandbox, { prevResult });
    if (code === 0) assertSilent(answer);
    else assertRefused(answer, code);
  }
});

Deno.test("CHECK takes as many addresses of later plugins as there are", async () => {
  await using sandbox = await makeSandbox();
  const result = await add(sandbox);
  const more = Array.from({ length: 300 }, (_, index) => ({
    address: `172.16.${index >> 8}.${index & 255}/12`,
  }));
  for (const ips of [[...result.ips, ...more], [...more, ...result.ips]]) {
    assertSilent(await check(sandbox, { prevResult: { ...result, ips } }));
  }
  assertRefused(await check(sandbox, { prevResult: { ...result, ips: more } }), 104);
});

Deno.test("CHECK tells a container ID that is held on another node", async () => {
  await using sandbox = await makeSandbox();
  const prevResult = await add(sandbox);
  await Deno.writeTextFile(`${sandbox.dataDir}/node-id`, "0123456789abcdef");
  assertSilent(await check(sandbox, { prevResult }));
  await Deno.writeTextFile(`${sandbox.dataDir}/node-name`, "another");
  const { details } = assertRefused(await check(sandbox, { prevResult }), 104);
  assertStringIncludes(details, `container c1 (eth0) on ${Deno.hostname()}`);
});
