import { assertEquals, assertMatch } from "@std/assert";
import { formatAddr } from "../../../lib/net/addr.ts";
import type { Config } from "../../../lib/config/config.ts";
import { load, mistakesOf, NO_ARGS } from "./_load.ts";

const V4 = { subnet: "10.1.0.0/24", rangeStart: "10.1.0.10", rangeEnd: "10.1.0.99" };
const V6 = { subnet: "fd00::/64" };
const DUAL = { ranges: [[V4], [V6]] };

interface Asked {
  readonly ipam?: Readonly<Record<string, unknown>>;
  readonly runtime?: readonly string[];
  readonly args?: readonly string[];
  readonly cniArgs?: readonly string[];
  readonly gateways?: readonly string[];
}

function ask({ ipam = DUAL, runtime, args, cniArgs = [], gateways = [] }: Asked): Config {
  return load({
    ipam,
    ...(runtime === undefined ? {} : { runtimeConfig: { ips: runtime } }),
    ...(args === undefined ? {} : { args: { cni: { ips: args } } }),
  }, { args: { ...NO_ARGS, ips: cniArgs, gateways } });
}

function shown(asked: Asked): readonly string[] {
  return ask(asked).wishes.map(({ set, range, source, addr, path }) =>
    `${set}.${range} ${source} ${formatAddr(addr)} ${path}`
  );
}

for (
  const [title, asked, expected] of [
    ["none", {}, []],
    ["CNI_ARGS", { cniArgs: ["10.1.0.20"] }, ["0.0 cniArgs 10.1.0.20 CNI_ARGS IP[0]"]],
    ["CNI_ARGS with a prefix length", { cniArgs: ["10.1.0.20/24"] }, [
      "0.0 cniArgs 10.1.0.20 CNI_ARGS IP[0]",
    ]],
    ["args", { args: ["10.1.0.20"] }, ["0.0 args 10.1.0.20 args.cni.ips[0]"]],
    [
      "one wish in two sources, and two sets of one subnet",
      {
        ipam: { ranges: [[V4], [{ ...V4, rangeStart: "10.1.0.100", rangeEnd: "10.1.0.199" }]] },
        runtime: ["10.1.0.220"],
        cniArgs: ["10.1.0.220"],
      },
      ["0.0 runtimeConfig 10.1.0.220 runtimeConfig.ips[0]"],
    ],
    ["args with a prefix length", { args: ["10.1.0.20/24"] }, [
      "0.0 args 10.1.0.20 args.cni.ips[0]",
    ]],
    ["runtimeConfig", { runtime: ["fd00::20/64"] }, [
      "1.0 runtimeConfig fd00::20 runtimeConfig.ips[0]",
    ]],
    [
      "both families, in the order of the sets",
      { runtime: ["fd00::20", "10.1.0.20"] },
      [
        "0.0 runtimeConfig 10.1.0.20 runtimeConfig.ips[1]",
        "1.0 runtimeConfig fd00::20 runtimeConfig.ips[0]",
      ],
    ],
    [
      "an address that is fixed",
      { runtime: ["10.1.0.200"] },
      ["0.0 runtimeConfig 10.1.0.200 runtimeConfig.ips[0]"],
    ],
    [
      "the first source wins for its set, the others fill the rest",
      {
        runtime: ["10.1.0.20"],
        args: ["10.1.0.21", "fd00::21"],
        cniArgs: ["10.1.0.22", "fd00::22"],
      },
      ["0.0 runtimeConfig 10.1.0.20 runtimeConfig.ips[0]", "1.0 args fd00::21 args.cni.ips[1]"],
    ],
    ["the same address twice", { args: ["10.1.0.20", "10.1.0.20/24"] }, [
      "0.0 args 10.1.0.20 args.cni.ips[0]",
    ]],
    [
      "the second range of a set",
      { ipam: { ranges: [[V4, { subnet: "10.2.0.0/24" }]] }, runtime: ["10.2.0.20"] },
      ["0.1 runtimeConfig 10.2.0.20 runtimeConfig.ips[0]"],
    ],
    [
      "two sets of one subnet: each fixed wish has its own",
      {
        ipam: { ranges: [[V4], [{ ...V4, rangeStart: "10.1.0.100", rangeEnd: "10.1.0.110" }]] },
        runtime: ["10.1.0.200", "10.1.0.201"],
      },
      [
        "0.0 runtimeConfig 10.1.0.200 runtimeConfig.ips[0]",
        "1.0 runtimeConfig 10.1.0.201 runtimeConfig.ips[1]",
      ],
    ],
    [
      "GATEWAY that repeats the gateway of the range",
      { cniArgs: ["10.1.0.20"], gateways: ["10.1.0.1"] },
      ["0.0 cniArgs 10.1.0.20 CNI_ARGS IP[0]"],
    ],
  ] as const
) {
  Deno.test(`loadConfig() wishes: ${title}`, () => assertEquals(shown(asked), expected));
}

for (
  const [title, asked, code, expected] of [
    [
      "outside",
      { runtime: ["10.9.0.1"] },
      102,
      /^runtimeConfig\.ips\[0\]: 10\.9\.0\.1 is outside the ranges: ask of 10\.1\.0\.2-10\.1\.0\.9 /,
    ],
    [
      "the gateway",
      { args: ["10.1.0.1"] },
      102,
      /^args\.cni\.ips\[0\]: 10\.1\.0\.1 is the gateway of ipam\.ranges\[0\]\[0\]/,
    ],
    ["the network address", { args: ["10.1.0.0"] }, 102, /is kept out of 10\.1\.0\.0\/24/],
    ["the broadcast address", { args: ["10.1.0.255"] }, 102, /is kept out/],
    ["the anycast address", { args: ["fd00::"] }, 102, /is kept out/],
    [
      "an excluded address",
      { ipam: { ...V4, exclude: ["10.1.0.20"] }, args: ["10.1.0.20"] },
      102,
      /is kept out/,
    ],
    [
      "a family without range",
      { ipam: V4, cniArgs: ["fd00::7"] },
      102,
      /^CNI_ARGS IP\[0\]: fd00::7 is IPv6, of which there is no range/,
    ],
    [
      "two for one set",
      { args: ["10.1.0.20", "10.1.0.21"] },
      102,
      /10\.1\.0\.21 is of the same range set as 10\.1\.0\.20/,
    ],
    ["malformed", { args: ["10.1.0"] }, 7, /^args\.cni\.ips\[0\]: /],
    ["malformed length", { cniArgs: ["10.1.0.20/99"] }, 7, /^CNI_ARGS IP\[0\]: /],
    [
      "another gateway",
      { cniArgs: ["10.1.0.20"], gateways: ["10.1.0.9"] },
      7,
      /^CNI_ARGS GATEWAY\[0\]: 10\.1\.0\.9 is not the gateway of the range, 10\.1\.0\.1/,
    ],
    ["a gateway without IP", { gateways: ["10.1.0.1"] }, 7, /stands without IP/],
    [
      "a malformed gateway",
      { cniArgs: ["10.1.0.20"], gateways: ["x"] },
      7,
      /^CNI_ARGS GATEWAY\[0\]: /,
    ],
  ] as const
) {
  Deno.test(`loadConfig() refuses wishes: ${title}`, () => {
    const lines = mistakesOf(() => ask(asked));
    assertEquals(lines[0], `code ${code}`);
    assertEquals(lines.length, 2, lines.join("\n"));
    assertMatch(lines[1] ?? "", expected);
  });
}

Deno.test("loadConfig() lists every address that cannot be granted", () => {
  const lines = mistakesOf(() => ask({ runtime: ["10.9.0.1", "10.1.0.1"], cniArgs: ["fe80::1"] }));
  assertEquals(lines.map((line) => line.split(": ")[0]), [
    "code 102",
    "runtimeConfig.ips[0]",
    "runtimeConfig.ips[1]",
    "CNI_ARGS IP[0]",
  ]);
});

Deno.test("loadConfig() warns of a length that is not the subnet's, and of an overridden source", () => {
  const { warnings } = ask({ runtime: ["10.1.0.20/16"], args: ["10.1.0.21"] });
  assertMatch(
    warnings[0] ?? "",
    /^runtimeConfig\.ips\[0\]: the prefix length of 10\.1\.0\.20\/16 .*\/24/,
  );
  assertMatch(
    warnings[1] ?? "",
    /^args\.cni\.ips\[0\]: 10\.1\.0\.21 is not used: runtimeConfig\.ips\[0\]/,
  );
});

Deno.test("loadConfig() reads wishes for ADD only", () => {
  const netconf = { ipam: V4, args: { cni: { ips: 5 } }, runtimeConfig: { ips: ["x"] } };
  for (const command of ["DEL", "CHECK", "GC", "STATUS"] as const) {
    assertEquals(load(netconf, { command, args: { ips: ["y"], gateways: ["z"] } }).wishes, []);
  }
});
