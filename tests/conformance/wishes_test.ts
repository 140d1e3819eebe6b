/**
 * Addresses that the runtime asks for: `runtimeConfig.ips`, `args.cni.ips`, `IP=` of CNI_ARGS, in this order.
 *
 * @see https://www.cni.dev/docs/conventions/
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
  ipsOf,
  type Json,
} from "../support/answers.ts";
import { makeSandbox, type PluginAnswer, type Sandbox } from "../support/plugin.ts";

interface Asked {
  readonly ipam?: Json;
  readonly runtime?: readonly string[];
  readonly args?: readonly string[];
  readonly cniArgs?: string | undefined;
  readonly version?: string;
}

const DUAL = {
  subnet: undefined,
  ranges: [[{ subnet: "10.1.0.0/24" }], [{ subnet: "fd00::/64" }]],
};

function ask(sandbox: Sandbox, id: string, asked: Asked): Promise<PluginAnswer> {
  const { ipam = {}, runtime, args, cniArgs, version = "1.0.0" } = asked;
  const netconf = sandbox.netconf({ cooldown: "0s", ...ipam }, {
    cniVersion: version,
    ...(runtime && { runtimeConfig: { ips: runtime } }),
    ...(args && { args: { cni: { ips: args } } }),
  });
  return sandbox.call(callFor("ADD", id, { netconf, args: cniArgs }));
}

async function granted(sandbox: Sandbox, id: string, asked: Asked): Promise<readonly string[]> {
  return ipsOf(assertResult(await ask(sandbox, id, asked)));
}

const SOURCES: readonly (readonly [string, (ip: string) => Asked])[] = [
  ["runtimeConfig.ips", (ip) => ({ runtime: [ip] })],
  ["args.cni.ips", (ip) => ({ args: [ip] })],
  ["CNI_ARGS IP", (ip) => ({ cniArgs: `IgnoreUnknown=1;K8S_POD_NAME=web;IP=${ip}` })],
];

for (const [name, by] of SOURCES) {
  Deno.test(`ADD grants what ${name} asks for, with a prefix length and without, and refuses what is no address`, async () => {
    await using sandbox = await makeSandbox();
    assertEquals(await granted(sandbox, "c1", by("10.1.0.77")), ["10.1.0.77"]);
    const withLength = assertResult(await ask(sandbox, "c2", by("10.1.0.78/24")));
    assertEquals(withLength.ips[0].address, "10.1.0.78/24");
    const before = await entriesIn(sandbox);
    const refused = assertRefused(await ask(sandbox, "c3", by("10.1.0.79/33")), 7);
    assertStringIncludes(refused.details, `${name}[0]`);
    assertEquals(await entriesIn(sandbox), before);
  });
}

Deno.test("ADD takes the first source that names an address of a range set", async () => {
  await using sandbox = await makeSandbox();
  const all = { runtime: ["10.1.0.10"], args: ["10.1.0.11"], cniArgs: "IP=10.1.0.12" };
  assertEquals(await granted(sandbox, "c1", all), ["10.1.0.10"]);
  assertEquals(await granted(sandbox, "c2", { ...all, runtime: [] }), ["10.1.0.11"]);
  const mixed = { ipam: DUAL, runtime: ["10.1.0.20"], cniArgs: "IP=10.1.0.21,fd00::21" };
  assertEquals(await granted(sandbox, "c3", mixed), ["10.1.0.20", "fd00::21"]);
});

Deno.test("ADD grants one wish for each range set, in the order of the sets, in each version", async () => {
  await using sandbox = await makeSandbox();
  for (const [index, version] of ["0.2.0", "1.1.0"].entries()) {
    const asked = { ipam: DUAL, version, args: [`fd00::3${index}`, `10.1.0.3${index}`] };
    assertEquals(await granted(sandbox, `c${index}`, asked), [
      `10.1.0.3${index}`,
      `fd00::3${index}`,
    ]);
  }
  const sets = {
    subnet: undefined,
    ranges: [[{ subnet: "10.1.0.0/24" }], [{ subnet: "10.2.0.0/24" }]],
  };
  const two = { ipam: sets, args: ["10.2.0.9", "10.1.0.9"] };
  assertEquals(await granted(sandbox, "c9", two), ["10.1.0.9", "10.2.0.9"]);
  const { details } = assertRefused(await ask(sandbox, "c10", { ...two, version: "0.2.0" }), 7);
  assertStringIncludes(details, "second range set of IPv4");
});

Deno.test("ADD with two wishes for one range set is refused with 102 and keeps nothing", async () => {
  await using sandbox = await makeSandbox();
  const refused = assertRefused(
    await ask(sandbox, "c1", { args: ["10.1.0.10", "10.1.0.11"] }),
    102,
  );
  assertEquals(refused.msg, "Cannot allocate all requested addresses");
  for (const word of ["10.1.0.10", "10.1.0.11"]) assertStringIncludes(refused.details, word);
  assertEquals(await entriesIn(sandbox), []);
});

Deno.test("ADD refuses with 102 a wish that no range can grant, and says what can be asked for", async () => {
  await using sandbox = await makeSandbox();
  const ipam = {
    rangeStart: "10.1.0.10",
    rangeEnd: "10.1.0.20",
    fixedStart: "10.1.0.30",
    fixedEnd: "10.1.0.39",
    exclude: ["10.1.0.15"],
  };
  const outside = ["10.1.0.9", "10.1.0.21", "10.1.0.1", "10.1.0.15"];
  await Promise.all([...outside, "fd00::5"].map(async (ip) => {
    const { details } = assertRefused(await ask(sandbox, "c1", { ipam, cniArgs: `IP=${ip}` }), 102);
    assertStringIncludes(details, ip);
  }));
  for (const ip of ["10.1.0.20", "10.1.0.30"]) {
    const id = `c${ip.replaceAll(".", "-")}`;
    assertEquals(await granted(sandbox, id, { ipam, cniArgs: `IP=${ip}` }), [ip]);
  }
});

Deno.test("ADD of an address in use is refused with 11, names the holder, and is granted after DEL", async () => {
  await using sandbox = await makeSandbox();
  const asked = { args: ["10.1.0.9"] };
  await granted(sandbox, "holder", asked);
  const { details } = assertRefused(await ask(sandbox, "waiter", asked), 11);
  for (const word of ["10.1.0.9", "holder", "eth0"]) assertStringIncludes(details, word);
  assertSilent(await sandbox.call(callFor("DEL", "waiter", { netconf: sandbox.netconf() })));
  assertSilent(await sandbox.call(callFor("DEL", "holder", { netconf: sandbox.netconf() })));
  assertEquals(await granted(sandbox, "waiter", asked), ["10.1.0.9"], "cooling binds chance only");
  await entriesIn(sandbox);
});

Deno.test("ADD takes GATEWAY= that repeats the range's, and refuses another", async () => {
  await using sandbox = await makeSandbox();
  const own = { cniArgs: "IP=10.1.0.9;GATEWAY=10.1.0.1" };
  const result = assertResult(await ask(sandbox, "c1", own));
  assertEquals(result.ips, [{ address: "10.1.0.9/24", gateway: "10.1.0.1" }]);
  for (const cniArgs of ["IP=10.1.0.10;GATEWAY=10.1.0.2", "GATEWAY=10.1.0.1"]) {
    const { details } = assertRefused(await ask(sandbox, "c2", { cniArgs }), 7);
    assertStringIncludes(details, "GATEWAY[0]");
  }
});

Deno.test("ADD puts runtimeConfig.ipRanges before the configured ranges", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ allocation: "lowest" }, {
    runtimeConfig: { ipRanges: [[{ subnet: "10.7.0.0/24" }], [{ subnet: "fd07::/64" }]] },
  });
  const result = assertResult(await sandbox.call(callFor("ADD", "c1", { netconf })));
  assertEquals(ipsOf(result), ["10.7.0.2", "fd07::2", "10.1.0.2"]);
});

Deno.test("ADD without ipam is refused with 7, wishes or not", async () => {
  await using sandbox = await makeSandbox();
  const tops = [{}, { args: { cni: { ips: ["10.1.0.9"] } } }, {
    runtimeConfig: { ips: ["10.1.0.9"] },
  }];
  await Promise.all(tops.map(async (top) => {
    const netconf = { cniVersion: "1.0.0", name: "net", type: "bridge", ...top };
    const { details } = assertRefused(await sandbox.call(callFor("ADD", "c1", { netconf })), 7);
    assertStringIncludes(details, "ipam");
  }));
});

Deno.test("ADD without a wish never gives what is fixed", async () => {
  await using sandbox = await makeSandbox();
  const ipam = {
    rangeEnd: "10.1.0.4",
    fixedStart: "10.1.0.3",
    fixedEnd: "10.1.0.4",
    cooldown: "0s",
  };
  const netconf = sandbox.netconf(ipam);
  assertEquals(await addressFor(sandbox, "c1", { netconf }), "10.1.0.2");
  assertRefused(await sandbox.call(callFor("ADD", "c2", { netconf })), 100);
  assertEquals(await granted(sandbox, "c3", { ipam, args: ["10.1.0.4"] }), ["10.1.0.4"]);
});
