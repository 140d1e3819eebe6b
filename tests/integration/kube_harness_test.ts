/** The Kubernetes API that other tests rely on behaves as one in a cluster. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { startEtcd } from "../support/etcd.ts";
import { startKube, type TestKube } from "../support/kube.ts";
import { startKubeProxy } from "../support/kube_proxy.ts";
import { roleToken } from "../support/kube_role.ts";
import { at } from "../support/manifests.ts";
import { testNeeding } from "../support/needs.ts";
import { parseYaml } from "../support/yaml.ts";

const NEEDS = ["etcd", "kube-apiserver", "openssl"] as const;
const PODS = "/api/v1/namespaces/default/pods";

async function statusOf(
  kube: TestKube,
  path: string,
  { method = "GET", body, token }: {
    readonly method?: string;
    readonly body?: unknown;
    readonly token?: string;
  } = {},
): Promise<unknown> {
  const options = { expect: "any", ...(token === undefined ? {} : { token }) } as const;
  const answer = await kube.admin(method, path, body, options);
  return answer["kind"] === "Status" && answer["status"] !== "Success" ? answer["code"] : 200;
}

testNeeding(NEEDS, "kube: a pod lives and ends as in a cluster", async () => {
  await using kube = await startKube();
  const pod = await kube.createPod({
    namespace: "shop",
    annotations: { "kube-ipam.ip": "10.188.0.216" },
    labels: { "pod-template-hash": "6d9b74fd4d" },
    ownerReferences: [
      { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: "u1", controller: true },
    ],
    env: { PASSWORD: "secret-of-the-test" },
    nodeName: "node-a",
    phase: "Running",
  });
  const made = await kube.readPod(pod);
  assertEquals(at(made, "metadata", "uid"), pod.uid);
  assertEquals(at(made, "spec", "serviceAccountName"), "default");
  assertEquals(at(made, "status", "phase"), "Running");

  await kube.annotate(pod, { "kube-ipam.ip": null, "kube-ipam.owner": "web" });
  assertEquals(at(await kube.readPod(pod), "metadata", "annotations"), {
    "kube-ipam.owner": "web",
  });

  await kube.deletePod(pod);
  const ending = await kube.readPod(pod);
  assertEquals(at(ending, "metadata", "deletionGracePeriodSeconds"), 30);
  assertEquals(typeof at(ending, "metadata", "deletionTimestamp"), "string");
  await kube.deletePod(pod, { graceSeconds: 0 });
  assertEquals(await kube.readPod(pod), undefined);
  const again = await kube.createPod({ namespace: "shop", name: pod.name });
  assert(again.uid !== pod.uid);
  await kube.deletePod(again);
  assertEquals(await kube.readPod(again), undefined);
});

testNeeding(NEEDS, "kube: an outage ends, and the objects are there still", async () => {
  await using etcd = await startEtcd();
  await using kube = await startKube({ etcd });
  const pod = await kube.createPod();
  await kube.stop();
  await assertRejects(() => kube.readPod(pod), TypeError);
  await kube.start();
  assertEquals(at(await kube.readPod(pod), "metadata", "uid"), pod.uid);

  // A second cluster on the same etcd knows nothing of it.
  await using other = await startKube({ etcd, etcdPrefix: "/other" });
  assertEquals(await other.readPod(pod), undefined);
});

testNeeding(NEEDS, "kube: what is not there is 404, and what is forgotten 410", async () => {
  await using kube = await startKube();
  assertEquals(await statusOf(kube, `${PODS}/none`), 404);
  await kube.makeNamespace("gone");
  await kube.makeNamespace("gone");
  const answer = await kube.admin("GET", PODS);
  const revision = String(at(answer, "metadata", "resourceVersion"));
  await kube.createPod();
  const next = String(at(await kube.admin("GET", PODS), "metadata", "resourceVersion"));
  await kube.etcd.ask("/v3/kv/compaction", { revision: next });
  const old = `${PODS}?resourceVersion=${revision}&resourceVersionMatch=Exact`;
  // The API learns of a compaction that is not its own by asking etcd.
  assertEquals(await statusOf(kube, `${old}&limit=1`), 410);
});

/** What a plugin that was taken over would like to do. */
const REFUSED: readonly (readonly [string, string])[] = [
  ["GET", PODS],
  ["GET", "/api/v1/pods"],
  ["GET", `${PODS}?watch=true`],
  ["GET", "/api/v1/namespaces/kube-system/secrets/kube-ipam"],
  ["GET", "/api/v1/namespaces/kube-system/secrets"],
  ["GET", "/api/v1/nodes/node-a"],
  ["GET", "/api/v1/namespaces/default"],
  ["GET", "/api/v1/namespaces/default/configmaps/kube-root-ca.crt"],
  ["GET", `${PODS}/POD/log`],
  ["POST", `${PODS}/POD/exec?command=id&stdout=true`],
  ["POST", PODS],
  ["PUT", `${PODS}/POD`],
  ["PATCH", `${PODS}/POD`],
  ["PATCH", `${PODS}/POD/status`],
  ["DELETE", `${PODS}/POD`],
  ["DELETE", PODS],
  ["POST", "/api/v1/namespaces/kube-system/serviceaccounts/kube-ipam/token"],
];

testNeeding(NEEDS, "rbac.yaml lets its account read a pod by name, and nothing else", async () => {
  await using kube = await startKube();
  const { name } = await kube.createPod({ nodeName: "node-a" });
  const [config] = parseYaml(await Deno.readTextFile(await kube.roleKubeconfig(kube.dir)));
  const [user] = Array.isArray(config?.["users"]) ? config["users"] : [];
  const token = String(at(user, "user", "token"));

  assertEquals(await statusOf(kube, `${PODS}/${name}`, { token }), 200);
  assertEquals(await statusOf(kube, `${PODS}/none`, { token }), 404);
  assertEquals(await statusOf(kube, "/api/v1/namespaces/none/pods/none", { token }), 404);
  for (const [method, path] of REFUSED) {
    const body = method === "GET" ? undefined : {};
    const status = await statusOf(kube, path.replace("POD", name), { method, body, token });
    assertEquals([method, path, status], [method, path, 403]);
  }
  const review = { apiVersion: "authorization.k8s.io/v1", spec: { namespace: "default" } };
  const answer = await kube.admin(
    "POST",
    "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    { ...review, kind: "SelfSubjectRulesReview" },
    { token },
  );
  const rules = at(answer, "status", "resourceRules");
  assert(Array.isArray(rules));
  // Everybody may ask what they themselves may do.
  const own = rules.filter((rule) => !JSON.stringify(rule).includes('"selfsubject'));
  assertEquals(own, [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }]);

  const unable = await roleToken(kube.admin, "none");
  assertEquals(await statusOf(kube, `${PODS}/${name}`, { token: unable }), 403);
  assertEquals(await statusOf(kube, `${PODS}/${name}`, { token: "wrong" }), 401);
});

testNeeding(NEEDS, "kube proxy: it counts, passes credentials on, and fails as told", async () => {
  await using kube = await startKube();
  const pod = await kube.createPod();
  const path = `${PODS}/${pod.name}`;
  await using proxy = startKubeProxy(kube);
  const authorization = `Bearer ${await roleToken(kube.admin, "sample")}`;
  const get = (path: string, signal?: AbortSignal): Promise<Response> =>
    fetch(`${proxy.url}${path}`, { headers: { authorization }, ...(signal && { signal }) });

  const passed = await get(path);
  assertEquals(at(await passed.json(), "metadata", "uid"), pod.uid);
  const refused = await get(PODS);
  assertEquals([refused.status, at(await refused.json(), "reason")], [403, "Forbidden"]);
  assertEquals([proxy.count("GET"), proxy.count("GET", path), proxy.count("POST")], [2, 1, 0]);
  proxy.reset();

  proxy.retryAfterSeconds = 3;
  for (const mode of [401, 403, 429, 500, 503] as const) {
    proxy.mode = mode;
    const answer = await get(path);
    assertEquals([answer.status, answer.headers.get("retry-after")], [mode, "3"]);
    assertEquals(at(await answer.json(), "code"), mode);
  }
  proxy.mode = 404;
  const elsewhere = await get(path);
  assertEquals(elsewhere.headers.get("content-type"), "text/html");
  assertEquals([elsewhere.status, (await elsewhere.text()).startsWith("<html>")], [404, true]);

  proxy.mode = "pass";
  proxy.delayMs = 60_000;
  await assertRejects(() => get(path, AbortSignal.timeout(100)), DOMException);
  proxy.delayMs = 0;
  proxy.mode = "hang";
  await assertRejects(() => get(path, AbortSignal.timeout(100)), DOMException);
  assertEquals(proxy.requests.length, 8);
});
