import { assertEquals, assertThrows } from "@std/assert";
import { formatResult, type IpamResult, type ResultIp } from "../../../lib/cni/result.ts";
import { VERSIONS } from "../../../lib/cni/version.ts";
import { parseAddr } from "../../../lib/net/addr.ts";
import { parsePrefix } from "../../../lib/net/prefix.ts";

const V4: ResultIp = {
  addr: parseAddr("10.1.0.5"),
  prefixLength: 16,
  gateway: parseAddr("10.1.0.1"),
};
const V6: ResultIp = { addr: parseAddr("2001:DB8:0:0::5"), prefixLength: 64 };
const DUAL: IpamResult = {
  ips: [V6, V4],
  routes: [
    { dst: parsePrefix("0.0.0.0/0"), gw: parseAddr("10.1.0.1"), mtu: 1400, table: 0 },
    { dst: parsePrefix("::/0") },
    { dst: parsePrefix("192.0.2.0/24") },
  ],
  dns: { options: ["ndots:2"], search: ["a", "b"], domain: "c", nameservers: ["10.1.0.53"] },
};
const DNS = '{"nameservers":["10.1.0.53"],"domain":"c","search":["a","b"],"options":["ndots:2"]}';

for (const version of ["0.1.0", "0.2.0"] as const) {
  Deno.test(`formatResult() at ${version} splits addresses and routes by family`, () => {
    assertEquals(
      formatResult(DUAL, version),
      `{"cniVersion":"${version}",` +
        '"ip4":{"ip":"10.1.0.5/16","gateway":"10.1.0.1",' +
        '"routes":[{"dst":"0.0.0.0/0","gw":"10.1.0.1"},{"dst":"192.0.2.0/24"}]},' +
        `"ip6":{"ip":"2001:db8::5/64","routes":[{"dst":"::/0"}]},"dns":${DNS}}`,
    );
  });

  Deno.test(`formatResult() at ${version} drops the routes of a family without an address`, () => {
    assertEquals(
      formatResult({ ...DUAL, ips: [V6], dns: {} }, version),
      `{"cniVersion":"${version}","ip6":{"ip":"2001:db8::5/64","routes":[{"dst":"::/0"}]}}`,
    );
  });

  Deno.test(`formatResult() at ${version} has room for one address of a family`, () => {
    const two = { ...DUAL, ips: [V4, V6, V4] };
    assertThrows(() => formatResult(two, version), RangeError, "2 of IPv4");
  });
}

const ROUTES = '[{"dst":"0.0.0.0/0","gw":"10.1.0.1","mtu":1400,"table":0},' +
  '{"dst":"::/0"},{"dst":"192.0.2.0/24"}]';

for (const version of ["0.3.0", "0.3.1", "0.4.0"] as const) {
  Deno.test(`formatResult() at ${version} states the family of each address`, () => {
    assertEquals(
      formatResult(DUAL, version),
      `{"cniVersion":"${version}","ips":[{"version":"6","address":"2001:db8::5/64"},` +
        '{"version":"4","address":"10.1.0.5/16","gateway":"10.1.0.1"}],' +
        `"routes":${ROUTES},"dns":${DNS}}`,
    );
  });
}

for (const version of ["1.0.0", "1.1.0"] as const) {
  Deno.test(`formatResult() at ${version} keeps the order of addresses and routes`, () => {
    assertEquals(
      formatResult(DUAL, version),
      `{"cniVersion":"${version}","ips":[{"address":"2001:db8::5/64"},` +
        '{"address":"10.1.0.5/16","gateway":"10.1.0.1"}],' +
        `"routes":${ROUTES},"dns":${DNS}}`,
    );
  });
}

for (const version of VERSIONS.slice(2)) {
  Deno.test(`formatResult() at ${version} prints every field of a route, zeros too`, () => {
    const dst = parsePrefix("10.2.0.0/16");
    const routes = [
      { scope: 0, table: 0, priority: 0, advmss: 0, mtu: 0, dst },
      { dst, mtu: 1400, advmss: 1360, priority: 10, table: 100, scope: 253 },
    ];
    assertEquals(
      JSON.stringify(JSON.parse(formatResult({ ...DUAL, routes }, version)).routes),
      [
        '[{"dst":"10.2.0.0/16","mtu":0,"advmss":0,"priority":0,"table":0,"scope":0}',
        '{"dst":"10.2.0.0/16","mtu":1400,"advmss":1360,"priority":10,"table":100,"scope":253}]',
      ].join(","),
    );
  });

  Deno.test(`formatResult() at ${version} keeps two routes to one destination`, () => {
    const dst = parsePrefix("10.2.0.0/16");
    const routes = [
      { dst, gw: parseAddr("10.1.0.1") },
      { dst, gw: parseAddr("10.1.0.2") },
    ];
    const parsed = JSON.parse(formatResult({ ...DUAL, routes }, version));
    assertEquals(parsed.routes.map((route: { gw: string }) => route.gw), ["10.1.0.1", "10.1.0.2"]);
  });

  Deno.test(`formatResult() at ${version} leaves empty parts out`, () => {
    const dns = { nameservers: [], domain: "", search: [], options: [] };
    const parsed = JSON.parse(formatResult({ ips: [V4, V4], routes: [], dns }, version));
    assertEquals(Object.keys(parsed), ["cniVersion", "ips"]);
    assertEquals(parsed.ips.length, 2);
  });
}

for (const version of VERSIONS) {
  Deno.test(`formatResult() at ${version} needs an address`, () => {
    assertThrows(() => formatResult({ ...DUAL, ips: [] }, version), RangeError, "address");
  });
}
