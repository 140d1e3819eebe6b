/** `reconcile` as a process, over a real etcd and a real Kubernetes API, with the role of its manifest. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { reconcile, type ReconcileOptions } from "../../lib/command/reconcile/reconcile.ts";
import { openEtcd } from "../../lib/datastore/etcd/open.ts";
import { type Item, newReport, type Report } from "../../lib/ipam/reconcile/report.ts";
import { inventoryOf } from "../../lib/kube/client/lists.ts";
import { openKube } from "../../lib/kube/open.ts";
import { makeWorld, NEEDS, type World } from "../e2e/kube/_world.ts";
import { addressStates } from "../support/invariants.ts";
import { startKube } from "../support/kube.ts";
import { startKubeProxy } from "../support/kube_proxy.ts";
import { testNeeding } from "../support/needs.ts";
import { callPlugin, type PluginAnswer, pluginCommand } from "../support/plugin.ts";

/** Runs it on node a, with a kubeconfig of its own. */
async function run(
  world: World,
  options: {
    readonly words?: readonly string[];
    readonly role?: "reconcile" | "sample" | "none";
    readonly server?: string;
    readonly ipam?: Readonly<Record<string, unknown>>;
  } = {},
): Promise<PluginAnswer> {
  const { words = ["--grace", "0"], role = "reconcile", server, ipam = {} } = options;
  const { a, kube } = world;
  const kubeConfig = await kube.roleKubeconfig(a.root, {
    role,
    fileName: `${crypto.randomUUID()}.kubeconfig`,
    ...(server === undefined ? {} : { server }),
  });
  const conf = `${a.root}/${crypto.randomUUID()}.conf`;
  await Deno.writeTextFile(
    conf,
    JSON.stringify(world.netconf(a, { ipam: { kubeConfig, ...ipam } })),
  );
  const command = [...await pluginCommand(a.root), "reconcile", "--conf", conf, ...words];
  return await callPlugin({ netconf: "" }, { root: a.root, words: command });
}

async function reported(world: World, options: Parameters<typeof run>[1] = {}): Promise<Report> {
  const words = [...options.words ?? ["--grace", "0"], "--json"];
  const { code, stdout, stderr, json } = await run(world, { ...options, words });
  assertEquals(code, 0, stdout + stderr);
  return json;
}

function told(items: readonly Item[]): readonly string[] {
  return items.map(({ kind, ip, pod }) => `${kind} ${ip} ${pod}`).sort();
}

/** What is stored, seen from this process. */
function openLook({ kube, a }: World): ReturnType<typeof openEtcd> {
  const options = { dataDir: `${a.root}/look`, runDir: `${a.root}/look`, random: () => 0 };
  return openEtcd(kube.etcd.config(), options);
}

/** A run in this process. Later than every record: none is too young to be looked at. */
function optionsOf(report: Report): Omit<ReconcileOptions, "api"> {
  return {
    scope: {
      cluster: "default",
      node: undefined,
      now: Date.now() + 60_000,
      graceMs: 0,
      cooldownMs: 0,
    },
    thisNode: undefined,
    isRunning: undefined,
    dryRun: false,
    maxFraction: 0.5,
    report,
    random: () => 0n,
  };
}

function unusedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

const WEB = {
  metadata: { name: "web" },
  spec: {
    replicas: 1,
    serviceName: "web",
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "main", image: "registry.example/none" }] },
    },
  },
};

testNeeding(
  NEEDS,
  "reconcile frees what the API proves to be gone, by the role of its manifest",
  async () => {
    await using kube = await startKube();
    await using proxy = startKubeProxy(kube);
    await using world = await makeWorld(kube, { store: "etcd" });
    const { a, b, namespace } = world;
    await kube.admin("POST", "/api/v1/nodes", { metadata: { name: "node-a" } });
    const pods = {
      alive: await world.pod({ phase: "Running" }),
      gone: await world.pod(),
      finished: await world.pod(),
      replaced: await world.pod(),
      stranded: await world.pod({ nodeName: "node-b" }),
      lost: await world.pod({ nodeName: "node-b" }),
      foreign: await world.pod(),
    };
    const sticky = { ranges: [[{ subnet: "10.7.0.0/24", retain: "owner" }]], subnet: undefined };
    const owned = { rangeStart: undefined, rangeEnd: undefined, ...sticky };
    const reference = { apiVersion: "apps/v1", kind: "StatefulSet", name: "web", uid: "u1" };
    const replicas = await Promise.all(
      [0, 1].map((index) =>
        world.pod({ name: `web-${index}`, ownerReferences: [{ ...reference, controller: true }] })
      ),
    );
    const ips: Record<string, string> = {};
    for (const [name, pod] of Object.entries(pods)) {
      const node = name === "stranded" || name === "lost" ? b : a;
      const more = name === "foreign" ? { ipam: { cluster: "other" } } : {};
      [ips[name] = ""] = await world.add(node, pod, more);
    }
    for (const pod of replicas) {
      [ips[pod.name] = ""] = await world.add(a, pod, { ipam: owned });
      await world.del(a, pod, { ipam: owned });
      await kube.deletePod(pod, { graceSeconds: 0 });
    }
    await kube.admin("POST", `/apis/apps/v1/namespaces/${namespace}/statefulsets`, WEB);
    for (const pod of [pods.gone, pods.replaced, pods.lost, pods.foreign]) {
      await kube.deletePod(pod, { graceSeconds: 0 });
    }
    await kube.deletePod(pods.stranded);
    await kube.setPhase(pods.finished, "Failed");
    await kube.createPod({ namespace, name: pods.replaced.name });
    const before = await world.stored();

    const young = await reported(world, { words: [] });
    assertEquals([young.freed, young.kept], [[], []]);
    const dry = await reported(world, { words: ["--grace", "0", "--dry-run"] });
    assertEquals(await world.stored(), before);

    const report = await reported(world, { server: proxy.url });
    assertEquals(
      told(report.freed),
      [
        `ended ${ips["web-1"]} ${namespace}/web-1`,
        `finished ${ips.finished} ${namespace}/${pods.finished.name}`,
        `gone ${ips.gone} ${namespace}/${pods.gone.name}`,
        `gone ${ips.lost} ${namespace}/${pods.lost.name}`,
        `replaced ${ips.replaced} ${namespace}/${pods.replaced.name}`,
      ].toSorted(),
    );
    assertEquals(told(dry.freed), told(report.freed));
    assertEquals(told(report.kept), [
      `stranded ${ips.stranded} ${namespace}/${pods.stranded.name}`,
    ]);
    assertMatch(
      report.freed.find(({ ip }) => ip === ips.lost)?.reason ?? "",
      /is gone, and so is its node node-b$/,
    );
    const gets = proxy.requests.map(({ path }) => path).filter((path) => !path.includes("?"));
    assertEquals(
      gets.toSorted(),
      [
        `/apis/apps/v1/namespaces/${namespace}/statefulsets/web`,
        ...[pods.gone, pods.finished, pods.replaced, pods.lost]
          .map(({ name }) => `/api/v1/namespaces/${namespace}/pods/${name}`),
      ].toSorted(),
    );
    assert(proxy.requests.every(({ path }) => !path.includes("resourceVersion")));

    await using store = openLook(world);
    assertEquals(await addressStates(store), {
      [ips.alive ?? ""]: "held",
      [ips.stranded ?? ""]: "held",
      [ips.foreign ?? ""]: "held",
      [ips["web-0"] ?? ""]: "retained",
    });
    assertEquals(Object.keys(await world.held()).length, 3);

    await kube.admin("DELETE", `/apis/apps/v1/namespaces/${namespace}/statefulsets/web`);
    const { code, stdout, stderr } = await run(world);
    assertEquals([code, stderr.split("\n")[0]], [0, "kube-ipam: 1 freed, 1 kept"]);
    const [, line = ""] = stdout.split("\n");
    assertMatch(line, /^freed +10\.7\.0\.\d+ +testnet +ns-\w+\/web-0 +node-a +ended: StatefulSet/);
  },
);

testNeeding(NEEDS, "reconcile touches nothing without its role, its API or its etcd", async () => {
  await using kube = await startKube();
  await using proxy = startKubeProxy(kube);
  await using world = await makeWorld(kube, { store: "etcd" });
  const pod = await world.pod();
  await world.add(world.a, pod);
  await kube.deletePod(pod, { graceSeconds: 0 });
  const before = await world.stored();
  const failed = async (text: string, options: Parameters<typeof run>[1]): Promise<void> => {
    const { code, stderr, stdout } = await run(world, options);
    assertEquals([code, stdout], [1, ""], stderr);
    assertStringIncludes(stderr, text);
    assertEquals(await world.stored(), before);
  };
  await failed("kubectl apply -f config-samples/reconcile-cronjob.yaml", { role: "sample" });
  await failed("Cannot read the list of pods", { role: "none" });
  for (const mode of [404, 429, 503] as const) {
    proxy.mode = mode;
    await failed(`current answer is ${mode}`, { server: proxy.url });
  }
  // The lists are there, and the pod itself cannot be asked for.
  proxy.mode = "pass";
  proxy.failBelow(`/api/v1/namespaces/${world.namespace}/pods/`, 404);
  await failed("404 that is not the API's", { server: proxy.url });
  proxy.failBelow("/api/v1/nodes", 503);
  await failed("Cannot read the list of nodes", { server: proxy.url });
  await failed("Cannot use the Kubernetes API as it is configured", {
    ipam: { kubeConfig: `${world.a.root}/none.kubeconfig` },
  });
  const etcdConfig = { etcdURL: `http://127.0.0.1:${unusedPort()}` };
  await failed("Cannot reach the datastore", { ipam: { etcdConfig } });
});

testNeeding(NEEDS, "reconcile beside itself and beside ADDs frees each address once", async () => {
  await using kube = await startKube();
  await using world = await makeWorld(kube, { store: "etcd" });
  const gone = await Promise.all(Array.from({ length: 8 }, () => world.pod()));
  for (const pod of gone) await world.add(world.a, pod);
  for (const pod of gone) await kube.deletePod(pod, { graceSeconds: 0 });
  const born = await Promise.all(Array.from({ length: 4 }, () => world.pod()));
  const [first, second, ...added] = await Promise.all([
    reported(world),
    reported(world),
    ...born.map((pod) => world.add(world.b, pod)),
  ]);
  const freed = [...first?.freed ?? [], ...second?.freed ?? []];
  assertEquals(
    freed.map(({ pod }) => pod).sort(),
    gone.map(({ namespace, name }) => `${namespace}/${name}`).sort(),
  );
  assertEquals(Object.keys(await world.held()).sort(), added.flat().sort());
});

/** With the order turned round the new pod would be suspected, and asked for. */
testNeeding(
  NEEDS,
  "reconcile reads the records before it lists pods, in pages of any size",
  async () => {
    await using kube = await startKube();
    await using proxy = startKubeProxy(kube);
    await using world = await makeWorld(kube, { store: "etcd" });
    const alive = await Promise.all(Array.from({ length: 5 }, () => world.pod()));
    const gone = await world.pod();
    for (const pod of [...alive, gone]) await world.add(world.a, pod);
    await kube.deletePod(gone, { graceSeconds: 0 });
    const file = await kube.roleKubeconfig(kube.dir, { role: "reconcile", server: proxy.url });
    await using api = await openKube(file);
    const real = inventoryOf(api, { limit: 2 });
    let late = "";
    const inventory: typeof real = {
      ...real,
      livingPods: async (options) => {
        const listed = await real.livingPods(options);
        const pod = await world.pod();
        await world.add(world.b, pod);
        late = pod.name;
        return listed;
      },
    };
    await using store = openLook(world);
    const report = newReport(false);
    await reconcile(store, { ...optionsOf(report), api: { kube: api, inventory }, page: 3 });
    assertEquals(report.freed.map(({ pod }) => pod), [`${gone.namespace}/${gone.name}`]);
    assertEquals(report.kept.filter(({ kind }) => kind !== "stranded"), []);
    assertEquals(proxy.count("GET", `/api/v1/namespaces/${world.namespace}/pods/`), 1);
    assertEquals(proxy.count("GET", "/api/v1/pods"), 3 + 3); // 5 pods; once more for node-a, which is no node
    assert(late !== "");
    assertEquals(Object.keys(await world.held()).length, 6);
  },
);

testNeeding(NEEDS, "a record that is claimed again between read and free stays", async () => {
  await using kube = await startKube();
  await using world = await makeWorld(kube, { store: "etcd" });
  const [gone, next] = [await world.pod(), await world.pod()];
  const containerId = "used-again";
  await world.add(world.a, gone, { containerId });
  await kube.deletePod(gone, { graceSeconds: 0 });
  await using api = await openKube(await kube.roleKubeconfig(kube.dir, { role: "reconcile" }));
  await using store = openLook(world);
  const report = newReport(false);
  let ips: readonly string[] = [];
  await reconcile(store, {
    ...optionsOf(report),
    api: {
      inventory: inventoryOf(api),
      kube: {
        authorities: api.authorities,
        getPod: async (name, options) => {
          const found = await api.getPod(name, options);
          await world.del(world.a, gone, { containerId });
          ips = await world.add(world.a, next, { containerId });
          return found;
        },
      },
    },
  });
  assertEquals([report.freed, report.kept.map(({ kind }) => kind)], [[], ["claimed"]]);
  assertEquals(await world.held(), Object.fromEntries(ips.map((ip) => [ip, containerId])));
});

testNeeding(
  NEEDS,
  "reconcile does not judge by the API of another cluster of the same name",
  async () => {
    await using kube = await startKube();
    await using other = await startKube({ etcd: kube.etcd, etcdPrefix: "/other" });
    await using world = await makeWorld(kube, { store: "etcd" });
    const pod = await world.pod();
    await world.add(world.a, pod);
    const before = await world.stored();
    const kubeConfig = await other.roleKubeconfig(world.a.root, {
      role: "reconcile",
      fileName: "other.kubeconfig",
    });
    const { code, json, stderr } = await run(world, {
      words: ["--grace", "0", "--json"],
      ipam: { kubeConfig },
    });
    assertEquals([code, json.freed], [1, []], stderr);
    assertMatch(json.refused[0]?.reason, /set ipam.cluster/);
    assertEquals(await world.stored(), before);
  },
);
