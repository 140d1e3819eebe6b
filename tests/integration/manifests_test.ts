/** A real Kubernetes API takes every manifest of config-samples, and the kubeconfig recipe works. */
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { readAccess } from "../../lib/kube/kubeconfig/kubeconfig.ts";
import { findKubectl } from "../support/assets.ts";
import { startKube } from "../support/kube.ts";
import { roleToken } from "../support/kube_role.ts";
import { at, readManifests, SAMPLES } from "../support/manifests.ts";
import { testNeeding } from "../support/needs.ts";
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
