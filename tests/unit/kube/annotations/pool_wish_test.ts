/** `kube-ipam.pool` and `kube-ipam.pool-order`. */
import { assertEquals, assertMatch } from "@std/assert";
import { type Ask, controlledBy, NETWORKS, read, refused, shown, V4, V6 } from "./_annotations.ts";

type Annotations = Readonly<Record<string, string>>;

const POOL = "kube-ipam.pool";
const ORDER = "kube-ipam.pool-order";
const SECOND = { subnet: "10.2.0.0/24", rangeEnd: "10.2.0.99" };
const TWO = { ranges: [[V4, SECOND]] };
const TWINS = { ranges: [[V4], [{ ...V4, rangeStart: "10.1.0.100", rangeEnd: "10.1.0.110" }]] };
const SPLIT = {
  ranges: [
    [{ ...V4, fixedStart: "10.1.0.200", fixedEnd: "10.1.0.204" }],
    [{
      ...V4,
      rangeStart: "10.1.0.100",
      rangeEnd: "10.1.0.110",
      fixedStart: "10.1.0.205",
      fixedEnd: "10.1.0.209",
    }],
  ],
};

for (
  const [title, annotations, ask, expected] of [
    ["a range", { [POOL]: "10.1.0.2-10.1.0.5" }, {}, ["0 [10.1.0.2-10.1.0.5] kube-ipam.pool"]],
    ["a prefix without its special addresses", { [POOL]: "10.1.0.0/29" }, {}, [
      "0 [10.1.0.2-10.1.0.7] kube-ipam.pool",
    ]],
    ["a list, merged", { [POOL]: "10.1.0.200, 10.1.0.4-10.1.0.5 ,10.1.0.3" }, {}, [
      "0 [10.1.0.3-10.1.0.5,10.1.0.200] kube-ipam.pool",
    ]],
    ["both families", { [POOL]: "fd00::1000/120,10.1.0.5" }, {}, [
      "0 [10.1.0.5] kube-ipam.pool",
      "1 [fd00::1000-fd00::10ff] kube-ipam.pool",
    ]],
    ["two ranges of one set", { [POOL]: "10.2.0.200,10.1.0.5" }, { ipam: TWO }, [
      "0 [10.1.0.5|10.2.0.200] kube-ipam.pool",
    ]],
    ["two sets of one subnet: the first has it", { [POOL]: "10.1.0.200-10.1.0.205" }, {
      ipam: TWINS,
    }, ["0 [10.1.0.200-10.1.0.205] kube-ipam.pool"]],
    ["two sets of one subnet: the first is taken", { [POOL]: "10.1.0.200" }, {
      ipam: TWINS,
      taken: [0],
    }, ["1 [10.1.0.200] kube-ipam.pool"]],
    [
      "two sets of one subnet: one has the address, the other the pool",
      { [POOL]: "10.1.0.200-10.1.0.205", "kube-ipam.ip": "10.1.0.5" },
      { ipam: TWINS },
      ["0.0 10.1.0.5 kube-ipam.ip", "1 [10.1.0.200-10.1.0.205] kube-ipam.pool"],
    ],
    [
      "netmask and gateway",
      {
        [POOL]: "10.1.0.128/25",
        "kube-ipam.netmask": "25",
        "kube-ipam.gateway": "10.1.0.129",
      },
      {},
      ["0 [10.1.0.130-10.1.0.254] /25 via 10.1.0.129 kube-ipam.pool"],
    ],
    [
      "an address of one family, a pool of the other",
      {
        [POOL]: "fd00::1000/120",
        "kube-ipam.ip": "10.1.0.5",
        "kube-ipam.netmask": "16,64",
      },
      {},
      ["0.0 10.1.0.5 /16 kube-ipam.ip", "1 [fd00::1000-fd00::10ff] /64 kube-ipam.pool"],
    ],
    ["a full mask", { [POOL]: "10.1.0.2-10.1.0.9", "kube-ipam.netmask": "32" }, {}, [
      "0 [10.1.0.2-10.1.0.9] /32 kube-ipam.pool",
    ]],
    ["fixed addresses of two sets in one item", { [POOL]: "10.1.0.200-10.1.0.209" }, {
      ipam: SPLIT,
    }, ["0 [10.1.0.200-10.1.0.204] kube-ipam.pool", "1 [10.1.0.205-10.1.0.209] kube-ipam.pool"]],
    ["with Multus, outside is another network's", { [POOL]: "10.9.0.0/24", [NETWORKS]: "a,b" }, {
      ifName: "net1",
    }, []],
    ["with Multus, some here", { [POOL]: "10.9.0.0/24,10.1.0.5", [NETWORKS]: "a" }, {
      ifName: "net1",
    }, ["0 [10.1.0.5] kube-ipam.pool"]],
    ["the specific form", { [`${POOL}.net`]: "10.1.0.5", [POOL]: "10.9.0.5" }, {}, [
      "0 [10.1.0.5] kube-ipam.pool.net",
    ]],
    ["any order", { [POOL]: "10.1.0.5", [ORDER]: "any" }, {}, ["0 [10.1.0.5] kube-ipam.pool"]],
  ] as readonly (readonly [string, Annotations, Ask, readonly string[]])[]
) {
  Deno.test(`readAnnotations() pool: ${title}`, () => {
    const found = read(annotations, ask);
    assertEquals(shown(found, ask), expected);
    assertEquals(found.warnings, []);
  });
}

for (
  const [title, annotations, ask, code, expected] of [
    [
      "malformed",
      { [POOL]: "10.1.0.5-" },
      {},
      103,
      /pool "10\.1\.0\.5-", item 1: .*such as "10\.1\.0\.2-10\.1\.0\.9"$/,
    ],
    ["host bits", { [POOL]: "10.1.0.5/29" }, {}, 103, /the network is "10\.1\.0\.0\/29"/],
    ["an empty item", { [POOL]: "10.1.0.5," }, {}, 103, /item 2: .*must not be empty/],
    [
      "random addresses, with both ranges",
      { [POOL]: "10.1.0.5-10.1.0.12" },
      {},
      102,
      /10\.1\.0\.10-10\.1\.0\.99 of ipam\.ranges\[0\]\[0\]: Name one of 10\.1\.0\.2-10\.1\.0\.9, /,
    ],
    [
      "beyond the subnet",
      { [POOL]: "10.1.0.0/23" },
      {},
      102,
      /reaches beyond the subnet 10\.1\.0\.0\/24/,
    ],
    ["nothing that is fixed", { [POOL]: "10.1.0.255" }, {}, 102, /broadcast address/],
    [
      "nothing can be fixed",
      { [POOL]: "10.1.0.5" },
      { ipam: { subnet: "10.1.0.0/24" } },
      102,
      /Nothing of 10\.1\.0\.0\/24 may be fixed: set ipam\.fixedStart and ipam\.fixedEnd/,
    ],
    [
      "excluded",
      { [POOL]: "10.1.0.4-10.1.0.5" },
      { ipam: { ...V4, exclude: ["10.1.0.4/31"] } },
      102,
      /10\.1\.0\.4-10\.1\.0\.5 as it is excluded/,
    ],
    ["outside", { [POOL]: "10.9.0.0/24" }, {}, 102, /outside the subnets of network net/],
    ["outside in part", { [POOL]: "10.1.0.5,10.9.0.5" }, {}, 102, /item 2: .*outside the subnets/],
    [
      "the specific form outside, in spite of Multus",
      { [`${POOL}.net`]: "10.9.0.5", [NETWORKS]: "a" },
      {},
      102,
      /outside the subnets/,
    ],
    [
      "outside on the only further network",
      { [POOL]: "10.9.0.5", [NETWORKS]: "a" },
      { ifName: "net1" },
      102,
      /kube-ipam\.pool\.<network>, here kube-ipam\.pool\.net$/,
    ],
    [
      "an address beside it",
      { [POOL]: "10.1.0.5", "kube-ipam.ip": "10.1.0.6" },
      {},
      103,
      /kube-ipam\.ip names an address of the same range set, .*: Write one of the two$/,
    ],
    [
      "several netmasks",
      { [POOL]: "10.1.0.5", "kube-ipam.netmask": "16,24" },
      {},
      103,
      /2 netmasks of IPv4 as there must be one for all: /,
    ],
    [
      "a netmask that does not cover it",
      { [POOL]: "10.1.0.2-10.1.0.9,10.1.0.200", "kube-ipam.netmask": "25" },
      {},
      103,
      /netmask \/25 as it must cover the pool from 10\.1\.0\.2 to 10\.1\.0\.200/,
    ],
    [
      "a netmask without our gateway",
      { [POOL]: "10.1.0.200", "kube-ipam.netmask": "25" },
      {},
      103,
      /Add kube-ipam\.gateway/,
    ],
    [
      "a gateway that it cannot reach",
      { [POOL]: "10.1.0.200", "kube-ipam.gateway": "10.2.0.1" },
      {},
      103,
      /kube-ipam\.gateway as it must lie in the network 10\.1\.0\.0\/24/,
    ],
    [
      "the gateway only",
      { [POOL]: "10.1.0.5", "kube-ipam.gateway": "10.1.0.5" },
      {},
      103,
      /nothing is left/,
    ],
    ["another order", { [POOL]: "10.1.0.5", [ORDER]: "first" }, {}, 103, /"ordinal" or "any"/],
    [
      "ordinal, not of a StatefulSet",
      { [POOL]: "10.1.0.5", [ORDER]: "ordinal" },
      { pod: controlledBy("ReplicaSet") },
      103,
      /default\/web-2 must be of a StatefulSet: current controller is ReplicaSet/,
    ],
    [
      "ordinal, not a name of a StatefulSet's",
      { [POOL]: "10.1.0.5", [ORDER]: "ordinal" },
      { pod: { ...controlledBy("StatefulSet"), name: "web-x" } },
      103,
      /default\/web-x must end in its number/,
    ],
    [
      "ordinal beyond the end",
      { [POOL]: "10.1.0.4-10.1.0.5", [ORDER]: "ordinal" },
      { pod: controlledBy("StatefulSet") },
      102,
      /pool "10\.1\.0\.4-10\.1\.0\.5": Cannot give pod default\/web-2 address number 3 of the pool as it has 2 of IPv4/,
    ],
  ] as readonly (readonly [string, Annotations, Ask, number, RegExp])[]
) {
  Deno.test(`readAnnotations() refuses pool: ${title}`, () => {
    const [first = "", ...lines] = refused(annotations, ask);
    assertEquals(first.slice(0, 3), `${code}`);
    assertEquals(lines.length, 1, lines.join("\n"));
    assertMatch(lines[0] ?? "", /^annotation kube-ipam\./);
    assertMatch(lines[0] ?? "", expected);
  });
}

Deno.test("readAnnotations() gives each pod of a StatefulSet its place, in the order written", () => {
  const annotations = {
    [POOL]: "10.1.0.9,10.1.0.200-10.1.0.201,fd00::1000/126,10.1.0.8-10.1.0.9",
    [ORDER]: "ordinal",
  };
  const given = [0, 1, 2, 3].map((ordinal) =>
    shown(read(annotations, { pod: { ...controlledBy("StatefulSet"), name: `web-${ordinal}` } }))
  );
  assertEquals(given, [
    ["0.0 10.1.0.9 kube-ipam.pool", "1.0 fd00::1000 kube-ipam.pool"],
    ["0.0 10.1.0.200 kube-ipam.pool", "1.0 fd00::1001 kube-ipam.pool"],
    ["0.0 10.1.0.201 kube-ipam.pool", "1.0 fd00::1002 kube-ipam.pool"],
    ["0.0 10.1.0.8 kube-ipam.pool", "1.0 fd00::1003 kube-ipam.pool"],
  ]);
});

Deno.test("readAnnotations() counts no gateway and no broadcast address in order", () => {
  const annotations = {
    [POOL]: "10.1.0.128-10.1.0.132",
    [ORDER]: "ordinal",
    "kube-ipam.netmask": "25",
    "kube-ipam.gateway": "10.1.0.130",
  };
  assertEquals(shown(read(annotations, { pod: controlledBy("StatefulSet") })), [
    "0.0 10.1.0.132 /25 via 10.1.0.130 kube-ipam.pool",
  ]);
});

Deno.test("readAnnotations() orders a specific pool by the plain pool-order", () => {
  const pod = controlledBy("StatefulSet");
  const annotations = { [`${POOL}.net`]: "10.1.0.5-10.1.0.9", [ORDER]: "ordinal" };
  assertEquals(shown(read(annotations, { pod })), ["0.0 10.1.0.7 kube-ipam.pool.net"]);
  assertEquals(shown(read({ ...annotations, [`${ORDER}.net`]: "any" }, { pod })), [
    "0 [10.1.0.5-10.1.0.9] kube-ipam.pool.net",
  ]);
});

for (
  const [title, annotations, ask, expected] of [
    [
      "the runtime names the address",
      { [POOL]: "10.1.0.5" },
      { taken: [0] },
      /is not used: runtime/,
    ],
    ["a random one, the runtime names it", { [POOL]: "10.1.0.50" }, { taken: [0] }, /is not used/],
    ["twice the same", { [POOL]: "10.1.0.4/31,10.1.0.5" }, {}, /item 2: 10\.1\.0\.5 adds nothing/],
    [
      "no item on the last of several networks",
      { [POOL]: "10.9.0.5", [NETWORKS]: "a,b" },
      { ifName: "net2" },
      /10\.9\.0\.5 is outside network net: it is taken to be of another/,
    ],
    [
      "the list of Multus cannot be read",
      { [POOL]: "10.9.0.5", [NETWORKS]: "a b" },
      { ifName: "net2" },
      /is outside network net/,
    ],
  ] as readonly (readonly [string, Annotations, Ask, RegExp])[]
) {
  Deno.test(`readAnnotations() warns of a pool: ${title}`, () => {
    const { warnings } = read(annotations, ask);
    assertEquals(warnings.length, 1, warnings.join("\n"));
    assertMatch(warnings[0] ?? "", expected);
  });
}

Deno.test("readAnnotations() gives one address of a pool to one range only", () => {
  const ipam = {
    ranges: [[V4, { ...V4, rangeStart: "10.1.0.100", rangeEnd: "10.1.0.110" }], [V6]],
  };
  assertEquals(shown(read({ [POOL]: "10.1.0.200-10.1.0.209" }, { ipam }), { ipam }), [
    "0 [10.1.0.200-10.1.0.209|] kube-ipam.pool",
  ]);
});
