/** `kube-ipam.owner`, `podname` and `kube-ipam.retain`. */
import { assertEquals, assertMatch } from "@std/assert";
import { type Ask, controlledBy, read, refused } from "./_annotations.ts";

type Annotations = Readonly<Record<string, string>>;

const SET = { pod: controlledBy("StatefulSet") };
/** OpenKruise's has the same kind. */
const KRUISE = {
  pod: {
    controller: {
      apiVersion: "apps.kruise.io/v1beta1",
      kind: "StatefulSet",
      name: "web",
      uid: "k",
    },
  },
};
const REPLICA = { pod: controlledBy("ReplicaSet") };

for (
  const [title, annotations, ask, name, retain] of [
    ["nobody", {}, {}, undefined, undefined],
    ["a Deployment's", {}, REPLICA, undefined, undefined],
    ["a StatefulSet's", {}, SET, "web-2", undefined],
    ["named", { "kube-ipam.owner": "db/main" }, REPLICA, "db/main", undefined],
    [
      "of any script",
      { "kube-ipam.owner": "\u6570\u636e\u5e93" },
      {},
      "\u6570\u636e\u5e93",
      undefined,
    ],
    ["named by the fork", { podname: "db-0" }, REPLICA, "db-0", undefined],
    ["named twice", { "kube-ipam.owner": "a", podname: "b" }, SET, "a", undefined],
    ["an empty name is none", { podname: "" }, SET, "web-2", undefined],
    ["for ever", { "kube-ipam.retain": "forever" }, SET, "web-2", "forever"],
    ["for a time", { "kube-ipam.retain": "7d" }, SET, "web-2", 604_800_000],
    ["as long as the StatefulSet", { "kube-ipam.retain": "owner" }, SET, "web-2", "owner"],
    ["another kind's StatefulSet", {}, KRUISE, "web-2", undefined],
    ["its, for a time", { "kube-ipam.retain": "7d" }, KRUISE, "web-2", 604_800_000],
    ["its, for ever", { "kube-ipam.retain": "forever" }, KRUISE, "web-2", "forever"],
    ["its, not at all", { "kube-ipam.retain": "none" }, KRUISE, "web-2", "none"],
    ["not at all", { "kube-ipam.retain": "none" }, {}, undefined, "none"],
    ["no time", { "kube-ipam.retain": "0" }, {}, undefined, "none"],
  ] as readonly (readonly [string, Annotations, Ask, string | undefined, unknown])[]
) {
  Deno.test(`readAnnotations() owner: ${title}`, () => {
    const found = read(annotations, ask);
    assertEquals(found.owner, name === undefined ? undefined : { namespace: "default", name });
    assertEquals(found.retain, retain);
    assertEquals(found.warnings, []);
  });
}

for (
  const [title, annotations, ask, expected] of [
    ["a space", { "kube-ipam.owner": "a b" }, SET, /kube-ipam\.owner "a b": Cannot use the owner/],
    ["a control character", { "kube-ipam.owner": "a\u0000b" }, {}, /1 to 253 printable/],
    ["a lone surrogate", { "kube-ipam.owner": "a\ud800" }, {}, /1 to 253 printable/],
    ["too long", { "kube-ipam.owner": "a".repeat(254) }, {}, /1 to 253 printable/],
    ["a rule that is none", { "kube-ipam.retain": "always" }, SET, /retain "always": .*"7d"/],
    [
      '"owner" beside kube-ipam.owner',
      { "kube-ipam.retain": "owner", "kube-ipam.owner": "x" },
      SET,
      /that kube-ipam\.owner names as "owner" goes by the StatefulSet/,
    ],
    [
      '"owner" of a StatefulSet that is not of apps/v1',
      { "kube-ipam.retain": "owner" },
      KRUISE,
      /for a pod of apps\.kruise\.io\/v1beta1 as "owner" goes by a StatefulSet of apps\/v1.*"7d"/,
    ],
    ['"owner" beside podname', { "kube-ipam.retain": "owner", podname: "x" }, {}, /that podname/],
  ] as readonly (readonly [string, Annotations, Ask, RegExp])[]
) {
  Deno.test(`readAnnotations() refuses owner: ${title}`, () => {
    const [first = "", ...lines] = refused(annotations, ask);
    assertEquals(first, "103 Cannot read the annotations of the pod");
    assertEquals(lines.length, 1, lines.join("\n"));
    assertMatch(lines[0] ?? "", expected);
  });
}

for (
  const [title, annotations, expected] of [
    ["podname is no name", { podname: "My Pod" }, /^annotation podname "My Pod": it is not used/],
    ["retain without owner", { "kube-ipam.retain": "7d" }, /retain "7d": it has no effect: /],
    ["owner without owner", { "kube-ipam.retain": "owner" }, /it has no effect: /],
  ] as readonly (readonly [string, Annotations, RegExp])[]
) {
  Deno.test(`readAnnotations() warns: ${title}`, () => {
    const { warnings, owner, used } = read(annotations);
    assertEquals(warnings.length, 1);
    assertMatch(warnings[0] ?? "", expected);
    assertEquals([owner, used], [undefined, {}]);
  });
}
