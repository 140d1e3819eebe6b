/** Whatever a pod's annotations say: an answer of fixed addresses, or code 102 or 103. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { CniError } from "../../lib/cni/errors.ts";
import { type PodWishes, readAnnotations } from "../../lib/kube/annotations/annotations.ts";
import { bitsOf } from "../../lib/net/addr.ts";
import { clipIntervals, hasValue, sizeOf } from "../../lib/net/interval.ts";
import { contains, prefixOf } from "../../lib/net/prefix.ts";
import {
  controlledBy,
  NETWORKS,
  optionsOf,
  podWith,
  setsOf,
  V4,
  V6,
} from "../unit/kube/annotations/_annotations.ts";
import { runs } from "../support/runs.ts";

const TWIN = { ...V4, rangeStart: "10.1.0.100", rangeEnd: "10.1.0.110" };
const SPARSE = { subnet: "10.1.2.0/25", fixedStart: "10.1.2.16", fixedEnd: "10.1.2.31" };
const IPAMS = [
  { ranges: [[V4], [V6]] },
  { ranges: [[V4, TWIN]] },
  { ranges: [[V4], [TWIN], [V6]] },
  { ranges: [[V4, { ...SPARSE, exclude: ["10.1.2.20/30"] }]] },
  { subnet: "10.1.0.0/24" },
].map((ipam) => ({ ipam, sets: setsOf(ipam) }));

const WORDS = ["ip", "netmask", "gateway", "pool", "pool-order", "owner", "retain"];
const key = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...WORDS.map((word) => `kube-ipam.${word}`)) },
  { weight: 3, arbitrary: fc.constantFrom(...WORDS.map((word) => `kube-ipam.${word}.net`)) },
  fc.constantFrom("podname", "__proto__", "kube-ipam.ip.nett", "kube-ipam.ip.far", "kube-ipam/ip"),
  { weight: 2, arbitrary: fc.constant(NETWORKS) },
  fc.string().map((text) => `kube-ipam.${text}`),
);
const address = fc.oneof(
  fc.tuple(fc.constantFrom("10.1.0.", "10.1.2.", "10.9.0."), fc.nat(255)).map((two) =>
    two.join("")
  ),
  fc.nat(0x2200).map((value) => `fd00::${value.toString(16)}`),
);
const length = fc.oneof(fc.integer({ min: 8, max: 32 }), fc.nat(130)).map(String);
const item = fc.oneof(
  { weight: 6, arbitrary: address },
  { weight: 2, arbitrary: fc.tuple(address, length).map((two) => two.join("/")) },
  { weight: 2, arbitrary: fc.tuple(address, address).map((two) => two.join("-")) },
  { weight: 2, arbitrary: length },
  fc.constantFrom("255.255.255.0", "10.1.0.200-10.1.0.209", "10.1.2.16/28", "/24", ""),
  fc.constantFrom("forever", "owner", "7d", "ordinal", "any", "a@eth0", "ns/b"),
  fc.string(),
);
const value = fc.oneof(
  { weight: 8, arbitrary: item },
  { weight: 4, arbitrary: fc.array(item, { maxLength: 4 }).map((list) => list.join(", ")) },
  fc.constantFrom('[{"name":"a"}]', '[{"name":"a","interface":"eth0"}]', "[", "[]"),
  fc.json(),
);
const wild = fc.array(fc.tuple(key, value), { maxLength: 4 }).map((list) =>
  Object.fromEntries(list)
);

/** Mostly right, so that it comes to netmasks and gateways. */
const fixed = fc.oneof(
  fc.integer({ min: 1, max: 9 }).map((last) => `10.1.0.${last}`),
  fc.integer({ min: 195, max: 255 }).map((last) => `10.1.0.${last}`),
  fc.integer({ min: 16, max: 32 }).map((last) => `10.1.2.${last}`),
  fc.integer({ min: 0x1000, max: 0x1fff }).map((last) => `fd00::${last.toString(16)}`),
);
const span = fc.oneof(
  fixed,
  fc.tuple(fc.integer({ min: 195, max: 220 }), fc.integer({ min: 221, max: 254 })).map(
    ([first, last]) => `10.1.0.${first}-10.1.0.${last}`,
  ),
  fc.constantFrom("10.1.0.2-10.1.0.9", "10.1.2.16/28", "fd00::1000/120"),
);
const suffix = fc.constantFrom("", "", ".net");
const tame = fc.record({
  what: fc.oneof(
    fc.record({
      word: fc.constant("ip"),
      list: fc.array(fixed, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      word: fc.constant("pool"),
      list: fc.array(span, { minLength: 1, maxLength: 3 }),
    }),
  ),
  suffix,
  netmask: fc.option(fc.constantFrom("16", "24", "25", "28", "30", "32", "112", "24,64", "128")),
  gateway: fc.option(fixed),
  order: fc.option(fc.constantFrom("any", "ordinal")),
  networks: fc.option(fc.constantFrom("a", "a,b")),
}).map(({ what: { word, list }, suffix, netmask, gateway, order, networks }) => ({
  [`kube-ipam.${word}${suffix}`]: list.join(","),
  ...(netmask === null ? {} : { [`kube-ipam.netmask${suffix}`]: netmask }),
  ...(gateway === null ? {} : { [`kube-ipam.gateway${suffix}`]: gateway }),
  ...(order === null || word === "ip" ? {} : { "kube-ipam.pool-order": order }),
  ...(networks === null ? {} : { [NETWORKS]: networks }),
}));

const asked = fc.record({
  annotations: fc.oneof(
    tame,
    wild,
    fc.tuple(tame, wild).map(([a, b]): Readonly<Record<string, string>> => ({ ...a, ...b })),
  ),
  network: fc.constantFrom(...IPAMS),
  ifName: fc.constantFrom("eth0", "net1"),
  taken: fc.oneof(fc.constant<number[]>([]), fc.uniqueArray(fc.nat(2))),
  kind: fc.constantFrom("StatefulSet", "ReplicaSet"),
});

let answered = 0;
let results = 0;

/** What an answer must keep, whatever was asked. */
function checkAnswer(found: PodWishes, { network: { sets }, taken }: Asked): void {
  answered += found.wishes.length + found.pools.length;
  const wished = new Set(found.wishes.map(({ set }) => set));
  for (const { set, range, addr, result } of found.wishes) {
    const own = sets[set]?.ranges[range];
    assert(own !== undefined && own.subnet.family === addr.family);
    assert(hasValue(own.fixed, addr.value), "a wish is fixed");
    assert(!taken.includes(set), "the runtime comes first");
    const net = prefixOf(addr, result?.prefixLength ?? own.subnet.length);
    const gateway = result?.gateway ?? own.gateway;
    if (result !== undefined) results++;
    if (result === undefined || gateway === undefined) continue;
    assert(gateway.family === addr.family && gateway.value !== addr.value);
    assert(net.length === bitsOf(addr.family) || contains(net, gateway), "the gateway is on link");
  }
  for (const { set, members, result } of found.pools) {
    assert(!taken.includes(set) && !wished.has(set), "a pool is for a set without a wish");
    assertEquals(members.length, sets[set]?.ranges.length);
    assert(members.some((list) => list.length > 0), "a pool is not empty");
    members.forEach((list, index) => {
      const fixed = sets[set]?.ranges[index]?.fixed ?? [];
      const inside = list.flatMap((interval) => clipIntervals(fixed, interval));
      assertEquals(sizeOf(inside), sizeOf(list), "a pool is fixed");
      assert(result?.gateway === undefined || !hasValue(list, result.gateway.value));
    });
  }
  assertEquals(new Set(found.pools.map(({ set }) => set)).size, found.pools.length);
  const order = found.wishes.map(({ set }) => set);
  assertEquals(order, order.toSorted((a, b) => a - b));
}

type Asked = typeof asked extends fc.Arbitrary<infer T> ? T : never;

Deno.test("readAnnotations() answers any annotations with fixed addresses, or 102 or 103", () => {
  fc.assert(
    fc.property(asked, (one) => {
      const { annotations, network: { ipam }, ifName, taken, kind } = one;
      const pod = podWith(annotations, controlledBy(kind));
      try {
        checkAnswer(readAnnotations(pod, optionsOf({ ipam, ifName, taken })), one);
      } catch (error) {
        if (!(error instanceof CniError)) throw error;
        assert(error.code === 102 || error.code === 103, `code ${error.code}`);
        assert((error.details ?? "").length > 0 && (error.details ?? "").length < 20_000);
      }
    }),
    { numRuns: runs(8000) },
  );
  assert(answered > 300 && results > 50, `only ${answered} were found, ${results} with a result`);
});
