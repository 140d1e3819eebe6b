/** Whatever the API says of a pod: a pod and its wishes, or an error of ours. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { CniError } from "../../../lib/cni/errors.ts";
import { understand } from "../../../lib/kube/client/answer.ts";
import { readPod } from "../../../lib/kube/client/read_pod.ts";
import { readAnnotations } from "../../../lib/kube/annotations/annotations.ts";
import { workloadOf } from "../../../lib/kube/workload.ts";
import { ownerKey, podKey } from "../../../lib/state/keys.ts";
import { DUAL, optionsOf, setsOf } from "../../unit/kube/annotations/_annotations.ts";
import { corpus, fuzz, throwsOnly } from "../_fuzz.ts";
import { damaged, someEdits } from "../_mutate.ts";

const POD = {
  kind: "Pod",
  apiVersion: "v1",
  metadata: {
    name: "web-2",
    namespace: "default",
    uid: "8c3a",
    deletionTimestamp: "2026-01-01T00:00:00Z",
    annotations: {
      "kube-ipam.ip": "10.1.0.5,fd00::1005",
      "kube-ipam.netmask": "255.255.255.0",
      "kube-ipam.gateway": "10.1.0.1",
      "kube-ipam.pool": "10.1.0.200-10.1.0.209",
      "kube-ipam.pool-order": "ordinal",
      "kube-ipam.owner": "db",
      "kube-ipam.retain": "7d",
      "k8s.v1.cni.cncf.io/networks": '[{"name":"a","interface":"eth0"},"b@net1"]',
      "kubernetes.io/config.hash": "f00",
    },
    labels: { "pod-template-hash": "5d8" },
    ownerReferences: [{
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      name: "web",
      uid: "1",
      controller: true,
    }],
  },
  spec: { serviceAccountName: "default", nodeName: "n1" },
  status: { phase: "Running" },
};
const { ip: _, ...POOLED } = { ip: 0, ...POD.metadata.annotations };
const PODS = { resource: "pods" };
const sets = setsOf(DUAL);

function read(text: string): void {
  const answer = { status: 200, headers: new Headers(), text };
  const understood = understand(answer, PODS);
  if (understood.kind !== "object") return;
  throwsOnly(
    () => {
      const pod = readPod(understood.value);
      workloadOf(pod);
      // What is read becomes a part of keys.
      podKey("default", { cluster: "c", uid: pod.uid, network: "net", ifName: "eth0" });
      ownerKey("default", { cluster: "c", network: "net", owner: pod, ifName: "eth0" });
      const { owner } = readAnnotations(pod, optionsOf({ ipam: DUAL }));
      if (owner !== undefined) {
        ownerKey("default", {
          cluster: "c",
          network: "net",
          owner,
          ifName: "eth0",
        });
      }
    },
    SyntaxError,
    CniError,
  );
}

Deno.test("pods of the corpus are read, or refused as ours", () => {
  for (const { text } of corpus("pod")) read(text);
  assert(sets.length > 0);
});

Deno.test("a pod that is damaged is read, or refused as ours", () =>
  fuzz(fc.property(someEdits, (edits) => read(JSON.stringify(damaged(POD, edits)))), 400));

Deno.test("a pod whose annotations were swapped is read, or refused as ours", () => {
  const keys = Object.keys(POD.metadata.annotations);
  const values = [
    ...Object.values(POOLED),
    "",
    ",",
    "10.1.0.300",
    "any",
    "owner",
    "forever",
    "\ud800",
  ];
  const annotations = fc.dictionary(
    fc.constantFrom(...keys),
    fc.oneof(
      fc.constantFrom(...values),
      fc.string({ unit: fc.nat(0xd7ff).map((code) => String.fromCharCode(code)) }),
    ),
  );
  return fuzz(
    fc.property(
      annotations,
      (annotations) => read(JSON.stringify({ ...POD, metadata: { ...POD.metadata, annotations } })),
    ),
    120,
  );
});

Deno.test("any answer of the API that is not 200 is a refusal in one short line", () =>
  fuzz(
    fc.property(
      fc.integer({ min: 100, max: 599 }),
      fc.oneof(
        fc.string({ unit: fc.nat(0xd7ff).map((code) => String.fromCharCode(code)) }),
        fc.json(),
        someEdits.map((edits) => JSON.stringify(damaged(STATUS, edits))),
      ),
      fc.webUrl(),
      (status, text, location) => {
        const headers = new Map([["location", location], ["retry-after", text]]);
        const understood = understand({ status, headers, text }, PODS);
        if (understood.kind !== "refusal") return;
        const { text: said } = understood.refusal;
        assert(said.length < 2_000 && !said.includes("\n"), said);
      },
    ),
    200,
  ));

const STATUS = {
  kind: "Status",
  status: "Failure",
  message: "pods not found",
  reason: "NotFound",
  details: { kind: "pods" },
  code: 404,
};

Deno.test("an answer 404 proves that a pod is gone only where it says so itself", () => {
  const gone = (body: unknown): string =>
    understand({ status: 404, headers: new Headers(), text: JSON.stringify(body) }, PODS).kind;
  assertEquals(gone(STATUS), "absent");
  return fuzz(
    fc.property(someEdits, (edits) => {
      const body = damaged(STATUS, edits);
      const text = JSON.stringify(body);
      const says = text.includes('"reason":"NotFound"') && text.includes('"kind":"pods"') &&
        text.includes('"kind":"Status"');
      assert(says || gone(body) === "refusal", text);
    }),
    100,
  );
});
