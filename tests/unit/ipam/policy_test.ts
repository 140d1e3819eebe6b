import { assert, assertEquals, assertFalse } from "@std/assert";
import fc from "fast-check";
import type { PolicyRule } from "../../../lib/config/config.ts";
import { type Claimant, formatRule, permits, refusedBy } from "../../../lib/ipam/policy.ts";
import { formatAddr, parseAddr } from "../../../lib/net/addr.ts";
import { mergeIntervals } from "../../../lib/net/interval.ts";
import { parseRange } from "../../../lib/net/range.ts";

interface Written {
  readonly addresses: readonly string[];
  readonly namespaces: readonly string[];
  readonly serviceAccounts?: readonly string[];
}

function rules(...list: readonly Written[]): readonly PolicyRule[] {
  return list.map(({ addresses, namespaces, serviceAccounts }, index) => ({
    path: `ipam.fixedPolicy[${index}]`,
    addresses: addresses.map(parseRange),
    namespaces,
    serviceAccounts,
  }));
}

function pod(namespace?: string, serviceAccount?: string): Claimant {
  return { namespace, serviceAccount };
}

const POLICY = rules(
  {
    addresses: ["10.1.0.10-10.1.0.19"],
    namespaces: ["shop", "pay"],
    serviceAccounts: ["web"],
  },
  { addresses: ["10.1.0.19", "fd00::/120"], namespaces: ["lab"] },
  { addresses: ["10.1.0.30-10.1.0.31"], namespaces: ["*"] },
  { addresses: ["10.1.0.40"], namespaces: ["*"], serviceAccounts: ["db"] },
);

for (
  const [text, claimant, expected] of [
    ["10.1.0.10", pod("shop", "web"), true],
    ["10.1.0.19", pod("pay", "web"), true],
    ["10.1.0.10", pod("shop", "default"), false],
    ["10.1.0.10", pod("shop", ""), false],
    ["10.1.0.10", pod("shop"), false],
    ["10.1.0.10", pod("lab", "web"), false],
    ["10.1.0.19", pod("lab"), true],
    ["10.1.0.9", pod("shop", "web"), false],
    ["10.1.0.20", pod("lab", "web"), false],
    ["fd00::7", pod("lab"), true],
    ["fd00::7", pod("shop", "web"), false],
    ["::a01:a", pod("shop", "web"), false],
    ["10.1.0.30", pod("any", "x"), true],
    ["10.1.0.31", pod(), true],
    ["10.1.0.40", pod("any", "db"), true],
    ["10.1.0.40", pod("any", "web"), false],
    ["10.1.0.40", pod(undefined, "db"), false],
    ["10.1.0.10", pod(), false],
  ] as const
) {
  const who = `${claimant.namespace ?? "-"}/${claimant.serviceAccount ?? "-"}`;
  Deno.test(`permits() and refusedBy(): ${text} for ${who}: ${expected}`, () => {
    const claim = { addr: parseAddr(text), claimant };
    assertEquals(permits(POLICY, claim), expected);
    assertEquals(refusedBy(POLICY, claim) === undefined, expected);
  });
}

Deno.test("permits() allows everything without a policy, and nothing with an empty one", () => {
  const claim = { addr: parseAddr("10.1.0.10"), claimant: pod("shop", "web") };
  assert(permits(undefined, claim));
  assertEquals(refusedBy(undefined, claim), undefined);
  assertFalse(permits([], claim));
  assertEquals(refusedBy([], claim), { addr: claim.addr, rules: [] });
});

Deno.test("refusedBy() names the rules that speak of the address", () => {
  const refusal = refusedBy(POLICY, { addr: parseAddr("10.1.0.19"), claimant: pod("x") });
  assertEquals(refusal?.rules.map(({ path }) => path), [
    "ipam.fixedPolicy[0]",
    "ipam.fixedPolicy[1]",
  ]);
});

function refusedOfPool(ranges: readonly string[], claimant: Claimant): readonly string[] {
  const read = ranges.map(parseRange);
  const family = read[0]?.family ?? 4;
  const refusal = refusedBy(POLICY, { family, intervals: mergeIntervals(read), claimant });
  return refusal === undefined
    ? []
    : [formatAddr(refusal.addr), ...refusal.rules.map(({ path }) => path)];
}

Deno.test("refusedBy() finds the lowest address of a pool that is not permitted", () => {
  const web = pod("shop", "web");
  assertEquals(refusedOfPool(["10.1.0.10-10.1.0.19"], web), []);
  assertEquals(refusedOfPool(["10.1.0.12-10.1.0.13", "10.1.0.30-10.1.0.31"], web), []);
  assertEquals(refusedOfPool(["10.1.0.12-10.1.0.22"], web), ["10.1.0.20"]);
  assertEquals(refusedOfPool(["10.1.0.9-10.1.0.12"], web), ["10.1.0.9"]);
  assertEquals(refusedOfPool(["10.1.0.18-10.1.0.19"], pod("lab")), [
    "10.1.0.18",
    "ipam.fixedPolicy[0]",
  ]);
  assertEquals(refusedOfPool(["fd00::/120"], pod("lab")), []);
  assertEquals(refusedOfPool(["fd00::/64"], pod("lab")), ["fd00::100"]);
});

Deno.test("refusedBy() permits an empty pool", () => {
  assertEquals(refusedBy([], { family: 4, intervals: [], claimant: pod("x") }), undefined);
});

Deno.test("refusedBy() of a pool agrees with permits() of each address", () => {
  const octet = fc.integer({ min: 0, max: 20 });
  const interval = fc.tuple(octet, octet).map(([a, b]) => ({
    first: BigInt(Math.min(a, b)),
    last: BigInt(Math.max(a, b)),
  }));
  const names = fc.subarray(["a", "b", "*"], { minLength: 1 });
  const rule = fc.record({
    path: fc.constant("rule"),
    addresses: fc.array(
      fc.tuple(interval, fc.constantFrom(4 as const, 6 as const)).map(([ends, family]) => ({
        family,
        ...ends,
      })),
      { minLength: 1, maxLength: 3 },
    ),
    namespaces: names,
    serviceAccounts: fc.option(fc.subarray(["a", "b"], { minLength: 1 }), { nil: undefined }),
  });
  const name = fc.constantFrom("a", "b", "c", undefined);
  const claimant = fc.record({ namespace: name, serviceAccount: name });
  fc.assert(fc.property(
    fc.array(rule, { maxLength: 4 }),
    fc.array(interval, { maxLength: 4 }),
    claimant,
    (policy, list, claimant) => {
      const intervals = mergeIntervals(list);
      let expected: bigint | undefined;
      for (const { first, last } of intervals) {
        for (let value = first; value <= last && expected === undefined; value++) {
          if (!permits(policy, { addr: { family: 4, value }, claimant })) expected = value;
        }
      }
      assertEquals(refusedBy(policy, { family: 4, intervals, claimant })?.addr.value, expected);
    },
  ));
});

Deno.test("formatRule() shows where a rule stands and what it says", () => {
  assertEquals(POLICY.map(formatRule), [
    "ipam.fixedPolicy[0] (10.1.0.10-10.1.0.19 for namespaces shop, pay; service accounts web)",
    "ipam.fixedPolicy[1] (10.1.0.19, fd00::-fd00::ff for namespaces lab)",
    "ipam.fixedPolicy[2] (10.1.0.30-10.1.0.31 for all namespaces)",
    "ipam.fixedPolicy[3] (10.1.0.40 for all namespaces; service accounts db)",
  ]);
  const many = Array.from({ length: 9 }, (_, index) => `ns-${index}`);
  assertEquals(
    rules({ addresses: ["10.1.0.9"], namespaces: many }).map(formatRule).join(),
    "ipam.fixedPolicy[0] (10.1.0.9 for namespaces ns-0, ns-1, ns-2, ns-3, ns-4, ns-5, ns-6, ns-7, ...)",
  );
});

Deno.test("refusedBy() takes the intervals of a pool in any order", () => {
  const spans = ["10.1.0.30-10.1.0.31", "10.1.0.10-10.1.0.12"].map(parseRange);
  const policy = rules({
    addresses: ["10.1.0.30-10.1.0.31", "10.1.0.10-10.1.0.12"],
    namespaces: ["*"],
  });
  const claim = { family: 4, intervals: spans, claimant: pod("any") } as const;
  assertEquals(refusedBy(policy, claim), undefined);
});
