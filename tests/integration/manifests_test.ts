/** A real Kubernetes API takes every manifest of config-samples, and the kubeconfig recipe works. */
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { readAccess } from "../../lib/kube/kubeconfig/kubeconfig.ts";
import { makeWorld } from "../e2e/kube/_world.ts";
import { findKubectl } from "../support/assets.ts";
import { startKube } from "../support/kube.ts";
import { roleToken } from "../support/kube_role.ts";
import { at, readManifests, SAMPLES } from "../support/manifests.ts";
import { testNeeding } from "../support/needs.ts";
import { callPlugin, pluginCommand } from "../support/plugin.ts";
import { parseYaml } from "../support/yaml.ts";

const NEEDS = ["etcd", "kube-apiserver", "openssl"] as const;

/** What Multus installs, as far as the samples use it. */
const DEFINITIONS = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: network-attachment-definitions.k8s.cni.cncf.io
spec:
  group: k8s.cni.cncf.io
  scope: Namespaced
  names:
    plural: network-attachment-definitions
    singular: network-attachment-definition
    kind: NetworkAttachmentDefinition
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                config:
                  type: string
`;

testNeeding(NEEDS, "a Kubernetes API accepts every manifest of config-samples", async () => {
  await using kube = await startKube();
  await Deno.writeTextFile(`${kube.dir}/definitions.yaml`, DEFINITIONS);
  await kube.apply(`${kube.dir}/definitions.yaml`);
  const manifests = await readManifests();
  for (const { name, docs } of manifests) {
    const made = await kube.apply(new URL(name, SAMPLES), { dryRun: true });
    assertEquals(made.map(({ kind }) => kind), docs.map(({ kind }) => kind), name);
    for (const [index, doc] of docs.entries()) {
      const annotations = ["spec", "template", "metadata", "annotations"];
      assertEquals(at(made[index], ...annotations), at(doc, ...annotations), name);
    }
  }
  assert(manifests.length >= 9, `${manifests.length} manifests`);
  const kept = await kube.admin("GET", "/apis/apps/v1/deployments");
  assertEquals(kept["items"], []);
});

testNeeding([...NEEDS, "kubectl"], "the commands in rbac.yaml write the kubeconfig", async () => {
  await using kube = await startKube();
  const { name } = await kube.createPod();
  // There is no controller that fills the secret.
  const token = await roleToken(kube.admin, "sample");
  const data = { "token": btoa(token), "ca.crt": btoa(kube.caPem) };
  await kube.admin("PATCH", "/api/v1/namespaces/kube-system/secrets/kube-ipam", { data });

  const file = `${kube.dir}/kubectl.kubeconfig`;
  const text = await Deno.readTextFile(new URL("rbac.yaml", SAMPLES));
  const commands = text.split("\n").flatMap((line) => /^# {3}(.*)$/.exec(line)?.[1] ?? []);
  const script = commands.join("\n")
    .replace("/etc/kubernetes/pki/kubectl.kubeconfig", file);
  assert(script.includes(file) && script.startsWith("kubectl apply"));
  const folder = (await findKubectl() ?? "").replace(/\/kubectl$/, "");
  const admin = await kube.roleKubeconfig(kube.dir, {
    token: kube.adminToken,
    fileName: "admin.kubeconfig",
  });
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["-euc", script],
    cwd: fileURLToPath(SAMPLES),
    env: { KUBECONFIG: admin, PATH: `${folder}:${Deno.env.get("PATH")}`, HOME: kube.dir },
    stdin: "null",
  }).output();
  assert(success, new TextDecoder().decode(stderr));

  assertEquals(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
  const written = JSON.parse(await Deno.readTextFile(file));
  const [expected] = parseYaml(
    await Deno.readTextFile(
      await kube.roleKubeconfig(kube.dir, {
        token,
        fileName: "expected.kubeconfig",
      }),
    ),
  );
  assertEquals(readAccess(written, "file"), readAccess(expected, "file"));
  const answer = await kube.admin("GET", `/api/v1/namespaces/default/pods/${name}`, undefined, {
    token,
  });
  assertEquals(at(answer, "metadata", "name"), name);
});

testNeeding(
  NEEDS,
  "the files of reconcile-cronjob.yaml let reconcile do its work, as a kubelet mounts them",
  async () => {
    await using kube = await startKube();
    await using world = await makeWorld(kube, { store: "etcd" });
    const pod = await world.pod();
    await world.add(world.a, pod);
    await kube.deletePod(pod, { graceSeconds: 0 });
    const token = await roleToken(kube.admin, "reconcile");
    const docs =
      (await readManifests()).find(({ name }) => name === "reconcile-cronjob.yaml")?.docs ?? [];
    const data = at(docs.find(({ kind }) => kind === "ConfigMap"), "data");
    const folder = `${world.a.root}/mounted`;
    const { root, dataDir, runDir } = world.a;
    const netconf = JSON.parse(String(at(data, "net.conf")));
    netconf.ipam = {
      ...netconf.ipam,
      dataDir,
      runDir,
      kubeConfig: `${folder}/kubeconfig`,
      addressSpace: world.space,
      etcdConfig: { etcdURL: kube.etcd.endpoints.join(",") },
    };
    // A projected volume: each name is a link to a folder that is changed as a whole.
    await Deno.mkdir(`${folder}/..first`, { recursive: true });
    await Deno.symlink("..first", `${folder}/..data`);
    const files = {
      "net.conf": JSON.stringify(netconf),
      "kubeconfig": String(at(data, "kubeconfig")).replace("https://192.168.1.50:6443", kube.url),
      "token": token,
      "ca.crt": kube.caPem,
    };
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/..first/${name}`, text);
      await Deno.symlink(`..data/${name}`, `${folder}/${name}`);
    }
    const words = [...await pluginCommand(root), "reconcile", "--conf", `${folder}/net.conf`];
    const { code, json, stderr } = await callPlugin({ netconf: "" }, {
      root,
      words: [...words, "--grace=0", "--json"],
    });
    assertEquals([code, json.freed[0]?.pod], [0, `${pod.namespace}/${pod.name}`], stderr);
    assertEquals(await world.held(), {});
  },
);

testNeeding(
  NEEDS,
  "the role of reconcile-cronjob.yaml lets nobody do more than reconcile does",
  async () => {
    await using kube = await startKube();
    const token = await roleToken(kube.admin, "reconcile");
    for (
      const [verb, resource, expected] of [
        ["get", "pods", true],
        ["list", "pods", true],
        ["list", "nodes", true],
        ["get", "statefulsets", true],
        ["watch", "pods", false],
        ["delete", "pods", false],
        ["get", "nodes", false],
        ["list", "secrets", false],
        ["list", "statefulsets", false],
        ["get", "namespaces", false],
        ["list", "namespaces", false],
        ["get", "namespaces/kube-system", true],
      ] as const
    ) {
      const [kind, name] = resource.split("/");
      const group = resource === "statefulsets" ? "apps" : "";
      const review = {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: { verb, resource: kind, name, group } },
      };
      const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
      const { status } = await kube.admin("POST", path, review, { token });
      assertEquals(at(status, "allowed"), expected, `${verb} ${resource}`);
    }
  },
);
