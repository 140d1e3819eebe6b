import { assertEquals, assertThrows } from "@std/assert";
import { readPod } from "../../../../lib/kube/client/read_pod.ts";

type Fields = Record<string, unknown>;

function podOf(metadata: Fields = {}, rest: Fields = {}): Fields {
  return {
    kind: "Pod",
    apiVersion: "v1",
    metadata: { namespace: "default", name: "web-0", uid: "u1", ...metadata },
    spec: { serviceAccountName: "default", nodeName: "node-1", containers: [{ env: [] }] },
    status: { phase: "Pending" },
    ...rest,
  };
}

const READ = {
  namespace: "default",
  name: "web-0",
  uid: "u1",
  phase: "Pending",
  deletionMs: undefined,
  annotations: {},
  controller: undefined,
  templateHash: undefined,
  serviceAccount: "default",
  nodeName: "node-1",
};

Deno.test("readPod() reads what is used of a pod", () => {
  assertEquals(readPod(podOf()), READ);
  const reference = { apiVersion: "apps/v1", kind: "StatefulSet", name: "web", uid: "u2" };
  const metadata = {
    deletionTimestamp: "2026-01-02T03:04:05Z",
    labels: { "pod-template-hash": "abc", app: "web" },
    ownerReferences: [
      { ...reference, name: "other", controller: false },
      { ...reference, controller: true, blockOwnerDeletion: true },
    ],
  };
  assertEquals(readPod(podOf(metadata)), {
    ...READ,
    deletionMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    templateHash: "abc",
    controller: reference,
  });
});

Deno.test("readPod() keeps those annotations that kube-ipam reads, and no others", () => {
  const kept = {
    "kube-ipam.ip": "10.0.0.1",
    "kube-ipam.ip.blue": "10.0.1.1",
    "podname": "web",
    "k8s.v1.cni.cncf.io/networks": "blue",
    "kubernetes.io/config.hash": "h",
  };
  const others = { "example.com/secret": "x", "kube-ipamx": "x", "podnames": "x" };
  assertEquals(readPod(podOf({ annotations: { ...others, ...kept } })).annotations, kept);
  assertEquals(readPod(podOf({ annotations: { "example.com/odd": 1 } })).annotations, {});
});

Deno.test("readPod() takes what is absent or null as empty", () => {
  const rest = { spec: null, status: undefined };
  const metadata = { annotations: null, labels: null, ownerReferences: null };
  assertEquals(readPod(podOf(metadata, rest)), {
    ...READ,
    phase: "",
    serviceAccount: "",
    nodeName: "",
  });
});

Deno.test("readPod() refuses what is no pod", () => {
  const cases: readonly unknown[] = [
    undefined,
    null,
    "pod",
    [],
    {},
    podOf({}, { kind: "PodList" }),
    podOf({}, { metadata: [] }),
    podOf({}, { spec: "x" }),
    podOf({}, { status: { phase: 1 } }),
    podOf({ uid: "" }),
    podOf({ uid: 7 }),
    podOf({ name: undefined }),
    podOf({ namespace: null }),
    podOf({ deletionTimestamp: "soon" }),
    podOf({ annotations: { "kube-ipam.ip": 1 } }),
    podOf({ annotations: [] }),
    podOf({ labels: { "pod-template-hash": {} } }),
    podOf({ ownerReferences: {} }),
    podOf({ ownerReferences: [{ controller: true, kind: "x" }] }),
  ];
  for (const value of cases) assertThrows(() => readPod(value), SyntaxError);
});
