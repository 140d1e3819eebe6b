/** Every address that a manifest asks for is one that the network it names gives by annotation. */
import { assert, assertEquals } from "@std/assert";
import { permissionsIn } from "../../lib/command/permission_set.ts";
import type { Config } from "../../lib/config/config.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { hasValue } from "../../lib/net/interval.ts";
import { readAnnotations } from "../../lib/kube/annotations/annotations.ts";
import { readAccess } from "../../lib/kube/kubeconfig/kubeconfig.ts";
import type { Pod } from "../../lib/kube/pod.ts";
import {
  at,
  callsOf,
  definitionsOf,
  loadNetwork,
  type Manifest,
  type PodTemplate,
  readManifests,
  sampleNames,
  SAMPLES,
  templatesOf,
} from "../support/manifests.ts";

/** A network of a manifest, and the interface that the pod has on it. */
interface Place {
  readonly config: Config;
  readonly ifName: string;
}

async function placesOf(manifest: Manifest): Promise<readonly Place[]> {
  const { name, networks = [] } = manifest;
  assert(networks.length > 0, `${name} names no network`);
  if (networks[0] === "those of this file") {
    return [...definitionsOf(manifest).values()].map(loadNetwork).map((config, index) => ({
      config,
      ifName: index === 0 ? "eth0" : `net${index}`,
    }));
  }
  const files = networks[0] === "any" ? await kubernetesNetworks() : networks;
  const texts = await Promise.all(
    files.map((file) => Deno.readTextFile(new URL(file, SAMPLES))),
  );
  return texts.map(loadNetwork).map((config) => ({ config, ifName: "eth0" }));
}

async function kubernetesNetworks(): Promise<readonly string[]> {
  const names = await sampleNames(".conf", ".conflist");
  return names.filter((name) => name !== "podman.conflist" && name !== "quickstart-sqlite.conf");
}

/** The pod as the controller of its kind makes it. */
function podOf({ kind, name, namespace, annotations }: PodTemplate): Pod {
  return {
    namespace,
    name: kind === "StatefulSet" ? `${name}-0` : `${name}-6d9b74fd4d-dbbsd`,
    uid: "5c6c2e58-2f0b-4d9c-8a4f-6f1f3f0c9d11",
    phase: "Pending",
    deletionMs: undefined,
    annotations,
    controller: kind === "StatefulSet"
      ? { apiVersion: "apps/v1", kind, name, uid: "u1" }
      : { apiVersion: "apps/v1", kind: "ReplicaSet", name: `${name}-6d9b74fd4d`, uid: "u1" },
    templateHash: kind === "StatefulSet" ? undefined : "6d9b74fd4d",
    serviceAccount: "default",
    nodeName: "node-a",
  };
}

/** What a pod of the template is granted on a network: the number of its addresses, and of its pools. */
function granted(template: PodTemplate, { config, ifName }: Place): readonly [number, number] {
  const { network, sets } = config;
  const asked = readAnnotations(podOf(template), { network, ifName, sets, taken: new Set() });
  assertEquals([asked.warnings, asked.strays], [[], []], `${template.name} on ${network}`);
  for (const { set, range, addr } of asked.wishes) {
    const fixed = sets[set]?.ranges[range]?.fixed ?? [];
    assert(hasValue(fixed, BigInt(addr.value)), `${template.name} on ${network}`);
  }
  for (const { members } of asked.pools) assert(members.flat().length > 0);
  return [asked.wishes.length, asked.pools.length];
}

/** For each pod template: on each of its networks, how many addresses and pools it asks for. */
const ASKED: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  "dual-stack-test": [[2, 0]],
  "fixed-ip-test": Array.from({ length: 6 }, () => [1, 0]),
  "web": [[0, 0], [0, 1]],
  "database": [[0, 0], [1, 0]],
  "pool-test": [[0, 1]],
  "ordered-test": [[1, 0]],
};

Deno.test("every manifest asks for addresses that its networks give, in all pods", async () => {
  const seen: string[] = [];
  for (const manifest of await readManifests()) {
    for (const template of templatesOf(manifest)) {
      seen.push(template.name);
      const places = await placesOf(manifest);
      const asked = places.map((place) => granted(template, place));
      assertEquals(asked, ASKED[template.name] ?? places.map(() => [0, 0]), template.name);
    }
  }
  for (const name of Object.keys(ASKED)) assert(seen.includes(name), name);
  assert(seen.includes("random-ip-test") && seen.includes("sticky-test"));
});

Deno.test("no two manifests ask for one address", async () => {
  const claimed = new Map<string, string>();
  for (const manifest of await readManifests()) {
    for (const { name, annotations } of templatesOf(manifest)) {
      for (const [key, value] of Object.entries(annotations)) {
        if (!/^kube-ipam\.(ip|pool)(\.|$)/.test(key)) continue;
        for (const one of value.split(",").map((item) => item.trim())) {
          assertEquals(claimed.get(one), undefined, `${name} and ${claimed.get(one)}`);
          claimed.set(one, name);
        }
      }
    }
  }
  assertEquals(claimed.size, 7);
});

Deno.test("a manifest with one address for one pod never runs two of them", async () => {
  for (const manifest of await readManifests()) {
    for (const { name, replicas, strategy, annotations } of templatesOf(manifest)) {
      if (!Object.keys(annotations).some((key) => /^kube-ipam\.ip(\.|$)/.test(key))) continue;
      assertEquals([name, replicas, strategy], [name, 1, { type: "Recreate" }]);
    }
  }
});

Deno.test("the CronJob of reconcile runs by the files and the role of its manifest", async () => {
  const manifest = (await readManifests()).find(({ name }) => name === "reconcile-cronjob.yaml");
  const doc = (kind: string): unknown => manifest?.docs.find((one) => one["kind"] === kind);
  const job = doc("CronJob");
  assertEquals(at(job, "spec", "concurrencyPolicy"), "Forbid");
  const spec = at(job, "spec", "jobTemplate", "spec", "template", "spec");
  const [container] = listAt(spec, "containers");
  assertEquals(at(container, "command"), [
    "/opt/cni/bin/kube-ipam",
    "reconcile",
    "--conf",
    "/etc/kube-ipam/net.conf",
  ]);
  assertEquals(listAt(doc("ClusterRole"), "rules"), [
    { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] },
    { apiGroups: [""], resources: ["nodes"], verbs: ["list"] },
    { apiGroups: [""], resources: ["namespaces"], resourceNames: ["kube-system"], verbs: ["get"] },
    { apiGroups: ["apps"], resources: ["statefulsets"], verbs: ["get"] },
  ]);
  const account = at(doc("ServiceAccount"), "metadata", "name");
  assertEquals(at(spec, "serviceAccountName"), account);
  assertEquals(at(spec, "automountServiceAccountToken"), false);
  assertEquals(listAt(doc("ClusterRoleBinding"), "subjects").map((one) => at(one, "name")), [
    account,
  ]);
  // What is mounted are the files that the netconf and the kubeconfig name, where the program may read.
  const data = at(doc("ConfigMap"), "data");
  const { kubeConfig, datastore, warnings } = loadWithoutRanges(String(at(data, "net.conf")));
  assertEquals([kubeConfig, warnings], ["/etc/kube-ipam/kubeconfig", []]);
  const access = readAccess(JSON.parse(String(at(data, "kubeconfig"))), kubeConfig);
  assertEquals(at(access.token, "path"), "/etc/kube-ipam/token");
  assertEquals(at(access.ca, "path"), "/etc/kube-ipam/ca.crt");
  assert(datastore.kind === "etcd");
  const mounts = listAt(container, "volumeMounts").map((one) => String(at(one, "mountPath")));
  assertEquals(mounts, [
    "/opt/cni/bin",
    "/etc/kube-ipam",
    datastore.certFile,
    datastore.keyFile,
    datastore.caFile,
  ]);
  assert(listAt(container, "volumeMounts").every((one) => at(one, "readOnly") === true));
  const config = await Deno.readTextFile(new URL("../deno.json", SAMPLES));
  const read = permissionsIn(config, "plugin")["read"];
  assert(Array.isArray(read));
  for (const path of mounts.slice(1)) {
    assert(read.some((folder) => path === folder || path.startsWith(`${folder}/`)), path);
  }
});

function loadWithoutRanges(text: string): Config {
  const [netconf = {}] = callsOf(text);
  const args = { ips: [], gateways: [] };
  return loadConfig(netconf, { command: "DEL", args, kubernetes: true });
}

function listAt(object: unknown, key: string): readonly unknown[] {
  const list = at(object, key);
  return Array.isArray(list) ? list : [];
}
