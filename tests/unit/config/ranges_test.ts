/** Ranges as they are written and what becomes of them: long because the tables are. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { formatAddr } from "../../../lib/net/addr.ts";
import { load, loadIpam, mistakesOf, pathsOf, showRanges } from "./_load.ts";

function only(ipam: Readonly<Record<string, unknown>>): string {
  return showRanges(loadIpam(ipam)).join("; ");
}

for (
  const [title, ipam, expected] of [
    ["/24", { subnet: "10.1.0.0/24" }, "ipam 10.1.0.2-10.1.0.254 | "],
    ["/25", { subnet: "10.1.0.128/25" }, "ipam 10.1.0.130-10.1.0.254 | "],
    ["/30", { subnet: "10.1.0.0/30" }, "ipam 10.1.0.2 | "],
    ["/31 has no gateway", { subnet: "10.1.0.0/31" }, "ipam 10.1.0.0-10.1.0.1 | "],
    ["/31 with a gateway", { subnet: "10.1.0.0/31", gateway: "10.1.0.0" }, "ipam 10.1.0.1 | "],
    ["/32", { subnet: "10.1.0.7/32" }, "ipam 10.1.0.7 | "],
    [
      "IPv6 /64",
      { subnet: "fd00::/64" },
      "ipam fd00::2-fd00::ff | fd00::100-fd00::ffff:ffff:ffff:ffff",
    ],
    ["IPv6 /126", { subnet: "fd00::/126" }, "ipam fd00::2-fd00::3 | "],
    ["IPv6 /127", { subnet: "fd00::/127" }, "ipam fd00::-fd00::1 | "],
    ["IPv6 /128", { subnet: "fd00::5/128" }, "ipam fd00::5 | "],
    [
      "another gateway: still from .2",
      { subnet: "10.1.0.0/24", gateway: "10.1.0.254" },
      "ipam 10.1.0.2-10.1.0.253 | 10.1.0.1",
    ],
    [
      "a gateway inside the range",
      { subnet: "10.1.0.0/24", gateway: "10.1.0.9" },
      "ipam 10.1.0.2-10.1.0.8 10.1.0.10-10.1.0.254 | 10.1.0.1",
    ],
    [
      "start and end",
      {
        subnet: "10.188.0.0/16",
        rangeStart: "10.188.0.10",
        rangeEnd: "10.188.0.200",
        gateway: "10.188.0.1",
      },
      "ipam 10.188.0.10-10.188.0.200 | 10.188.0.2-10.188.0.9 10.188.0.201-10.188.255.254",
    ],
    [
      "fixedStart and fixedEnd",
      {
        subnet: "10.188.0.0/16",
        fixedStart: "10.188.0.10",
        fixedEnd: "10.188.0.255",
        rangeStart: "10.188.1.0",
        rangeEnd: "10.188.255.254",
      },
      "ipam 10.188.1.0-10.188.255.254 | 10.188.0.10-10.188.0.255",
    ],
    [
      "fixed is cut out of random",
      { subnet: "10.1.0.0/24", fixedStart: "10.1.0.100", fixedEnd: "10.1.0.109" },
      "ipam 10.1.0.2-10.1.0.99 10.1.0.110-10.1.0.254 | 10.1.0.100-10.1.0.109",
    ],
    [
      "the gateway is cut out of fixed",
      {
        subnet: "10.1.0.0/24",
        rangeStart: "10.1.0.20",
        fixedStart: "10.1.0.0",
        fixedEnd: "10.1.0.3",
      },
      "ipam 10.1.0.20-10.1.0.254 | 10.1.0.2-10.1.0.3",
    ],
    [
      "exclude",
      {
        subnet: "10.1.0.0/28",
        rangeEnd: "10.1.0.9",
        exclude: ["10.1.0.4", "10.1.0.6-10.1.0.7", "10.1.0.12/30"],
      },
      "ipam 10.1.0.2-10.1.0.3 10.1.0.5 10.1.0.8-10.1.0.9 | 10.1.0.10-10.1.0.11",
    ],
    [
      "network and broadcast as ends",
      { subnet: "10.1.0.0/24", rangeStart: "10.1.0.0", rangeEnd: "10.1.0.255" },
      "ipam 10.1.0.2-10.1.0.254 | ",
    ],
    [
      "a set of two ranges of one subnet shares what is fixed",
      {
        ranges: [[
          { subnet: "10.1.0.0/24", rangeStart: "10.1.0.10", rangeEnd: "10.1.0.19" },
          {
            subnet: "10.1.0.0/24",
            rangeStart: "10.1.0.30",
            rangeEnd: "10.1.0.39",
            gateway: "10.1.0.9",
          },
        ]],
      },
      "ipam.ranges[0][0] 10.1.0.10-10.1.0.19 | 10.1.0.2-10.1.0.8 10.1.0.20-10.1.0.29 10.1.0.40-10.1.0.254; " +
      "ipam.ranges[0][1] 10.1.0.30-10.1.0.39 | 10.1.0.2-10.1.0.8 10.1.0.20-10.1.0.29 10.1.0.40-10.1.0.254",
    ],
    [
      "a range of the set names what is fixed, another does not",
      {
        ranges: [[
          { subnet: "10.1.0.0/24", rangeStart: "10.1.0.10", rangeEnd: "10.1.0.19" },
          {
            subnet: "10.1.0.0/24",
            rangeStart: "10.1.0.30",
            rangeEnd: "10.1.0.39",
            fixedStart: "10.1.0.100",
            fixedEnd: "10.1.0.109",
          },
        ]],
      },
      "ipam.ranges[0][0] 10.1.0.10-10.1.0.19 | 10.1.0.2-10.1.0.9 10.1.0.20-10.1.0.29 10.1.0.40-10.1.0.99 10.1.0.110-10.1.0.254; " +
      "ipam.ranges[0][1] 10.1.0.30-10.1.0.39 | 10.1.0.100-10.1.0.109",
    ],
    [
      "each range of one subnet has its own fixedStart and fixedEnd",
      {
        ranges: [[
          {
            subnet: "10.1.0.0/24",
            rangeStart: "10.1.0.10",
            rangeEnd: "10.1.0.19",
            fixedStart: "10.1.0.0",
            fixedEnd: "10.1.0.11",
            gateway: "10.1.0.5",
          },
          {
            subnet: "10.1.0.0/24",
            rangeStart: "10.1.0.30",
            rangeEnd: "10.1.0.39",
            fixedStart: "10.1.0.15",
            fixedEnd: "10.1.0.32",
            exclude: ["10.1.0.20-10.1.0.29"],
          },
        ]],
      },
      "ipam.ranges[0][0] 10.1.0.12-10.1.0.14 | 10.1.0.2-10.1.0.4 10.1.0.6-10.1.0.11; " +
      "ipam.ranges[0][1] 10.1.0.33-10.1.0.39 | 10.1.0.15-10.1.0.19 10.1.0.30-10.1.0.32",
    ],
    [
      "what is fixed for one set is not fixed for another by default",
      {
        subnet: "10.1.0.0/24",
        rangeEnd: "10.1.0.9",
        ranges: [[{
          subnet: "10.1.0.0/24",
          rangeStart: "10.1.0.10",
          rangeEnd: "10.1.0.19",
          fixedStart: "10.1.0.20",
          fixedEnd: "10.1.0.250",
        }]],
      },
      "ipam 10.1.0.2-10.1.0.9 | 10.1.0.251-10.1.0.254; " +
      "ipam.ranges[0][0] 10.1.0.10-10.1.0.19 | 10.1.0.20-10.1.0.250",
    ],
    [
      "fixed of IPv6",
      {
        ranges: [[{ subnet: "fd00::/64", fixedStart: "fd00::f0", fixedEnd: "fd00::1:0" }]],
      },
      "ipam.ranges[0][0] fd00::2-fd00::ef | fd00::f0-fd00::1:0",
    ],
    [
      "empty texts and null count as absent",
      { subnet: "10.1.0.0/30", gateway: "", rangeStart: null, exclude: null },
      "ipam 10.1.0.2 | ",
    ],
  ] as const
) {
  Deno.test(`loadConfig() ranges: ${title}`, () => assertEquals(only(ipam), expected));
}

Deno.test("loadConfig() takes ranges as they are written, with gateways", () => {
  const config = loadIpam({
    ranges: [[{
      subnet: "10.1.2.0/24",
      rangeStart: "10.1.2.9",
      rangeEnd: "10.1.2.20",
      gateway: "10.1.2.30",
    }], [
      {
        subnet: "11.1.2.0/24",
        rangeStart: "11.1.2.9",
        rangeEnd: "11.1.2.20",
        gateway: "11.1.2.30",
      },
    ]],
  });
  const gateways = config.sets.flatMap(({ ranges }) => ranges).map(({ gateway }) =>
    gateway && formatAddr(gateway)
  );
  assertEquals(gateways, ["10.1.2.30", "11.1.2.30"]);
});

Deno.test("loadConfig() puts ipRanges of the runtime before subnet, and subnet before ranges", () => {
  const config = load({
    runtimeConfig: { ipRanges: [[{ subnet: "10.3.0.0/24" }], [{ subnet: "fd00:3::/64" }]] },
    ipam: { subnet: "10.1.0.0/24", ranges: [[{ subnet: "10.2.0.0/24" }]] },
  });
  assertEquals(
    config.sets.map(({ family, ranges }) => [family, ...ranges.map(({ path }) => path)]),
    [
      [4, "runtimeConfig.ipRanges[0][0]"],
      [6, "runtimeConfig.ipRanges[1][0]"],
      [4, "ipam"],
      [4, "ipam.ranges[0][0]"],
    ],
  );
});

for (
  const [title, ipam, expected] of [
    ["host bits", { subnet: "10.1.2.3/24" }, /^ipam\.subnet: .*"10\.1\.2\.0\/24"/],
    ["host bits of a /23", { subnet: "10.1.3.0/23" }, /"10\.1\.2\.0\/23"/],
    ["host bits of IPv6", { subnet: "2001:db8:0:1::/63" }, /"2001:db8::\/63"/],
    ["no prefix", { subnet: "10.1.2.0" }, /^ipam\.subnet: /],
    ["everything", { subnet: "0.0.0.0/0" }, /^ipam\.subnet: 0\.0\.0\.0\/0 is larger/],
    ["shorter than /8", { subnet: "16.0.0.0/7" }, /is larger/],
    ["shorter than /32", { subnet: "2001::/31" }, /is larger/],
    ["loopback", { subnet: "127.0.0.0/16" }, /is loopback/],
    ["multicast", { subnet: "239.0.0.0/16" }, /is multicast/],
    ["IPv6 multicast", { subnet: "ff02::/64" }, /is multicast/],
    ["IPv4-mapped", { subnet: "::ffff:10.0.0.0/112" }, /IPv4-mapped/],
    [
      "start outside",
      { subnet: "10.1.2.0/24", rangeStart: "10.1.3.0" },
      /^ipam\.rangeStart: 10\.1\.3\.0 is outside the subnet 10\.1\.2\.0\/24/,
    ],
    ["end outside", { subnet: "10.1.2.0/24", rangeEnd: "10.1.4.0" }, /^ipam\.rangeEnd: .* outside/],
    [
      "end of the other family",
      { subnet: "10.1.2.0/24", rangeEnd: "::1" },
      /^ipam\.rangeEnd: .* outside/,
    ],
    [
      "start after end",
      { subnet: "10.1.2.0/24", rangeStart: "10.1.2.50", rangeEnd: "10.1.2.40" },
      /^ipam\.rangeStart: 10\.1\.2\.50 is after rangeEnd 10\.1\.2\.40/,
    ],
    [
      "start after the default end",
      { subnet: "fd00::/64", rangeStart: "fd00::1:0" },
      /is after rangeEnd fd00::ff/,
    ],
    [
      "gateway outside",
      { subnet: "10.1.2.0/24", gateway: "10.1.3.1" },
      /^ipam\.gateway: .* outside/,
    ],
    [
      "gateway = broadcast",
      { subnet: "10.1.2.0/24", gateway: "10.1.2.255" },
      /^ipam\.gateway: .* network or broadcast/,
    ],
    ["malformed start", { subnet: "10.1.2.0/24", rangeStart: "banana" }, /^ipam\.rangeStart: /],
    [
      "fixedStart alone",
      { subnet: "10.1.2.0/24", fixedStart: "10.1.2.9" },
      /^ipam\.fixedEnd: is missing beside fixedStart/,
    ],
    [
      "fixedEnd alone",
      { subnet: "10.1.2.0/24", fixedEnd: "10.1.2.9" },
      /^ipam\.fixedStart: is missing/,
    ],
    [
      "fixed outside",
      { subnet: "10.1.2.0/24", fixedStart: "10.1.2.1", fixedEnd: "10.1.3.9" },
      /^ipam\.fixedEnd: .* outside/,
    ],
    [
      "fixed backwards",
      { subnet: "10.1.2.0/24", fixedStart: "10.1.2.9", fixedEnd: "10.1.2.8" },
      /^ipam\.fixedStart: .* is after fixedEnd/,
    ],
    [
      "nothing is left",
      { subnet: "10.1.2.0/24", exclude: ["10.1.2.0/24"] },
      /^ipam: nothing is left of 10\.1\.2\.2-10\.1\.2\.254/,
    ],
    [
      "malformed exclude",
      { subnet: "10.1.2.0/24", exclude: ["10.1.2.9-"] },
      /^ipam\.exclude\[0\]: /,
    ],
    ["no range", {}, /^ipam: there is no range/],
    ["an empty list", { ranges: [] }, /^ipam: there is no range/],
    ["an empty set", { ranges: [[]] }, /^ipam\.ranges\[0\]: is a set without ranges/],
    [
      "a flat list",
      { ranges: [{ subnet: "10.1.0.0/24" }] },
      /^ipam\.ranges\[0\]: is an object: Write a list, \[ \] around it/,
    ],
    [
      "no subnet in a range",
      { ranges: [[{ rangeStart: "10.1.0.9" }]] },
      /^ipam\.ranges\[0\]\[0\]\.subnet: is missing/,
    ],
    [
      "rangeStart without subnet",
      { rangeStart: "10.1.0.9", ranges: [[{ subnet: "10.1.0.0/24" }]] },
      /^ipam\.rangeStart: has no subnet beside it/,
    ],
    [
      "mixed families",
      { ranges: [[{ subnet: "10.1.0.0/24" }, { subnet: "fd00::/64" }]] },
      /^ipam\.ranges\[0\]\[1\]: is IPv6, but ipam\.ranges\[0\]\[0\] is IPv4/,
    ],
    [
      "overlap in a set",
      { ranges: [[{ subnet: "10.1.0.0/20" }, { subnet: "10.1.1.0/24" }]] },
      /^ipam\.ranges\[0\]\[1\]: 10\.1\.1\.2-10\.1\.1\.254 overlaps ipam\.ranges\[0\]\[0\], 10\.1\.0\.2-10\.1\.15\.254/,
    ],
    [
      "overlap between sets",
      { ranges: [[{ subnet: "10.1.0.0/20" }], [{ subnet: "10.1.1.0/24" }]] },
      /^ipam\.ranges\[1\]\[0\]: .* overlaps ipam\.ranges\[0\]\[0\]/,
    ],
    [
      "identical",
      { subnet: "10.1.0.0/24", ranges: [[{ subnet: "10.1.0.0/24" }]] },
      /^ipam\.ranges\[0\]\[0\]: .* overlaps ipam, /,
    ],
    ["sharing one address", {
      ranges: [[{ subnet: "10.1.0.0/24", rangeEnd: "10.1.0.9" }], [{
        subnet: "10.1.0.0/24",
        rangeStart: "10.1.0.9",
      }]],
    }, /overlaps/],
  ] as const
) {
  Deno.test(`loadConfig() refuses ranges: ${title}`, () => {
    const [code, ...lines] = mistakesOf(() => loadIpam(ipam));
    assertEquals(code, "code 7");
    assertEquals(lines.length, 1, lines.join("\n"));
    assertMatch(lines[0] ?? "", expected);
  });
}

Deno.test("loadConfig() takes ranges that touch, and the same subnet with disjoint ranges", () => {
  const config = loadIpam({
    ranges: [[{ subnet: "10.1.0.0/24", rangeEnd: "10.1.0.9" }, {
      subnet: "10.1.0.0/24",
      rangeStart: "10.1.0.10",
    }], [
      { subnet: "10.1.1.0/24" },
    ], [{ subnet: "fd00::/64" }]],
  });
  assertEquals(config.sets.length, 3);
});

Deno.test("loadConfig() takes one set of each family up to 0.2.0, and no more", () => {
  const both = { ranges: [[{ subnet: "10.1.0.0/24" }], [{ subnet: "fd00::/64" }]] };
  assertEquals(load({ cniVersion: "0.2.0", ipam: both }).sets.length, 2);
  const three = { ranges: [...both.ranges, [{ subnet: "10.2.0.0/24" }]] };
  assertEquals(load({ cniVersion: "0.3.0", ipam: three }).sets.length, 3);
  for (const cniVersion of ["", "0.1.0", "0.2.0"]) {
    const lines = mistakesOf(() => load({ cniVersion, ipam: three }));
    assertMatch(
      lines[1] ?? "",
      /^ipam\.ranges\[2\]: is the second range set of IPv4 after ipam\.ranges\[0\]/,
    );
  }
});

Deno.test("loadConfig() warns of what has no effect", () => {
  const { warnings } = loadIpam({
    subnet: "10.1.0.0/24",
    rangeStart: "10.1.0.0",
    rangeEnd: "10.1.0.255",
    exclude: ["10.9.0.0/24"],
  });
  assertEquals(warnings.map((line) => line.split(": ")[0]), [
    "ipam.rangeStart",
    "ipam.rangeEnd",
    "ipam.exclude[0]",
  ]);
});

Deno.test("loadConfig() names the network where a subnet has host bits", () => {
  assertStringIncludes(
    mistakesOf(() => loadIpam({ subnet: "10.1.2.3/16" })).join(),
    'Write the prefix of the network: "10.1.0.0/16"',
  );
});

Deno.test("loadConfig() tells every mistake at once, with its path", () => {
  assertEquals(
    pathsOf({
      ranges: [[{ subnet: "10.1.0.0/24", rangeEnd: "10.2.0.1" }, { subnet: 5, gateway: "x" }]],
      routes: [{ dst: "default" }],
      cooldown: "soon",
      datastore: "etcd",
    }),
    [
      "ipam.ranges[0][1].subnet",
      "ipam.etcdConfig",
      "ipam.cooldown",
      "ipam.ranges[0][0].rangeEnd",
      "ipam.ranges[0][1].gateway",
      "ipam.routes[0].dst",
    ],
  );
});

Deno.test("loadConfig() needs a range for ADD and STATUS only", () => {
  for (const command of ["DEL", "GC", "CHECK"] as const) {
    assertEquals(loadIpam({}, { command }).sets, []);
  }
  assertEquals(pathsOf({}, { command: "STATUS" }), ["ipam"]);
});
