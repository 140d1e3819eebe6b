import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CniError } from "../../../lib/cni/errors.ts";
import { parsePrevResult } from "../../../lib/cni/prev_result.ts";
import { formatResult, type ResultIp } from "../../../lib/cni/result.ts";
import { type CniVersion, VERSIONS } from "../../../lib/cni/version.ts";
import { formatAddr, parseAddr } from "../../../lib/net/addr.ts";

const OURS = { ifName: "eth0", netns: "/run/netns/blue" };
const INTERFACES = [
  { name: "cni0", mac: "00:11:22:33:44:55" },
  { name: "eth0" },
  { name: "eth0", sandbox: "/run/netns/blue" },
  { name: "eth1", sandbox: "/run/netns/blue" },
  { name: "eth0", sandbox: "/run/netns/red" },
];

function read(value: unknown, version: CniVersion = "1.1.0"): readonly string[] {
  return parsePrevResult(value, { ...OURS, version }).map(print);
}

function print(ip: ResultIp): string {
  const gateway = ip.gateway === undefined ? "" : ` via ${formatAddr(ip.gateway)}`;
  return `${formatAddr(ip.addr)}/${ip.prefixLength}${gateway}`;
}

for (const value of [undefined, null]) {
  Deno.test(`parsePrevResult() says that ${value} is missing`, () => {
    const error = assertThrows(() => read(value), CniError, "Required prevResult missing");
    assertEquals(error.code, 7);
  });
}

const GRANTED: readonly ResultIp[] = [
  { addr: parseAddr("10.1.0.5"), prefixLength: 16, gateway: parseAddr("10.1.0.1") },
  { addr: parseAddr("fd00::5"), prefixLength: 64 },
];
for (const version of VERSIONS) {
  Deno.test(`parsePrevResult() at ${version} reads back what formatResult() prints`, () => {
    const text = formatResult({ ips: GRANTED, routes: [], dns: {} }, version);
    assertEquals(parsePrevResult(JSON.parse(text), { ...OURS, version }), GRANTED);
  });

  Deno.test(`parsePrevResult() at ${version} does without a version of its own`, () => {
    const result = JSON.parse(formatResult({ ips: GRANTED, routes: [], dns: {} }, version));
    for (const cniVersion of [undefined, null, ""]) {
      assertEquals(parsePrevResult({ ...result, cniVersion }, { ...OURS, version }), GRANTED);
    }
  });

  Deno.test(`parsePrevResult() at ${version} reads a result without addresses`, () => {
    assertEquals(read({}, version), []);
    assertEquals(read({ ips: null, interfaces: null, ip4: null, ip6: null }, version), []);
  });
}

for (const version of VERSIONS.slice(2)) {
  Deno.test(`parsePrevResult() at ${version} counts the addresses of our interface only`, () => {
    const ips = [
      { address: "10.1.0.9/16", interface: 0 },
      { address: "10.1.0.8/16", interface: 1 },
      { address: "10.1.0.5/16", interface: 2, gateway: "10.1.0.1" },
      { address: "10.1.0.7/16", interface: 3 },
      { address: "10.1.0.6/16", interface: 4 },
      { address: "fd00::5/64", interface: 2 },
      { address: "10.2.0.5/24" },
      { address: "10.3.0.5/24", interface: null, gateway: null },
    ];
    assertEquals(read({ interfaces: INTERFACES, ips }, version), [
      "10.1.0.5/16 via 10.1.0.1",
      "fd00::5/64",
      "10.2.0.5/24",
      "10.3.0.5/24",
    ]);
  });
}

Deno.test("parsePrevResult() does not mind routes, dns and keys that it does not know", () => {
  const value = { ips: [{ address: "10.1.0.5/16", x: 1 }], routes: "odd", dns: 1, "a.b/c": [] };
  assertEquals(read(value), ["10.1.0.5/16"]);
});

Deno.test("parsePrevResult() takes the version of a family or none before 1.0.0", () => {
  for (const version of ["4", "", null, undefined]) {
    assertEquals(read({ ips: [{ version, address: "10.1.0.5/16" }] }, "0.4.0"), ["10.1.0.5/16"]);
  }
  assertEquals(read({ ips: [{ version: "odd", address: "10.1.0.5/16" }] }), ["10.1.0.5/16"]);
});

const GOOD = { address: "10.1.0.5/16" };
const BAD: readonly (readonly [CniVersion, unknown, string])[] = [
  ["1.1.0", [], "prevResult as"],
  ["1.1.0", "text", "prevResult as"],
  ["1.1.0", { ips: {} }, "prevResult.ips as"],
  ["1.1.0", { ips: [GOOD, null] }, "prevResult.ips[1] as"],
  ["1.1.0", { ips: [{}] }, "prevResult.ips[0].address"],
  ["1.1.0", { ips: [{ address: 1 }] }, "prevResult.ips[0].address"],
  ["1.1.0", { ips: [{ address: "10.1.0.5" }] }, "prevResult.ips[0].address"],
  ["1.1.0", { ips: [{ address: "10.1.0.5/33" }] }, "prevResult.ips[0].address"],
  ["1.1.0", { ips: [GOOD, { ...GOOD, gateway: "x" }] }, "prevResult.ips[1].gateway"],
  ["1.1.0", { ips: [{ ...GOOD, gateway: 1 }] }, "prevResult.ips[0].gateway"],
  ["1.1.0", { ips: [{ ...GOOD, interface: 0 }] }, "prevResult.ips[0].interface"],
  ["1.1.0", { ips: [{ ...GOOD, interface: 5 }], interfaces: INTERFACES }, "ips[0].interface"],
  ["1.1.0", { ips: [{ ...GOOD, interface: -1 }], interfaces: INTERFACES }, "ips[0].interface"],
  ["1.1.0", { ips: [{ ...GOOD, interface: 1.5 }], interfaces: INTERFACES }, "ips[0].interface"],
  ["1.1.0", { ips: [{ ...GOOD, interface: "2" }], interfaces: INTERFACES }, "ips[0].interface"],
  ["1.1.0", { interfaces: "eth0" }, "prevResult.interfaces as"],
  ["1.1.0", { interfaces: [{ name: "eth0" }, 1] }, "prevResult.interfaces[1] as"],
  ["1.1.0", { interfaces: [{ name: 1 }] }, "prevResult.interfaces[0].name"],
  ["1.1.0", { interfaces: [{ name: "a", sandbox: {} }] }, "prevResult.interfaces[0].sandbox"],
  ["0.4.0", { ips: [{ ...GOOD, version: "6" }] }, "prevResult.ips[0].version"],
  ["0.4.0", { ips: [{ ...GOOD, version: 4 }] }, "prevResult.ips[0].version"],
  ["0.2.0", { ip4: [] }, "prevResult.ip4 as"],
  ["0.2.0", { ip4: {} }, "prevResult.ip4.ip"],
  ["0.2.0", { ip4: { ip: "fd00::5/64" } }, "prevResult.ip4.ip"],
  ["0.2.0", { ip6: { ip: "10.1.0.5/16" } }, "prevResult.ip6.ip"],
  ["0.2.0", { ip6: { ip: "fd00::5/64", gateway: "x" } }, "prevResult.ip6.gateway"],
  ["1.1.0", { cniVersion: "0.4.0" }, "prevResult.cniVersion"],
  ["0.4.0", { cniVersion: "0.2.0" }, "prevResult.cniVersion"],
  ["1.0.0", { cniVersion: "9.9.9" }, "prevResult.cniVersion"],
  ["1.0.0", { cniVersion: 1 }, "prevResult.cniVersion"],
];
for (const [version, value, path] of BAD) {
  Deno.test(`parsePrevResult() at ${version} refuses ${JSON.stringify(value)}`, () => {
    const error = assertThrows(() => read(value, version), CniError, "Malformed prevResult");
    assertEquals(error.code, 7);
    assertStringIncludes(error.details ?? "", path);
  });
}

Deno.test("parsePrevResult() takes a version of the same shape", () => {
  assertEquals(read({ cniVersion: "1.0.0", ips: [GOOD] }, "1.1.0"), ["10.1.0.5/16"]);
  assertEquals(read({ cniVersion: "0.3.1", ips: [GOOD] }, "0.4.0"), ["10.1.0.5/16"]);
});

Deno.test("parsePrevResult() throws nothing but code 7", () => {
  const part = fc.oneof(fc.jsonValue(), fc.constantFrom("10.1.0.5/16", "fd00::1/64", 0, "eth0"));
  const ip = fc.record({ address: part, gateway: part, interface: part, version: part, ip: part }, {
    requiredKeys: [],
  });
  const value = fc.oneof(
    fc.jsonValue(),
    fc.record({ ips: fc.array(ip), interfaces: part, ip4: ip, ip6: ip, cniVersion: part }, {
      requiredKeys: [],
    }),
  );
  fc.assert(fc.property(value, fc.constantFrom(...VERSIONS), (prevResult, version) => {
    try {
      parsePrevResult(prevResult, { ...OURS, version });
    } catch (error) {
      if (!(error instanceof CniError) || error.code !== 7) throw error;
    }
  }));
});
