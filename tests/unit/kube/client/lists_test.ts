/** Lists are whole, or there is none: what a page says, and what ends a list. The real API is asked in tests/integration. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { KubeError } from "../../../../lib/kube/api.ts";
import { inventoryOf } from "../../../../lib/kube/client/lists.ts";
import { openKube } from "../../../../lib/kube/open.ts";
import type { KubeInventory } from "../../../../lib/kube/inventory.ts";
import { writeKubeconfig } from "../kubeconfig/_kubeconfig.ts";

interface Served extends AsyncDisposable {
  readonly inventory: KubeInventory;
  readonly requests: readonly { readonly url: string; readonly accept: string | null }[];
  readonly signal: AbortSignal;
}

async function serve(
  answer: (query: URLSearchParams) => unknown,
  status = 200,
): Promise<Served> {
  const requests: Served["requests"][number][] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    requests.push({ url: request.url, accept: request.headers.get("accept") });
    return Response.json(answer(new URL(request.url).searchParams), { status });
  });
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-kube-" });
  const url = `http://127.0.0.1:${server.addr.port}`;
  const api = await openKube(writeKubeconfig(folder, { server: url, user: { token: "t" } }));
  await Deno.remove(folder, { recursive: true });
  return {
    inventory: inventoryOf(api, { limit: 8 }),
    requests,
    signal: AbortSignal.timeout(10_000),
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]();
      await server.shutdown();
    },
  };
}

function page(uids: readonly string[], next?: string): unknown {
  return {
    kind: "PartialObjectMetadataList",
    apiVersion: "meta.k8s.io/v1",
    metadata: { resourceVersion: "7", ...(next === undefined ? {} : { continue: next }) },
    items: uids.map((uid) => ({ metadata: { name: `pod-${uid}`, uid } })),
  };
}

Deno.test("a list asks for metadata of living pods, without a resourceVersion", async () => {
  await using served = await serve(() => page(["u1"]));
  assertEquals(await served.inventory.livingPods(served), new Set(["u1"]));
  const [request] = served.requests;
  const { pathname, searchParams } = new URL(request?.url ?? "");
  assertEquals(pathname, "/api/v1/pods");
  assertEquals(Object.fromEntries(searchParams), {
    limit: "8",
    fieldSelector: "status.phase!=Succeeded,status.phase!=Failed",
  });
  assertEquals(
    request?.accept,
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
  );
});

Deno.test("a page that is too large is asked for in smaller ones, from the same place", async () => {
  const all = Array.from({ length: 8 }, (_, index) => `u${index}`);
  const pad = "x".repeat(3 * 1024 * 1024);
  await using served = await serve((query) => {
    const at = Number(query.get("continue") ?? 0);
    const end = at + Number(query.get("limit"));
    const some = all.slice(at, end);
    return { ...Object(page(some, end < all.length ? String(end) : "")), pad: some.map(() => pad) };
  });
  assertEquals(await served.inventory.livingPods(served), new Set(all));
  const asked = served.requests.map(({ url }) => new URL(url).searchParams.get("limit"));
  assertEquals(asked, ["8", "4", "2", "2", "2", "2"]);
});

const GOOD = Object(page(["u1"]));

for (
  const [title, answer] of [
    ["a list of another kind", { ...GOOD, kind: "PodList" }],
    ["a list without metadata", { ...GOOD, metadata: undefined }],
    ["a list whose next page has no name", { ...GOOD, metadata: { continue: 7 } }],
    ["items that are no list", { ...GOOD, items: {} }],
    ["an item without metadata", { ...GOOD, items: [{}] }],
    ["an item without a UID", { ...GOOD, items: [{ metadata: { name: "a" } }] }],
    ["an item without a name", { ...GOOD, items: [{ metadata: { uid: "u" } }] }],
    ["a page that names itself", page(["u1"], "again")],
    ["something that is no object", 7],
  ] as const
) {
  Deno.test(`${title} is no list`, async () => {
    await using served = await serve(() => answer);
    const error = await assertRejects(() => served.inventory.livingPods(served), KubeError);
    assertEquals(error.kind, "unavailable");
    assert(error.message.startsWith("Cannot read the list of pods from http://127.0.0.1:"));
  });
}

Deno.test("an empty list is one, whatever form it has", async () => {
  for (const items of [[], null, undefined]) {
    await using served = await serve(() => ({ ...GOOD, items }));
    assertEquals(await served.inventory.nodes(served), new Set());
  }
});

Deno.test("a list of which a page is NotFound, or Expired, is no list", async () => {
  for (const [code, reason] of [[404, "NotFound"], [410, "Expired"]] as const) {
    const status = { kind: "Status", status: "Failure", code, reason, details: { kind: "pods" } };
    await using served = await serve(() => status, code);
    await assertRejects(() => served.inventory.livingPods(served), KubeError);
  }
});

const NAME = { namespace: "shop", name: "web" };

Deno.test("a StatefulSet is gone only where the API says so", async () => {
  const gone = (kind: string): unknown => ({
    kind: "Status",
    status: "Failure",
    code: 404,
    reason: "NotFound",
    details: { kind },
  });
  await using absent = await serve(() => gone("statefulsets"), 404);
  assertEquals(await absent.inventory.statefulSet(NAME, absent), undefined);
  for (const other of [gone("pods"), gone("namespaces"), "not found", {}]) {
    await using served = await serve(() => other, 404);
    await assertRejects(() => served.inventory.statefulSet(NAME, served), KubeError);
  }
});

Deno.test("a StatefulSet has one replica from 0 on unless it says otherwise", async () => {
  for (
    const [spec, expected] of [
      [{}, { start: 0, replicas: 1 }],
      [{ replicas: 0 }, { start: 0, replicas: 0 }],
      [{ replicas: 3, ordinals: { start: 2 } }, { start: 2, replicas: 3 }],
      [{ replicas: null, ordinals: null }, { start: 0, replicas: 1 }],
      [{ replicas: -1 }, undefined],
      [{ replicas: "3" }, undefined],
      [undefined, undefined],
    ] as const
  ) {
    await using served = await serve(() => ({ kind: "StatefulSet", spec }));
    const asked = (): ReturnType<KubeInventory["statefulSet"]> =>
      served.inventory.statefulSet(NAME, served);
    if (expected === undefined) await assertRejects(asked, KubeError);
    else assertEquals(await asked(), expected);
  }
});

Deno.test("a name that is none never becomes a part of a path", async () => {
  await using served = await serve(() => GOOD);
  for (const name of ["../pods", "a/b", "", "A"]) {
    await assertRejects(() => served.inventory.statefulSet({ ...NAME, name }, served), TypeError);
  }
  assertEquals(served.requests, []);
});

Deno.test("a cluster is named by the UID of kube-system, of which metadata is asked for", async () => {
  const metadata = { name: "kube-system", uid: "uid-of-cluster" };
  await using served = await serve(() => ({ kind: "PartialObjectMetadata", metadata }));
  assertEquals(await served.inventory.clusterUid(served), "uid-of-cluster");
  const [request] = served.requests;
  assertEquals(new URL(request?.url ?? "").pathname, "/api/v1/namespaces/kube-system");
  assertEquals(request?.accept, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
  for (const answer of [{ kind: "Namespace", metadata }, { kind: "PartialObjectMetadata" }, 7]) {
    await using other = await serve(() => answer);
    const error = await assertRejects(() => other.inventory.clusterUid(other), KubeError);
    assert(error.message.includes("current answer is 200 that is not this: "), error.message);
    assert(error.repair.includes("with the path prefix"), error.repair);
  }
});
