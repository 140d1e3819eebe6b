/** Keys that are nearly ours end the ADD: a fixed pod never gets another address because of one. */
import { assertEquals, assertMatch } from "@std/assert";
import { isReadAnnotation } from "../../../../lib/kube/annotations/keys.ts";
import { type Ask, NETWORKS, read, refused } from "./_annotations.ts";

for (
  const [key, meant] of [
    ["kube-ipam.ipp", "kube-ipam.ip"],
    ["kube-ipam.IP", "kube-ipam.ip"],
    ["kube-ipam.pol", "kube-ipam.pool"],
    ["kube-ipam.net-mask", "kube-ipam.netmask"],
    ["kube-ipam.pool_order", "kube-ipam.pool-order"],
    ["kube-ipam.retian", "kube-ipam.retain"],
    ["kube-ipam/ip", "kube-ipam.ip"],
    ["kubeipam.ip", "kube-ipam.ip"],
    ["Kube-ipam.ip.k8snetwork", "kube-ipam.ip.k8snetwork"],
    ["kube-ipam.owner.k8snetwork", "kube-ipam.owner"],
    ["kube-ipam.retain.storage", "kube-ipam.retain"],
    ["kube-ipam.ipp.k8snetwork", "kube-ipam.ip.k8snetwork"],
    ["kube-ipam.k8snetwork.ip", "kube-ipam.ip.k8snetwork"],
    ["kube-ipam.ip.k8s-network", "kube-ipam.ip.k8snetwork"],
    ["kube-ipam.ip.K8SNETWORK", "kube-ipam.ip.k8snetwork"],
    ["kube-ipam.pool.k8snetwrok", "kube-ipam.pool.k8snetwork"],
  ] as const
) {
  Deno.test(`readAnnotations() refuses ${key}`, () => {
    const lines = refused({ [key]: "10.1.0.5" }, { network: "k8snetwork" });
    assertEquals(lines.length, 2, lines.join("\n"));
    assertEquals(lines[0], "103 Cannot read the annotations of the pod");
    assertEquals(lines[1]?.startsWith(`annotation ${key} "10.1.0.5": `), true, lines[1]);
    assertEquals(/did you mean ([^;]*)/.exec(lines[1] ?? "")?.[1], meant);
  });
}

Deno.test("readAnnotations() tells how two networks of like names are told apart", () => {
  const annotations = { "kube-ipam.ip.net1": "10.9.0.5" };
  assertMatch(
    refused(annotations, { network: "net2" })[1] ?? "",
    /network "net2" .* name that one in k8s\.v1\.cni\.cncf\.io\/networks, or write kube-ipam\.ip\.net2 too/,
  );
});

Deno.test("readAnnotations() refuses a netmask of a misspelt network beside a right address", () => {
  const annotations = { "kube-ipam.ip.k8snet": "10.1.0.5", "kube-ipam.netmask.k8snte": "16" };
  assertMatch(refused(annotations, { network: "k8snet" })[1] ?? "", /kube-ipam\.netmask\.k8snet/);
  const apart = { ...annotations, "kube-ipam.ip.k8snte": "10.9.0.5" };
  assertEquals(read(apart, { network: "k8snet" }).wishes.length, 1);
});

Deno.test("readAnnotations() compares long names of networks too", () => {
  const network = "n".repeat(80);
  assertEquals(refused({ [`kube-ipam.ip.${network}n`]: "10.1.0.5" }, { network }).length, 2);
  assertEquals(
    read({ [`kube-ipam.ip.${network}nnn`]: "10.1.0.5", [NETWORKS]: "a" }, { network }).wishes,
    [],
  );
});

for (const key of ["kube-ipam.bandwidth", "kube-ipam.io/ip", "kube-ipam/else", "kube-ipam.mac"]) {
  Deno.test(`readAnnotations() refuses the unknown key ${key}`, () => {
    const [first, line = ""] = refused({ [key]: "1G" });
    assertEquals(first, "103 Cannot read the annotations of the pod");
    assertMatch(
      line,
      /: Cannot use the annotation as its key is unknown: known are kube-ipam\.ip, /,
    );
  });
}

for (
  const [key, ask] of [
    ["kube-ipam.ip.storage", {}],
    ["kube-ipam.pool.storage", {}],
    ["kube-ipam.netmask.storage", {}],
    ["example.com/ip", {}],
  ] as readonly (readonly [string, Ask])[]
) {
  Deno.test(`readAnnotations() passes over ${key}`, () => {
    const { wishes, pools, warnings, used } = read({ [key]: "x", [NETWORKS]: "storage" }, ask);
    assertEquals([wishes, pools, warnings, used], [[], [], [], {}]);
  });
}

Deno.test("readAnnotations() shows values and keys of any text as ASCII in one line", () => {
  const [, line = ""] = refused({ "kube-ipam.ip": `\u2028${"\n"}\u00e9${"x".repeat(200)}` });
  assertMatch(line, /^[ -~]+$/);
  assertMatch(line, /the first 128 of 20\d characters/);
  assertMatch(
    refused({ "kube-ipam.\nkey": "x" })[1] ?? "",
    /^annotation "kube-ipam\.\\nkey" "x"/,
  );
});

for (
  const [title, annotations, expected] of [
    [
      "netmask",
      { "kube-ipam.netmask": "16" },
      /netmask "16": .*without kube-ipam\.ip: Write kube-/,
    ],
    ["gateway", { "kube-ipam.gateway": "10.1.0.1" }, /gateway .*without kube-ipam\.ip:/],
    [
      "netmask beside a specific ip",
      { "kube-ipam.netmask": "16", "kube-ipam.ip.net": "10.1.0.5" },
      /without kube-ipam\.ip: .*ends with \.<network> in both/,
    ],
    ["specific gateway", { "kube-ipam.gateway.net": "10.1.0.1" }, /without kube-ipam\.ip\.net:/],
    ["pool-order", { "kube-ipam.pool-order": "any" }, /without kube-ipam\.pool:/],
    [
      "specific pool-order",
      { "kube-ipam.pool-order.net": "any", "kube-ipam.ip": "10.1.0.5" },
      /without kube-ipam\.pool\.net:/,
    ],
  ] as readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[]
) {
  Deno.test(`readAnnotations() refuses ${title} that stands alone`, () => {
    const lines = refused(annotations);
    assertEquals(lines.length, 2, lines.join("\n"));
    assertMatch(lines[1] ?? "", expected);
  });
}

Deno.test("readAnnotations() lets pool-order be another network's", () => {
  const other = {
    "kube-ipam.pool-order": "ordinal",
    "kube-ipam.pool.storage": "10.9.0.5",
    [NETWORKS]: "storage",
  };
  assertEquals(read(other).pools, []);
});

Deno.test("isReadAnnotation() keeps what is read, and what looks like it", () => {
  const keys = [
    "kube-ipam.ip.net",
    "Kube_IPAM/ip",
    "podname",
    NETWORKS,
    "kubernetes.io/config.hash",
  ];
  assertEquals(keys.filter(isReadAnnotation), keys);
  assertEquals(["env", "kubectl.kubernetes.io/x"].filter(isReadAnnotation), []);
});
