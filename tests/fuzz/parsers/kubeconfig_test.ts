/** Whatever a kubeconfig holds: where the API is, or a KubeError that shows no secret. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { KubeError } from "../../../lib/kube/api.ts";
import { readAccess } from "../../../lib/kube/kubeconfig/kubeconfig.ts";
import { parseYaml, YamlError } from "../../../lib/kube/kubeconfig/yaml.ts";
import { openKube } from "../../../lib/kube/open.ts";
import { corpus, fuzz } from "../_fuzz.ts";
import { aCut, cutUp, damaged, isInPlace, someEdits } from "../_mutate.ts";
import { SECRETS, secretsIn } from "../_secrets.ts";

const encoder = new TextEncoder();
const FILE = "/etc/kubernetes/kubeconfig";
const PEM = `-----BEGIN PRIVATE KEY-----\n${SECRETS.privateKey}\n-----END PRIVATE KEY-----\n`;
const VALUE = {
  apiVersion: "v1",
  kind: "Config",
  "current-context": "here",
  clusters: [{
    name: "main",
    cluster: {
      server: "https://127.0.0.1:6443/prefix/",
      "certificate-authority-data": btoa(
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
      ),
      "proxy-url": `http://user:${SECRETS.urlPassword}@127.0.0.1:3128`,
      "tls-server-name": "kubernetes",
    },
  }],
  users: [{
    name: "node",
    user: {
      token: SECRETS.bearerToken,
      "client-certificate-data": btoa(
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
      ),
      "client-key-data": btoa(PEM),
    },
  }],
  contexts: [{ name: "here", context: { cluster: "main", user: "node" } }],
};
const YAML = `# made by a person
apiVersion: v1
kind: Config
clusters: &clusters
- name: main
  cluster: {server: "https://127.0.0.1:6443"}
users:
- name: node
  user: &user
    token: ${SECRETS.bearerToken}
    client-key-data: >-
      ${btoa(PEM)}
contexts:
- name: here
  context:
    <<: {cluster: main}
    user: node
current-context: here
`;

async function read(text: string): Promise<void> {
  try {
    const { warnings } = readAccess(await parseYaml(text), FILE);
    assertEquals(secretsIn(warnings.join("\n")), []);
  } catch (error) {
    check(error);
  }
}

function check(error: unknown): void {
  if (!(error instanceof KubeError || error instanceof YamlError)) throw error;
  const said = error instanceof KubeError ? `${error.message}\n${error.repair}` : error.message;
  assertEquals(secretsIn(said), [], said);
  assert(said.length < 65_536, `${said.length} characters`);
}

Deno.test("kubeconfigs of the corpus are read, or refused as ours", async () => {
  for (const { text } of corpus("kubeconfig")) await read(text);
});

Deno.test("a kubeconfig of JSON that is damaged is read, or refused as ours", () =>
  fuzz(
    fc.asyncProperty(someEdits.filter(isInPlace), (edits) =>
      read(JSON.stringify(damaged(VALUE, edits)))),
    300,
  ));

Deno.test("a kubeconfig of YAML that is damaged is read, or refused as ours", () =>
  fuzz(
    fc.asyncProperty(fc.array(aCut, { minLength: 1, maxLength: 3 }), (cuts) =>
      read(new TextDecoder().decode(cutUp(encoder.encode(YAML), cuts)))),
    200,
  ));

Deno.test("any text is read as a kubeconfig, or refused as ours", () =>
  fuzz(
    fc.asyncProperty(
      fc.oneof(
        fc.string({ unit: fc.nat(0xd7ff).map((code) => String.fromCharCode(code)) }),
        fc.json(),
      ),
      (text) => read(text),
    ),
    60,
  ));

Deno.test("whatever a kubeconfig file holds, opening it is done or refused as ours", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-fuzz-" });
  const file = `${folder}/kubeconfig`;
  const open = async (bytes: Uint8Array): Promise<void> => {
    await Deno.writeFile(file, bytes);
    try {
      await using api = await openKube(file);
      assertEquals(secretsIn(`${api.server}\n${api.warnings.join("\n")}`), []);
    } catch (error) {
      check(error);
    }
  };
  try {
    for (const { bytes } of corpus("kubeconfig")) await open(bytes);
    await fuzz(
      fc.asyncProperty(someEdits.filter(isInPlace), async (edits) => {
        const text = JSON.stringify(damaged(VALUE, edits));
        // Files that are named are read from this folder, and nowhere else.
        fc.pre(!/"(?:tokenFile|client-\w+|certificate-authority)":"\//.test(text));
        await open(encoder.encode(text));
      }),
      60,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
