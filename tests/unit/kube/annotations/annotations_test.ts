/** `kube-ipam.ip`: which addresses a pod may name, on which network, and what it is told otherwise. */
import { assertEquals, assertMatch } from "@std/assert";
import {
  type Ask,
  controlledBy,
  DUAL,
  NETWORKS,
  read,
  refused,
  shown,
  V4,
} from "./_annotations.ts";

type Annotations = Readonly<Record<string, string>>;

const IP = "kube-ipam.ip";
const TWINS = { ranges: [[V4], [{ ...V4, rangeStart: "10.1.0.100", rangeEnd: "10.1.0.110" }]] };
const TWO = { ranges: [[V4, { subnet: "10.2.0.0/24", rangeEnd: "10.2.0.99" }]] };
const LIST = "default/a, b@data";

for (
  const [title, annotations, ask, expected] of [
    ["none", {}, {}, []],
    ["one address", { [IP]: "10.1.0.5" }, {}, ["0.0 10.1.0.5 kube-ipam.ip"]],
    ["both families, blanks, in the order of the sets", { [IP]: " fd00::1000 ,10.1.0.5 " }, {}, [
      "0.0 10.1.0.5 kube-ipam.ip",
      "1.0 fd00::1000 kube-ipam.ip",
    ]],
    ["several for one set, in the order written", { [IP]: "10.1.0.9,10.1.0.5" }, {}, [
      "0.0 10.1.0.9 kube-ipam.ip",
      "0.0 10.1.0.5 kube-ipam.ip",
    ]],
    ["the second range of a set", { [IP]: "10.2.0.200" }, { ipam: TWO }, [
      "0.1 10.2.0.200 kube-ipam.ip",
    ]],
    [
      "two sets of one subnet: each has its own, then the first has alternatives",
      { [IP]: "10.1.0.200,10.1.0.201,10.1.0.202" },
      { ipam: TWINS },
      [
        "0.0 10.1.0.200 kube-ipam.ip",
        "0.0 10.1.0.202 kube-ipam.ip",
        "1.0 10.1.0.201 kube-ipam.ip",
      ],
    ],
    ["the first of two sets is taken", { [IP]: "10.1.0.200" }, { ipam: TWINS, taken: [0] }, [
      "1.0 10.1.0.200 kube-ipam.ip",
    ]],
    ["its own prefix length", { [IP]: "10.1.0.5/16" }, {}, ["0.0 10.1.0.5 /16 kube-ipam.ip"]],
    ["the specific form", { [`${IP}.net`]: "10.1.0.5" }, {}, ["0.0 10.1.0.5 kube-ipam.ip.net"]],
    [
      "the specific form wins, also over a plain pool",
      { [`${IP}.net`]: "10.1.0.5", [IP]: "10.9.0.1", "kube-ipam.pool": "10.1.0.100" },
      {},
      ["0.0 10.1.0.5 kube-ipam.ip.net"],
    ],
    [
      "a specific pool wins over a plain ip",
      { "kube-ipam.pool.net": "10.1.0.100", [IP]: "10.1.0.5" },
      {},
      ["0 [10.1.0.100] kube-ipam.pool.net"],
    ],
    ["a network with dots", { [`${IP}.a.b`]: "10.1.0.5" }, { network: "a.b" }, [
      "0.0 10.1.0.5 kube-ipam.ip.a.b",
    ]],
    [
      "another network",
      { [`${IP}.storage`]: "10.9.0.5", "kube-ipam.netmask.storage": "x", [NETWORKS]: "storage" },
      {},
      [],
    ],
    [
      "a network named nearly alike, which Multus knows",
      { [`${IP}.net1`]: "10.9.0.5", [NETWORKS]: "ns/net1" },
      { network: "net2" },
      [],
    ],
    [
      "a network named nearly alike beside our own",
      { [`${IP}.net1`]: "10.9.0.5", [`${IP}.net2`]: "10.1.0.5" },
      { network: "net2" },
      ["0.0 10.1.0.5 kube-ipam.ip.net2"],
    ],
    [
      "a network named nearly alike beside our own without an address",
      { [`${IP}.net1`]: "10.9.0.5", [`${IP}.net2`]: "" },
      { network: "net2" },
      [],
    ],
    ["with Multus, outside is another network's", { [IP]: "10.9.0.5", [NETWORKS]: LIST }, {}, []],
    [
      "with Multus, some here and some outside",
      { [IP]: "10.9.0.5,10.1.0.5", [NETWORKS]: LIST },
      {},
      ["0.0 10.1.0.5 kube-ipam.ip"],
    ],
  ] as readonly (readonly [string, Annotations, Ask, readonly string[]])[]
) {
  Deno.test(`readAnnotations() ip: ${title}`, () => {
    const found = read(annotations, ask);
    assertEquals(shown(found, ask), expected);
    assertEquals(found.warnings, []);
    assertEquals(found.strays, []);
  });
}

for (
  const [title, annotations, ask, code, ...expected] of [
    [
      "malformed, each with its item, position and an example",
      { [IP]: "10.1.0, 10.1.0.5,10.1.0.05" },
      {},
      103,
      /^annotation kube-ipam\.ip "10\.1\.0, 10\.1\.0\.5,10\.1\.0\.05", item 1: .*\(position 7\): current value is "10\.1\.0": Write addresses, such as "10\.1\.0\.2"$/,
      /item 3: .*leading zero \(position 8\)/,
    ],
    ["a trailing comma", { [IP]: "10.1.0.5," }, {}, 103, /item 2: .*must not be empty/],
    ["an empty item", { [IP]: "10.1.0.5,,10.1.0.6" }, {}, 103, /item 2: .*must not be empty/],
    ["one address with two prefix lengths", { [IP]: "10.1.0.5/24,10.1.0.5/16" }, {}, 103, /item 2/],
    ["too many items", { [IP]: "10.1.0.5,".repeat(2000) }, {}, 103, /more than 1024 items/],
    [
      "a random address, with both ranges",
      { [IP]: "10.1.0.50" },
      {},
      102,
      /^annotation kube-ipam\.ip "10\.1\.0\.50", item 1: Cannot give 10\.1\.0\.50 .* 10\.1\.0\.10-10\.1\.0\.99 of ipam\.ranges\[0\]\[0\]: Name one of 10\.1\.0\.2-10\.1\.0\.9, 10\.1\.0\.100-10\.1\.0\.254 /,
    ],
    [
      "a random address where nothing can be fixed",
      { [IP]: "10.1.0.5" },
      { ipam: { ranges: [[{ subnet: "10.1.0.0/24" }]] } },
      102,
      /Nothing of 10\.1\.0\.0\/24 may be fixed: set ipam\.ranges\[0\]\[0\]\.fixedStart and ipam\.ranges\[0\]\[0\]\.fixedEnd .* narrow ipam\.ranges\[0\]\[0\]\.rangeStart and/,
    ],
    ["the gateway", { [IP]: "10.1.0.1" }, {}, 102, /is the gateway of ipam\.ranges\[0\]\[0\]/],
    [
      "the network address",
      { [IP]: "10.1.0.0" },
      {},
      102,
      /the network address of 10\.1\.0\.0\/24/,
    ],
    ["the broadcast address", { [IP]: "10.1.0.255" }, {}, 102, /the broadcast address of 10/],
    [
      "an excluded address",
      { [IP]: "10.1.0.5" },
      { ipam: { ...V4, exclude: ["10.1.0.5"] } },
      102,
      /is excluded from 10\.1\.0\.0\/24/,
    ],
    [
      "neither random nor fixed",
      { [IP]: "10.1.0.5" },
      { ipam: { ...V4, fixedStart: "10.1.0.200", fixedEnd: "10.1.0.209" } },
      102,
      /neither in the random nor in the fixed .* 10\.1\.0\.200-10\.1\.0\.209/,
    ],
    [
      "outside",
      { [IP]: "10.1.0.5,10.9.0.5" },
      {},
      102,
      /item 2: Cannot give 10\.9\.0\.5 as it is outside the subnets of network net \(10\.1\.0\.0\/24, fd00::\/64\)/,
    ],
    ["a family without range", { [IP]: "fd00::5" }, { ipam: V4 }, 102, /no range of IPv6/],
    [
      "the specific form outside, in spite of Multus",
      { [`${IP}.net`]: "10.9.0.5", [NETWORKS]: LIST },
      {},
      102,
      /^annotation kube-ipam\.ip\.net "10\.9\.0\.5", item 1: .* outside/,
    ],
    ["an empty list of Multus is none", { [IP]: "10.9.0.5", [NETWORKS]: "[]" }, {}, 102, /outside/],
    [
      "a random address, in spite of Multus",
      { [IP]: "10.1.0.50", [NETWORKS]: LIST },
      {},
      102,
      /any/,
    ],
    [
      "only the first lines of many",
      { [IP]: "x,".repeat(20) + "x" },
      {},
      103,
      ...Array.from({ length: 8 }, () => /item/),
      /^and 13 more$/,
    ],
  ] as readonly (readonly [string, Annotations, Ask, number, ...RegExp[]])[]
) {
  Deno.test(`readAnnotations() refuses ip: ${title}`, () => {
    const [first, ...lines] = refused(annotations, ask);
    const message = code === 102
      ? "Cannot give the fixed address"
      : "Cannot read the annotations of the pod";
    assertEquals(first, `${code} ${message}`);
    assertEquals(lines.length, expected.length, lines.join("\n"));
    expected.forEach((expression, index) => assertMatch(lines[index] ?? "", expression));
  });
}

Deno.test("readAnnotations() keeps an address that is written twice once, with a warning", () => {
  const found = read({ [IP]: "fd00::1000, FD00::1000" });
  assertEquals(shown(found), ["1.0 fd00::1000 kube-ipam.ip"]);
  assertMatch(found.warnings.join("\n"), /item 2: fd00::1000 is written twice: item 1 counts$/);
});

for (const text of ["10.1.0.5", "10.1.0.50"]) {
  Deno.test(`readAnnotations() does not use ${text} where the runtime names an address`, () => {
    const found = read({ [IP]: text }, { taken: [0] });
    assertEquals([found.wishes, found.used], [[], {}]);
    assertEquals(found.warnings.length, 1);
    assertMatch(found.warnings[0] ?? "", /kube-ipam\.ip .* is not used: runtimeConfig\.ips/);
  });
}

Deno.test("readAnnotations() makes strays on the last interface only", () => {
  const annotations = { [IP]: "10.9.0.5, 10.1.0.5,fd09::1", [NETWORKS]: LIST };
  const wishes = ["0.0 10.1.0.5 kube-ipam.ip"];
  for (const ifName of ["eth0", "net1", "net2"]) {
    assertEquals(read(annotations, { ifName }).strays, []);
  }
  const last = read(annotations, { ifName: "data" });
  assertEquals(shown(last), wishes);
  assertEquals(last.strays.map(({ text, path }) => `${path} ${text}`), [
    "kube-ipam.ip 10.9.0.5",
    "kube-ipam.ip fd09::1",
  ]);
});

Deno.test("readAnnotations() makes no strays where the list of Multus cannot be read", () => {
  const [first, line = ""] = refused({ [IP]: "10.9.0.5", [NETWORKS]: "[{" }, { ifName: "net1" });
  assertEquals(first, "103 Cannot read the annotations of the pod");
  assertMatch(line, /the list of Multus cannot be read/);
  assertEquals(read({ [IP]: "10.1.0.5", [NETWORKS]: "[{" }).wishes.length, 1);
});

Deno.test("readAnnotations() takes an empty value as absent, and says so", () => {
  for (const key of [IP, "kube-ipam.pool", "kube-ipam.retain"]) {
    const { wishes, pools, warnings } = read({ [key]: " " });
    assertEquals([wishes, pools], [[], []]);
    assertEquals(warnings, [`annotation ${key} "": it is empty: it counts as absent`]);
  }
});

Deno.test("readAnnotations() takes an empty value for this network as asking nothing of it", () => {
  const { wishes, warnings } = read({ [IP]: "10.1.0.5", [`${IP}.net`]: "" });
  assertEquals([wishes, warnings], [[], []]);
});

Deno.test("readAnnotations() refuses an address for another network of which nothing is known", () => {
  const annotations = { [`${IP}.production`]: "10.1.0.5" };
  const [first, line = ""] = refused(annotations);
  assertEquals(first, "103 Cannot read the annotations of the pod");
  assertMatch(line, /this is network "net", .*write kube-ipam\.ip\.net too/);
  assertEquals(read({ ...annotations, [NETWORKS]: "production" }).wishes, []);
  assertEquals(read({ ...annotations, [`${IP}.net`]: "" }).wishes, []);
});

Deno.test("readAnnotations() names what it used, and nothing else", () => {
  const pod = controlledBy("StatefulSet");
  const all = {
    [IP]: "10.1.0.5",
    "kube-ipam.netmask": "24",
    "kube-ipam.gateway": "10.1.0.1",
    "kube-ipam.retain": "forever",
    "kube-ipam.ip.storage": "10.9.0.5",
    [NETWORKS]: "storage",
    "other.example/secret": "x",
  };
  assertEquals(read(all, { pod }).used, {
    [IP]: "10.1.0.5",
    "kube-ipam.netmask": "24",
    "kube-ipam.gateway": "10.1.0.1",
    "kube-ipam.retain": "forever",
  });
  assertEquals(read(all, { pod, taken: [0] }).used, { "kube-ipam.retain": "forever" });
  const ordered = { "kube-ipam.pool": "10.1.0.2-10.1.0.9", "kube-ipam.pool-order": "ordinal" };
  assertEquals(read(ordered, { pod, ipam: DUAL }).used, ordered);
  assertEquals(
    read({ "kube-ipam.owner": "x", podname: "y" }).used,
    { "kube-ipam.owner": "x" },
  );
});
