/** `kube-ipam.netmask` and `kube-ipam.gateway`: which address each is for, and whether it fits. */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { parseNetmask } from "../../../../lib/kube/annotations/netmask.ts";
import { type Ask, NETWORKS, read, refused, shown, V4 } from "./_annotations.ts";

/** ip, netmask, gateway. */
type Asked = readonly [ip: string, netmask?: string | undefined, gateway?: string];

/** 10.1.0.127 may be fixed. */
const LOW = { ...V4, rangeEnd: "10.1.0.20" };

function annotationsOf([ip, netmask, gateway]: Asked): Readonly<Record<string, string>> {
  return {
    "kube-ipam.ip": ip,
    ...(netmask === undefined ? {} : { "kube-ipam.netmask": netmask }),
    ...(gateway === undefined ? {} : { "kube-ipam.gateway": gateway }),
  };
}

for (
  const [asked, ...expected] of [
    [["10.1.0.5", "255.255.0.0"], "10.1.0.5 /16"],
    [["10.1.0.5", "16"], "10.1.0.5 /16"],
    [["10.1.0.5", "/16"], "10.1.0.5 /16"],
    [["10.1.0.5", "24"], "10.1.0.5 /24"],
    [["10.1.0.5/24", "24"], "10.1.0.5 /24"],
    [["10.1.0.5", undefined, "10.1.0.1"], "10.1.0.5 via 10.1.0.1"],
    [["10.1.0.5", "16", "10.1.9.1"], "10.1.0.5 /16 via 10.1.9.1"],
    [["10.1.0.200/25", undefined, "10.1.0.129"], "10.1.0.200 /25 via 10.1.0.129"],
    [["10.1.0.5", "32"], "10.1.0.5 /32"],
    [["10.1.0.5", "32", "172.16.0.1"], "10.1.0.5 /32 via 172.16.0.1"],
    [["10.1.0.4", "31", "10.1.0.5"], "10.1.0.4 /31 via 10.1.0.5"],
    [["10.1.0.5,10.1.0.6", "16"], "10.1.0.5 /16", "10.1.0.6 /16"],
    [["10.1.0.5,10.1.0.6", "16,24"], "10.1.0.5 /16", "10.1.0.6 /24"],
    [
      ["10.1.0.5,10.1.0.6", undefined, "10.1.0.1,10.1.0.2"],
      "10.1.0.5 via 10.1.0.1",
      "10.1.0.6 via 10.1.0.2",
    ],
    [["fd00::1000", "/64"], "fd00::1000 /64"],
    [["fd00::1000", "128", "fe80::1"], "fd00::1000 /128 via fe80::1"],
    [["fd00::1fff", "116", "fd00::1001"], "fd00::1fff /116 via fd00::1001"],
    [["10.1.0.5,fd00::1000", "16,64"], "10.1.0.5 /16", "fd00::1000 /64"],
    [["fd00::1000,10.1.0.5", "64,16"], "10.1.0.5 /16", "fd00::1000 /64"],
    [["10.1.0.5,fd00::1000", "16,32"], "10.1.0.5 /16", "fd00::1000 /32"],
    [["10.1.0.5,fd00::1000", "64"], "10.1.0.5", "fd00::1000 /64"],
    [
      ["10.1.0.5,fd00::1000", undefined, "fd00::9,10.1.0.1"],
      "10.1.0.5 via 10.1.0.1",
      "fd00::1000 via fd00::9",
    ],
  ] as readonly (readonly [Asked, ...string[]])[]
) {
  Deno.test(`readAnnotations() gives ${asked.join(" & ")} what it asks for`, () => {
    const annotations = annotationsOf(asked);
    assertEquals(
      shown(read(annotations)).map((text) => text.replace(/^\S+ | kube-ipam\.ip$/g, "")),
      expected,
    );
  });
}

const AT = /^annotation kube-ipam\./;
for (
  const [asked, expected, ask] of [
    [["10.1.0.5", "255.0.255.0"], /netmask "255\.0\.255\.0", item 1: .*all ones before/],
    [["10.1.0.5", "33"], /netmask of IPv6 as no address of IPv6/],
    [["10.1.0.5", "129"], /must not be above 128/],
    [["10.1.0.5", "x"], /netmask "x", item 1: .*such as "24"$/],
    [["10.1.0.5", "/255.255.0.0"], /item 1/],
    [["10.1.0.5", "16,"], /item 2: .*must not be empty/],
    [["10.1.0.5", "16,24"], /2 netmasks of IPv4 as there must be one for all: Write one/],
    [["10.1.0.5,10.1.0.6,10.1.0.7", "16,24"], /or one for each of the 3 addresses/],
    [["10.1.0.5/24", "16"], /netmask \/16 as kube-ipam\.ip says 10\.1\.0\.5\/24/],
    [["fd00::1000", "255.255.0.0"], /netmask of IPv4 as no address of IPv4/],
    [["10.1.0.5", undefined, "10.1.0"], /gateway "10\.1\.0", item 1: .*such as "10\.1\.0\.1"$/],
    [["10.1.0.5", undefined, "fd00::1"], /gateway of IPv6 as no address of IPv6/],
    [["10.1.0.5", undefined, "10.1.0.1,10.1.0.2"], /2 gateways of IPv4/],
    [["10.1.0.5", undefined, "10.2.0.1"], /must lie in the network 10\.1\.0\.0\/24: .*10\.2\.0\.1/],
    [["10.1.0.5", "25", "10.1.0.200"], /must lie in the network 10\.1\.0\.0\/25/],
    [["10.1.0.5", undefined, "10.1.0.5"], /10\.1\.0\.5 as it must not be the address itself/],
    [["10.1.0.5", "32", "10.1.0.5"], /must not be the address itself/],
    [["10.1.0.5", "32", "224.0.0.1"], /must not be reserved, but is multicast/],
    [["10.1.0.5", undefined, "10.1.0.0"], /must not be the network or broadcast address/],
    [["10.1.0.5", undefined, "10.1.0.255"], /must not be the network or broadcast address/],
    [["10.1.0.5", "25", "10.1.0.127"], /must not be the network or broadcast address/],
    [
      ["10.1.0.200", "25"],
      /gateway of ipam\.ranges\[0\]\[0\] must lie in .*: Add kube-ipam\.gateway/,
    ],
    [["10.1.0.3", "31"], /gateway of .* must lie in the network 10\.1\.0\.2\/31/],
    [["10.1.0.127", "25"], /is the broadcast address of 10\.1\.0\.0\/25/, { ipam: LOW }],
    [["10.1.0.128", "25", "10.1.0.129"], /is the network address of 10\.1\.0\.128\/25/],
    [["fd00::1000", "116", "fd00::1001"], /is the network address of fd00::1000\/116/],
    [["10.1.0.5", "0"], /0\.0\.0\.0\/0 is larger than any network/],
    [["10.1.0.5", "7", "10.1.0.1"], /larger than any network .*: Write a prefix length of 8/],
  ] as readonly (readonly [Asked, RegExp, Ask?])[]
) {
  Deno.test(`readAnnotations() refuses ${asked.join(" & ")}`, () => {
    const [first, ...lines] = refused(annotationsOf(asked), ask);
    assertEquals(first, "103 Cannot read the annotations of the pod");
    assertEquals(lines.length, 1, lines.join("\n"));
    assertMatch(lines[0] ?? "", AT);
    assertMatch(lines[0] ?? "", expected);
  });
}

Deno.test("readAnnotations() takes netmask and gateway of the specific form only", () => {
  const plain = { "kube-ipam.ip": "10.1.0.6", "kube-ipam.netmask": "16" };
  const own = { "kube-ipam.ip.net": "10.1.0.5", "kube-ipam.gateway.net": "10.1.0.9" };
  assertEquals(shown(read({ ...plain, ...own })), ["0.0 10.1.0.5 via 10.1.0.9 kube-ipam.ip.net"]);
  assertEquals(shown(read({ ...plain, "kube-ipam.netmask.net": "20" })), [
    "0.0 10.1.0.6 /20 kube-ipam.ip",
  ]);
});

Deno.test("readAnnotations() counts the addresses of other networks too", () => {
  const annotations = {
    "kube-ipam.ip": "10.9.0.5,10.1.0.5",
    "kube-ipam.netmask": "24,16",
    "kube-ipam.gateway": "10.9.0.1,10.1.0.9",
    [NETWORKS]: "a",
  };
  assertEquals(shown(read(annotations)), ["0.0 10.1.0.5 /16 via 10.1.0.9 kube-ipam.ip"]);
});

Deno.test("readAnnotations() warns once of a gateway that any pod may get", () => {
  const { warnings } = read(annotationsOf(["10.1.0.5,10.1.0.6", undefined, "10.1.0.50"]));
  assertEquals(warnings.length, 1);
  assertMatch(warnings[0] ?? "", /^annotation kube-ipam\.gateway "10\.1\.0\.50": any pod may get/);
});

Deno.test("parseNetmask() takes a number of either family for the one that waits", () => {
  assertEquals(parseNetmask("24", { 4: 1, 6: 1 }), { family: 4, length: 24 });
  assertEquals(parseNetmask("24", { 4: 0, 6: 1 }), { family: 6, length: 24 });
  assertEquals(parseNetmask("24", { 4: -1, 6: 0 }), { family: 4, length: 24 });
  assertEquals(parseNetmask("/33", { 4: 1, 6: 0 }), { family: 6, length: 33 });
  assertThrows(() => parseNetmask("ffff::", { 4: 1, 6: 0 }), SyntaxError);
});
