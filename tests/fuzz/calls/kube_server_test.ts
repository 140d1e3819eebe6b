/** Whatever a server in the place of the Kubernetes API sends: a pod, none, or a KubeError that shows no secret. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type KubeApi, KubeError } from "../../../lib/kube/api.ts";
import { openKube } from "../../../lib/kube/open.ts";
import { testNeeding } from "../../support/needs.ts";
import { makePki } from "../../support/pki.ts";
import { makeSandbox } from "../../support/plugin.ts";
import { writeKubeconfig } from "../../unit/kube/kubeconfig/_kubeconfig.ts";
import { callHostile, goodEnv } from "../_calls.ts";
import { fuzz } from "../_fuzz.ts";
import { damaged, someEdits } from "../_mutate.ts";
import { SECRETS, secretsIn } from "../_secrets.ts";
import { anAnswer, type HostileServer, plainly, reactionOf, startHostile } from "../_server.ts";

/** Long enough for an answer on loopback; what hangs is not waited for longer. */
const PATIENCE_MS = 150;
const USER = { token: SECRETS.bearerToken };
const POD = {
  kind: "Pod",
  metadata: {
    name: "web-0",
    namespace: "shop",
    uid: "u-1",
    annotations: {
      "kube-ipam.ip": "10.1.0.9",
      "kube-ipam.netmask": "24",
      "kube-ipam.retain": "7d",
      "kube-ipam.owner": "db",
    },
    ownerReferences: [
      { apiVersion: "apps/v1", kind: "StatefulSet", name: "web", uid: "1", controller: true },
    ],
  },
  spec: { serviceAccountName: "default", nodeName: "n" },
  status: { phase: "Pending" },
};
const ABSENT = {
  kind: "Status",
  reason: "NotFound",
  message: "pods not found",
  details: { kind: "pods" },
  code: 404,
};
const aBody = fc.tuple(
  fc.constantFrom<unknown>(POD, POD, ABSENT),
  fc.oneof(fc.constant([]), someEdits),
)
  .map(([body, edits]) => JSON.stringify(damaged(body, edits)));

/** Asks for a pod. */
async function ask(api: KubeApi): Promise<void> {
  try {
    const pod = { namespace: "shop", name: "web-0" };
    await api.getPod(pod, { signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    const said = `${error.message}\n${error.repair}`;
    assertEquals(secretsIn(said), [], said);
    assert(said.length < 3_000, `${said.length} characters`);
  }
}

async function askAnything(
  server: HostileServer,
  options: { readonly file: string; readonly runs: number },
): Promise<void> {
  await fuzz(
    fc.asyncProperty(anAnswer, aBody, async (answer, body) => {
      server.reset();
      server.react = (met) => reactionOf(answer, { met, body });
      await using api = await openKube(options.file);
      await ask(api);
      await ask(api);
      assert(server.met.every(({ line }) => line === "GET /api/v1/namespaces/shop/pods/web-0"));
    }),
    options.runs,
  );
}

Deno.test("a Kubernetes API that answers anything at all is read, or refused as ours", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-fuzz-" });
  await using server = startHostile(() => plainly(500, ""));
  for (const host of ["127.0.0.1", "localhost"]) {
    const file = writeKubeconfig(folder, { server: `http://${host}:${server.port}`, user: USER });
    await askAnything(server, { file, runs: 60 });
  }
  await Deno.remove(folder, { recursive: true });
});

testNeeding(
  ["openssl"],
  "a Kubernetes API over TLS that answers anything at all is read, or refused as ours",
  async () => {
    await using pki = await makePki();
    const { certFile, keyFile } = await pki.issue({ name: "api", usages: ["server"] });
    await using server = startHostile(() => plainly(500, ""), {
      cert: await Deno.readTextFile(certFile),
      key: await Deno.readTextFile(keyFile),
    });
    const trusted = { "certificate-authority": pki.caFile };
    for (
      const cluster of [trusted, { ...trusted, "tls-server-name": "localhost" }, {
        "insecure-skip-tls-verify": true,
      }]
    ) {
      const file = writeKubeconfig(pki.dir, { server: server.url, cluster, user: USER });
      await askAnything(server, { file, runs: 30 });
    }
  },
);

Deno.test("ADD of a pod that a hostile API made up is served, or refused as ours", async () => {
  await using sandbox = await makeSandbox();
  await using server = startHostile(() => plainly(500, ""));
  const kubeConfig = writeKubeconfig(sandbox.root, { server: server.url, user: USER });
  const netconf = sandbox.netconf({
    kubeConfig,
    annotations: "on",
    datastore: "sqlite",
    cooldown: "0s",
  });
  const env = { CNI_ARGS: "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0" };
  await fuzz(
    fc.asyncProperty(aBody, fc.constantFrom(200, 200, 200, 403, 404, 503), async (body, status) => {
      server.reset();
      server.react = () => plainly(status, body);
      await callHostile(sandbox, { env: { ...goodEnv("ADD"), ...env }, stdin: netconf });
      await callHostile(sandbox, { env: { ...goodEnv("DEL"), ...env }, stdin: netconf });
    }),
    60,
  );
});
