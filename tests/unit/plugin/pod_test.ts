/** What a pod may ask for where the configuration keeps addresses as long as a StatefulSet wants them. */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { CniError } from "../../../lib/cni/errors.ts";
import type { Controller, Pod } from "../../../lib/kube/pod.ts";
import type { Asking } from "../../../lib/plugin/asking.ts";
import { askingOf } from "../../../lib/plugin/pod.ts";
import { podOf } from "../../support/pod.ts";
import { loadIpam } from "../config/_load.ts";

function asking(changes: Partial<Pod>, retain = "owner"): Asking {
  const pod = podOf({ name: "web-0", ...changes });
  const args = {
    podNamespace: pod.namespace,
    podName: pod.name,
    podUid: pod.uid,
    ips: [],
    gateways: [],
  };
  const config = loadIpam({ subnet: "10.1.0.0/24", retain });
  const call = {
    invocation: {
      command: "ADD",
      attachment: { containerId: "c1", ifName: "eth0" },
      netns: "/run/netns/a",
      args,
    },
    netconf: { cniVersion: "1.0.0", name: "net", type: "bridge" },
    config,
    kubernetes: true,
    signal: AbortSignal.timeout(10_000),
    timeoutMs: 10_000,
    io: {
      env: () => undefined,
      stdin: () => Promise.resolve(""),
      stdout: () => {},
      stderr: () => {},
      now: () => 1,
      random: () => 0n,
    },
  } as const;
  const api = {
    server: "https://api",
    authorities: ["api-1"],
    warnings: [],
    getPod: () => Promise.resolve(pod),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return askingOf(call, { api, pod });
}

function setOf(apiVersion: string): Controller {
  return { apiVersion, kind: "StatefulSet", name: "web", uid: "u1" };
}

const KRUISE = { controller: setOf("apps.kruise.io/v1beta1") };

Deno.test("askingOf() retains for a StatefulSet of apps/v1 as long as it wants the pod", () => {
  for (const apiVersion of ["apps/v1", "apps/v2"]) {
    const { owner, retain } = asking({ controller: setOf(apiVersion) });
    assertEquals([owner, retain], [{ namespace: "shop", name: "web-0" }, undefined]);
  }
});

Deno.test("askingOf() refuses that for a StatefulSet of another group, and says what to write", () => {
  const error = assertThrows(() => asking(KRUISE), CniError);
  assertEquals(error.code, 103);
  assertMatch(
    error.details ?? "",
    /^controller apps\.kruise\.io\/v1beta1 StatefulSet "web": .*StatefulSet of apps\/v1 .* on the pod$/,
  );
});

Deno.test("askingOf() takes other rules for it, the configuration's and the pod's own", () => {
  for (const rule of ["forever", "7d", "none"]) {
    assertEquals(asking(KRUISE, rule).owner?.name, "web-0");
    const annotations = { "kube-ipam.retain": rule };
    assertEquals(asking({ ...KRUISE, annotations }).owner?.name, "web-0");
  }
  assertEquals(asking({}).owner, undefined, "a pod of no StatefulSet has nothing to be kept");
});

Deno.test("askingOf() refuses it for a named owner", () => {
  const annotations = { "kube-ipam.owner": "database" };
  const error = assertThrows(() => asking({ annotations }), CniError);
  assertEquals(error.code, 103);
  assertMatch(error.details ?? "", /^annotation kube-ipam\.owner "database": .* beside it$/);
});
