/** `ipam.fixedPolicy`: what is read of it, and every way in which it can be wrong. */
import { assertEquals, assertMatch } from "@std/assert";
import { parseRange } from "../../../lib/net/range.ts";
import { loadIpam, mistakesOf, pathsOf } from "./_load.ts";

const SUBNET = { subnet: "10.1.0.0/24", rangeStart: "10.1.0.100" };
const RULE = { addresses: ["10.1.0.10"], namespaces: ["shop"] };

function policyOf(fixedPolicy: unknown): unknown {
  return loadIpam({ ...SUBNET, fixedPolicy }).fixedPolicy;
}

function warningsOf(ipam: Readonly<Record<string, unknown>>): readonly string[] {
  return loadIpam(ipam).warnings;
}

Deno.test("loadConfig() reads the rules of fixedPolicy in their order", () => {
  assertEquals(
    policyOf([
      {
        ranges: ["10.1.0.10-10.1.0.19"],
        addresses: ["10.1.0.32/30", "fd00::5"],
        namespaces: ["shop", "pay-2"],
        serviceAccounts: ["web", "db.main"],
      },
      { ranges: ["10.1.0.20"], namespaces: ["*"], serviceAccounts: null },
    ]),
    [
      {
        path: "ipam.fixedPolicy[0]",
        addresses: ["10.1.0.10-10.1.0.19", "10.1.0.32/30", "fd00::5"].map(parseRange),
        namespaces: ["shop", "pay-2"],
        serviceAccounts: ["web", "db.main"],
      },
      {
        path: "ipam.fixedPolicy[1]",
        addresses: [parseRange("10.1.0.20")],
        namespaces: ["*"],
        serviceAccounts: undefined,
      },
    ],
  );
});

Deno.test("loadConfig() tells no policy from a policy without rules", () => {
  assertEquals(loadIpam(SUBNET).fixedPolicy, undefined);
  assertEquals(policyOf(null), undefined);
  assertEquals(policyOf([]), []);
});

for (
  const [title, rule, ...expected] of [
    ["no addresses", { namespaces: ["shop"] }, /^ipam\.fixedPolicy\[0\]\.addresses: is missing: /],
    ["empty addresses", { ...RULE, addresses: [] }, /^ipam\.fixedPolicy\[0\]\.addresses: is empty/],
    [
      "empty ranges",
      { ranges: [], namespaces: ["shop"] },
      /^ipam\.fixedPolicy\[0\]\.ranges: is empty/,
    ],
    [
      "malformed addresses",
      { ranges: ["10.1.0.0/33"], addresses: ["10.1.0.9-10.1.0.8", ""], namespaces: ["shop"] },
      /^ipam\.fixedPolicy\[0\]\.ranges\[0\]: Cannot parse range /,
      /^ipam\.fixedPolicy\[0\]\.addresses\[0\]: Cannot parse range /,
      /^ipam\.fixedPolicy\[0\]\.addresses\[1\]: Cannot parse range .*: Write an address, a prefix or /,
    ],
    [
      "range sets",
      { ranges: [[{ subnet: "10.1.0.0/24" }]], namespaces: ["shop"] },
      /^ipam\.fixedPolicy\[0\]\.ranges\[0\]: is a list: Write a text in double quotes$/,
    ],
    [
      "no namespaces",
      { addresses: ["10.1.0.10"] },
      /\.namespaces: is missing: .*\["\*"\] for all$/,
    ],
    ["empty namespaces", { ...RULE, namespaces: [] }, /\.namespaces: is empty: /],
    ["null namespaces", { ...RULE, namespaces: null }, /\.namespaces: is missing: /],
    [
      "a text for namespaces",
      { ...RULE, namespaces: "shop" },
      /\.namespaces: is a text: Write a list/,
    ],
    [
      "names that are none",
      { ...RULE, namespaces: ["Shop", "shop-*", "a.b", "-a", "", "x".repeat(64)] },
      /\.namespaces\[0\]: "Shop" is not a name: /,
      /\.namespaces\[1\]: /,
      /\.namespaces\[2\]: /,
      /\.namespaces\[3\]: /,
      /\.namespaces\[4\]: /,
      /\.namespaces\[5\]: /,
    ],
    [
      "empty serviceAccounts",
      { ...RULE, serviceAccounts: [] },
      /^ipam\.fixedPolicy\[0\]\.serviceAccounts: is empty: .* leave it out for all$/,
    ],
    [
      "serviceAccounts that are none",
      {
        ...RULE,
        serviceAccounts: ["*", "system:serviceaccount:shop:web", "x".repeat(254), "a..b"],
      },
      /\.serviceAccounts\[0\]: "\*" is not a name: /,
      /\.serviceAccounts\[1\]: /,
      /\.serviceAccounts\[2\]: /,
      /\.serviceAccounts\[3\]: /,
    ],
    [
      "an element of a wrong type",
      { ...RULE, serviceAccounts: [null] },
      /\.serviceAccounts\[0\]: /,
    ],
    [
      "a misspelt key that would narrow the rule",
      { ...RULE, service_accounts: ["web"] },
      /^ipam\.fixedPolicy\[0\]\.service_accounts: .* missing: Did you mean "serviceAccounts"\?$/,
    ],
  ] as const
) {
  Deno.test(`loadConfig() refuses a rule of fixedPolicy: ${title}`, () => {
    const [code, ...lines] = mistakesOf(() => policyOf([rule]));
    assertEquals([code, lines.length], ["code 7", expected.length], lines.join("\n"));
    expected.forEach((line, index) => assertMatch(lines[index] ?? "", line));
  });
}

Deno.test("loadConfig() tells every mistake of every rule at once", () => {
  assertEquals(
    pathsOf({
      ...SUBNET,
      fixedPolicy: [{}, RULE, { addresses: ["x"], namespaces: ["Y"], serviceAccounts: ["Z"] }],
    }),
    [
      "ipam.fixedPolicy[0].addresses",
      "ipam.fixedPolicy[0].namespaces",
      "ipam.fixedPolicy[2].addresses[0]",
      "ipam.fixedPolicy[2].namespaces[0]",
      "ipam.fixedPolicy[2].serviceAccounts[0]",
    ],
  );
  for (const fixedPolicy of [{}, RULE, "x", [RULE, "x"], [[RULE]]]) {
    assertMatch(
      pathsOf({ ...SUBNET, fixedPolicy }).join(),
      /^ipam\.fixedPolicy(?:\[\d\])?$/,
    );
  }
});

Deno.test("loadConfig() refuses a misspelt fixedPolicy: it would allow everything", () => {
  for (const key of ["fixedpolicy", "fixed_policy", "fixPolicy"]) {
    for (const strict of [false, true]) {
      assertEquals(pathsOf({ ...SUBNET, strict, [key]: [] }), [`ipam.${key}`]);
    }
    const config = loadIpam({ ...SUBNET, [key]: [] }, { command: "DEL" });
    assertEquals(config.fixedPolicy, undefined);
  }
});

Deno.test("loadConfig() warns of unknown keys of a rule", () => {
  const fixedPolicy = [{ ...RULE, comment: "x", namespace: "shop" }];
  assertEquals(warningsOf({ ...SUBNET, fixedPolicy }), [
    "ipam.fixedPolicy[0].comment: is not a known key: Remove it",
    'ipam.fixedPolicy[0].namespace: is not a known key: Did you mean "namespaces"?',
  ]);
  assertEquals(pathsOf({ ...SUBNET, fixedPolicy, strict: true }), [
    "ipam.fixedPolicy[0].comment",
    "ipam.fixedPolicy[0].namespace",
  ]);
});

Deno.test("loadConfig() warns of a rule without a fixed address of any range", () => {
  const rule = (...addresses: readonly string[]): unknown => ({ ...RULE, addresses });
  const ipam = {
    ranges: [[{ ...SUBNET, fixedStart: "10.1.0.10", fixedEnd: "10.1.0.19" }], [{
      subnet: "fd00::/64",
    }]],
    fixedPolicy: [
      rule("10.1.0.20-10.1.0.99", "10.1.0.100"),
      rule("10.1.0.200", "10.1.0.19-10.1.0.30"),
      rule("fd01::/64"),
      rule("fd00::/48"),
    ],
  };
  assertEquals(warningsOf(ipam), [
    "ipam.fixedPolicy[0]: 10.1.0.20-10.1.0.99, 10.1.0.100 is outside the fixed addresses of every " +
    "range: It has no effect",
    "ipam.fixedPolicy[2]: fd01::-fd01::ffff:ffff:ffff:ffff is outside the fixed addresses of every " +
    "range: It has no effect",
  ]);
});

Deno.test("loadConfig() forgives mistakes of fixedPolicy for DEL and GC, and widens no rule by it", () => {
  const fixedPolicy = [RULE, { ...RULE, serviceAccounts: ["*"] }, { ...RULE, addresses: ["x"] }];
  for (const command of ["DEL", "GC"] as const) {
    const config = loadIpam({ ...SUBNET, fixedPolicy }, { command });
    assertEquals(config.fixedPolicy?.map(({ path }) => path), ["ipam.fixedPolicy[0]"]);
    assertEquals(config.warnings.length, 2);
    assertEquals(loadIpam({ ...SUBNET, fixedPolicy: "x" }, { command }).warnings.length, 1);
  }
});
