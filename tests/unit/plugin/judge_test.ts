/** What an answer of the API proves of a holder. The answers are as the real API gives them (tests/e2e/kube). */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Verdict } from "../../../lib/ipam/plan.ts";
import { KubeError } from "../../../lib/kube/api.ts";
import type { Pod } from "../../../lib/kube/pod.ts";
import { makeJudge } from "../../../lib/plugin/judge.ts";
import type { AddressRecord } from "../../../lib/state/records.ts";
import { podOf } from "../../support/pod.ts";

const UID = "00000000-0000-4000-8000-000000000001";
const HASH = "0123456789abcdef0123456789abcdef";
const NOW = Date.parse("2026-11-21T12:00:00Z");

function judge(
  found: Pod | undefined | KubeError,
  { uid = UID, own = podOf({ name: "next", uid: "own" }) } = {},
): Promise<Verdict> {
  const api = {
    server: "https://api.example",
    authorities: ["a"],
    warnings: [],
    getPod: () => found instanceof KubeError ? Promise.reject(found) : Promise.resolve(found),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const signal = AbortSignal.timeout(1_000);
  const holder = { pod: { namespace: "shop", name: "db", uid } } as AddressRecord;
  return makeJudge({ api, pod: own, signal, now: NOW })(holder);
}

for (
  const [title, found, options, expected] of [
    ["that lives", podOf(), {}, "present"],
    ["that is not scheduled yet", podOf({ phase: "Pending" }), {}, "present"],
    ["of which nobody knows how it is", podOf({ phase: "Unknown" }), {}, "present"],
    ["that is absent", undefined, {}, "gone"],
    ["of another UID", podOf({ uid: "00000000-0000-4000-8000-000000000002" }), {}, "gone"],
    ["that succeeded", podOf({ phase: "Succeeded" }), {}, "gone"],
    ["that failed", podOf({ phase: "Failed" }), {}, "gone"],
    ["static, with its mirror", podOf({ annotations: { "kubernetes.io/config.hash": HASH } }), {
      uid: HASH,
    }, "present"],
    ["static, without its mirror", undefined, { uid: HASH }, "unknown"],
    ["static, under whose name stands none", podOf(), { uid: HASH }, "unknown"],
    [
      "static, with another manifest",
      podOf({ annotations: { "kubernetes.io/config.hash": "x" } }),
      {
        uid: HASH,
      },
      "gone",
    ],
    [
      "that is the asker's former self",
      podOf({ uid: "other" }),
      { own: podOf({ uid: "own" }) },
      "gone",
    ],
  ] as const
) {
  Deno.test(`a holder ${title} is ${expected}`, async () => {
    assertEquals((await judge(found, options)).kind, expected);
  });
}

Deno.test("an API that does not answer proves nothing, and ends the search", async () => {
  const verdict = await judge(
    new KubeError("unavailable", "no answer in 3000 ms", { repair: "r" }),
  );
  assert(verdict.kind === "unknown");
  assertEquals(verdict.isOutage, true);
  assertMatch(verdict.reason, /no answer in 3000 ms/);
});

for (
  const [title, changes, own, words] of [
    ["being deleted", { deletionMs: NOW - 1_000 }, {}, [/being deleted/]],
    ["overdue", { deletionMs: NOW - 61_000 }, {}, [/out-of-service/, /--force/, /node-a/]],
    ["nobody deletes", {}, {}, [/as soon as its holder is deleted/]],
    [
      "of one Deployment",
      {
        templateHash: "aaa",
        controller: { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-aaa", uid: "1" },
      },
      {
        templateHash: "bbb",
        controller: { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-bbb", uid: "2" },
      },
      [/strategy: \{type: Recreate\}/, /kube-ipam\.pool/],
    ],
  ] as const
) {
  Deno.test(`the advice for a holder ${title}`, async () => {
    const asker = podOf({ name: "next", uid: "own", ...own });
    const verdict = await judge(podOf(changes), { own: asker });
    assert(verdict.kind === "present");
    for (const word of words) assertMatch(verdict.advice, word);
  });
}
