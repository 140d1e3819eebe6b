/** Lists of a real Kubernetes API: whole, paged, of living pods only. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type KubeConnection, KubeError } from "../../lib/kube/api.ts";
import { inventoryOf } from "../../lib/kube/client/lists.ts";
import { openKube } from "../../lib/kube/open.ts";
import { startKube } from "../support/kube.ts";
import { startKubeProxy } from "../support/kube_proxy.ts";
import { at } from "../support/manifests.ts";
import { testNeeding } from "../support/needs.ts";

const NEEDS = ["etcd", "kube-apiserver", "openssl"] as const;
const signal = AbortSignal.timeout(120_000);

testNeeding(NEEDS, "lists name the living pods, page by page", async () => {
  await using kube = await startKube();
  await using proxy = startKubeProxy(kube);
  const living = await Promise.all([0, 1, 2, 3, 4].map((index) =>
    kube.createPod({
      namespace: `ns-${index % 2}`,
      nodeName: "node-a",
      annotations: index === 0 ? { "kubernetes.io/config.hash": "0123abcd" } : {},
      ...(index < 3 ? { phase: "Running" as const } : {}),
    })
  ));
  const ended = [
    await kube.createPod({ phase: "Succeeded" }),
    await kube.createPod({ phase: "Failed", nodeName: "node-b" }),
  ];
  const strange = await kube.createPod({ phase: "Unknown", nodeName: "node-b" });
  await kube.admin("POST", "/api/v1/nodes", { metadata: { name: "node-a" } });
  await kube.admin("POST", "/api/v1/nodes", { metadata: { name: "node-c" } });
  const file = await kube.roleKubeconfig(kube.dir, { role: "reconcile", server: proxy.url });
  await using api = await openKube(file);
  const expected = new Set([...living, strange].map(({ uid }) => uid)).add("0123abcd");
  for (const limit of [1, 2, 500]) {
    proxy.reset();
    const counts: number[] = [];
    const inventory = inventoryOf(api, { limit });
    assertEquals(
      await inventory.livingPods({ signal, onPage: (count) => counts.push(count) }),
      expected,
    );
    assertEquals(counts.length, Math.ceil(6 / limit));
    assertEquals(counts.at(-1), 6);
    assert(proxy.requests.every(({ path }) => !path.includes("resourceVersion")));
    assertEquals(await inventory.nodes({ signal }), new Set(["node-a", "node-c"]));
    assertEquals(
      await inventory.livingPodsOf("node-b", { signal }),
      new Set([strange.uid]),
    );
  }
  assertEquals(ended.length, 2);
});

testNeeding(NEEDS, "a page that cannot be had ends the list", async () => {
  await using kube = await startKube();
  await using proxy = startKubeProxy(kube);
  for (let index = 0; index < 4; index++) await kube.createPod();
  const file = await kube.roleKubeconfig(kube.dir, { role: "reconcile", server: proxy.url });
  await using api = await openKube(file);
  const inventory = inventoryOf(api, { limit: 2 });
  for (const mode of [503, 404, 403] as const) {
    proxy.mode = "pass";
    const onPage = (): void => {
      proxy.mode = mode;
    };
    const error = await assertRejects(() => inventory.livingPods({ signal, onPage }), KubeError);
    assert(error.message.startsWith("Cannot read the list of pods from http"), error.message);
  }
  // What the API says when a list has become too old to go on with.
  proxy.mode = "pass";
  let isOld = false;
  const { header } = await kube.etcd.ask("/v3/kv/range", { key: btoa("a") });
  await kube.etcd.ask("/v3/kv/compaction", { revision: at(header, "revision") });
  const aged: KubeConnection = {
    server: api.server,
    authorities: api.authorities,
    warnings: api.warnings,
    getPod: (name, options) => api.getPod(name, options),
    ask: (question) =>
      api.ask({ ...question, path: isOld ? withStaleToken(question.path) : question.path }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const error = await assertRejects(
    () => inventoryOf(aged, { limit: 2 }).livingPods({ signal, onPage: () => isOld = true }),
    KubeError,
  );
  assert(error.message.includes("410"), error.message);
});

/** A continue token of a revision that was compacted long ago. */
function withStaleToken(path: string): string {
  const [root = "", query = ""] = path.split("?");
  const parts = new URLSearchParams(query);
  const token = JSON.stringify({ v: "meta.k8s.io/v1", rv: 1, start: "default/a\0" });
  parts.set("continue", btoa(token).replace(/=+$/, "")); // as Go writes it
  return `${root}?${parts}`;
}

testNeeding(NEEDS, "a StatefulSet says which pods it wants", async () => {
  await using kube = await startKube();
  await using api = await openKube(await kube.roleKubeconfig(kube.dir, { role: "reconcile" }));
  const inventory = inventoryOf(api);
  const name = { namespace: "default", name: "web" };
  const path = "/apis/apps/v1/namespaces/default/statefulsets";
  assertEquals(await inventory.statefulSet(name, { signal }), undefined);
  const labels = { app: "web" };
  await kube.admin("POST", path, {
    metadata: { name: "web" },
    spec: {
      replicas: 3,
      ordinals: { start: 2 },
      serviceName: "web",
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "main", image: "registry.example/none" }] },
      },
    },
  });
  assertEquals(await inventory.statefulSet(name, { signal }), { start: 2, replicas: 3 });
  await kube.admin("PATCH", `${path}/web`, { spec: { replicas: 0, ordinals: null } });
  assertEquals(await inventory.statefulSet(name, { signal }), { start: 0, replicas: 0 });
});
