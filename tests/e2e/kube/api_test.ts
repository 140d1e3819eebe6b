/** The Kubernetes API down, slow or refusing: the pod waits with a clear error and never gets another address. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { DEFAULT_KUBECONFIG } from "../../../lib/config/defaults.ts";
import { assertRefused, assertResult, assertSilent } from "../../support/answers.ts";
import { startKube } from "../../support/kube.ts";
import { startKubeProxy } from "../../support/kube_proxy.ts";
import { testNeeding } from "../../support/needs.ts";
import { startProxy } from "../../support/proxy.ts";
import { assertHeld, containerOf, inBothStores, makeWorld, NEEDS } from "./_world.ts";

const FIXED = "10.1.1.5";
const WISH = { "kube-ipam.ip": FIXED };

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

testNeeding(NEEDS, "the Kubernetes API out of order", async (t) => {
  await using kube = await startKube();

  await inBothStores(
    t,
    "down, slow, 401, 403, 429 and 5xx: each has its code and its advice",
    async (store) => {
      await using proxy = startKubeProxy(kube);
      await using world = await makeWorld(kube, { store, server: proxy.url });
      const pod = await world.pod({ annotations: WISH });
      for (
        const [mode, code, words] of [
          [401, 106, /401/],
          [403, 106, /config-samples\/rbac\.yaml/],
          [404, 11, /404/],
          [429, 11, /429/],
          [500, 11, /500/],
          [503, 11, /503/],
          ["hang", 11, /time|answer/i],
        ] as const
      ) {
        proxy.mode = mode;
        assertMatch((await world.refused(code, world.a, pod)).details, words);
        await assertHeld(world, {});
      }
      proxy.mode = "pass";
      proxy.delayMs = 500;
      assertEquals(await world.add(world.a, pod), [FIXED]);
      // DEL needs no API.
      proxy.mode = "hang";
      await world.del(world.a, pod);
      await assertHeld(world, {});
    },
  );

  await inBothStores(t, "what a proxy says of a holder proves nothing", async (store) => {
    await using proxy = startKubeProxy(kube);
    await using world = await makeWorld(kube, { store, server: proxy.url });
    const holder = await world.pod({ name: "holder", annotations: WISH });
    const next = await world.pod({ name: "next", annotations: WISH });
    await world.add(world.a, holder);
    await kube.deletePod(holder, { graceSeconds: 0 });
    for (const mode of [403, 404, 503] as const) {
      proxy.failBelow(`/api/v1/namespaces/${world.namespace}/pods/holder`, mode);
      const { details } = await world.refused(11, world.b, next);
      assertMatch(details, /nobody can tell whether its pod lives/);
    }
    await assertHeld(world, { [FIXED]: containerOf(world.a, holder) });
    proxy.failBelow("/none", "pass");
    assertEquals(await world.add(world.b, next), [FIXED]);
  });

  await inBothStores(
    t,
    "the API stopped: no connection is code 11, and the pod gets its address later",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      const pod = await world.pod({ annotations: WISH });
      await kube.stop();
      try {
        const { details } = await world.refused(11, world.a, pod);
        assertMatch(details, /Check that the API server runs/);
        await assertHeld(world, {});
      } finally {
        await kube.start();
      }
      assertEquals(await world.add(world.a, pod), [FIXED]);
    },
  );

  await inBothStores(t, "a pod that the API does not know: wait", async (store) => {
    await using world = await makeWorld(kube, { store });
    const pod = await world.pod({ annotations: WISH });
    await kube.deletePod(pod, { graceSeconds: 0 });
    assertMatch((await world.refused(11, world.a, pod)).details, /knows no pod/);
    await assertHeld(world, {});
  });

  await inBothStores(
    t,
    "no kubeconfig is code 7, only annotations: off means off",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      const pod = await world.pod({ annotations: WISH });
      const ipam = { kubeConfig: `${world.a.root}/none` };
      const { details } = await world.refused(7, world.a, pod, { ipam });
      assert(details.includes(`${world.a.root}/none`), details);
      // A machine that is a node of a cluster has the default file, and then it is read.
      if (!await isFile(DEFAULT_KUBECONFIG)) {
        const fallback = await world.refused(7, world.a, pod, { ipam: { kubeConfig: undefined } });
        assertMatch(
          fallback.details,
          /pki\/kubectl\.kubeconfig.*Set ipam\.kubeConfig or annotations: "off"/,
        );
      }
      const off = { ipam: { ...ipam, annotations: "off" } };
      assertMatch((await world.add(world.a, pod, off))[0] ?? "", /^10\.1\.0\./);
      const exec = `${world.a.root}/exec.kubeconfig`;
      const text = await Deno.readTextFile(`${world.a.root}/kubectl.kubeconfig`);
      await Deno.writeTextFile(
        exec,
        text.replace(/token: .*/, "exec: {apiVersion: v1, command: aws}"),
      );
      const refused = await world.refused(7, world.a, pod, { ipam: { kubeConfig: exec } });
      assertMatch(refused.details, /exec/);
      // Inside etcdConfig, as the documents have it, it is found too.
      if (store === "etcd") {
        const etcdConfig = {
          etcdURL: kube.etcd.endpoints.join(","),
          kubeConfig: `${world.a.root}/kubectl.kubeconfig`,
        };
        await world.del(world.a, pod);
        const inner = { ipam: { kubeConfig: undefined, etcdConfig } };
        assertEquals(await world.add(world.a, pod, inner), [FIXED]);
      }
    },
  );

  await inBothStores(
    t,
    "STATUS tells an unusable kubeconfig, and not an API that is down",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      const pod = await world.pod();
      const none = { ipam: { kubeConfig: `${world.a.root}/none` }, top: { cniVersion: "1.1.0" } };
      assertRefused(await world.call("STATUS", world.a, pod, none), 50);
      await using proxy = startKubeProxy(kube, "hang");
      await using other = await makeWorld(kube, { store, server: proxy.url });
      assertSilent(await other.call("STATUS", other.a, pod, { top: { cniVersion: "1.1.0" } }));
    },
  );

  await t.step(
    "an ADD with an annotation: one GET of the pod, one or two trips to etcd",
    async () => {
      await using proxy = startKubeProxy(kube);
      await using etcd = startProxy(kube.etcd.endpoints[0] ?? "");
      const ipam = { etcdConfig: { etcdURL: etcd.url } };
      await using world = await makeWorld(kube, { store: "etcd", server: proxy.url, ipam });
      const trips = async (action: () => Promise<unknown>): Promise<readonly [number, number]> => {
        proxy.reset();
        etcd.reset();
        await action();
        return [proxy.requests.length, etcd.paths.length];
      };
      const warm = await world.pod();
      await world.add(world.a, warm); // records the network and the cluster, once after boot
      const fixed = await world.pod({ annotations: WISH });
      assertEquals(await trips(() => world.add(world.a, fixed)), [1, 1]);
      assertEquals(proxy.requests, [
        { method: "GET", path: `/api/v1/namespaces/${fixed.namespace}/pods/${fixed.name}` },
      ]);
      assertEquals(await trips(() => world.del(world.a, fixed)), [0, 2]);
      const sticky = await world.pod({
        annotations: { "kube-ipam.owner": "db", "kube-ipam.retain": "forever" },
      });
      assertEquals(await trips(() => world.add(world.a, sticky)), [1, 1]);
      assertEquals(await trips(() => world.del(world.a, sticky)), [0, 2]);
      assertEquals(await trips(() => world.add(world.a, sticky)), [1, 2]);
      const again = { containerId: "again" };
      assertEquals(await trips(() => world.add(world.a, sticky, again)), [1, 2]);
      const next = await world.pod({ annotations: WISH });
      await world.add(world.a, fixed);
      await kube.deletePod(fixed, { graceSeconds: 0 });
      // The holder's pod, its records, and the claim.
      assertEquals(await trips(() => world.add(world.a, next)), [2, 3]);
    },
  );

  await inBothStores(
    t,
    "of the pod only its name and its used annotations are stored or logged",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      const secret = "s3cr3t-9f2a";
      const pod = await world.pod({
        annotations: {
          ...WISH,
          "example.com/note": `note-${secret}`,
          // It is read, and counts for nothing here.
          "k8s.v1.cni.cncf.io/networks": `[{"name": "a", "cni-args": {"key": "args-${secret}"}}]`,
        },
        labels: { app: `label-${secret}` },
        env: { PASSWORD: `env-${secret}` },
      });
      assertResult(await world.call("ADD", world.a, pod));
      const other = await world.pod({ annotations: WISH, env: { PASSWORD: `env-${secret}` } });
      const { details } = await world.refused(11, world.b, other);
      const logs = JSON.stringify([await world.a.log(), await world.b.log()]);
      const stored = await world.stored();
      const all = [details, logs, stored.split(world.space).slice(1).join("")].join("\n");
      assert(!all.includes(secret), "something of the pod leaked");
      const token = /token: (\S+)/.exec(
        await Deno.readTextFile(`${world.a.root}/kubectl.kubeconfig`),
      )?.[1] ?? "none";
      assert(!all.includes(token), "the token leaked");
      const line = (await world.a.log()).at(-1);
      assertEquals(line.annotations, WISH);
    },
  );
});
