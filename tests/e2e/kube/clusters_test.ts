/** Two clusters on one etcd, with equal node and pod names: neither ever takes or frees what is the other's. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { startEtcd } from "../../support/etcd.ts";
import { startKube, type TestKube } from "../../support/kube.ts";
import { testNeeding } from "../../support/needs.ts";
import { makeWorld, NEEDS, type World } from "./_world.ts";

const FIXED = "10.1.1.5";
const WISH = { "kube-ipam.ip": FIXED };

/** Two worlds that share an address space and a namespace's name. */
async function both(
  kubes: readonly [TestKube, TestKube],
  { clusters }: { readonly clusters: readonly [string | undefined, string | undefined] },
): Promise<readonly [World, World] & AsyncDisposable> {
  const addressSpace = `s${crypto.randomUUID().slice(0, 8)}`;
  const worlds = await Promise.all(
    kubes.map((kube, index) =>
      makeWorld(kube, { store: "etcd", ipam: { addressSpace, cluster: clusters[index] } })
    ),
  );
  const [first, second] = worlds;
  if (first === undefined || second === undefined) throw new Error("Cannot make two worlds");
  return Object.assign([first, second] as const, {
    [Symbol.asyncDispose]: async () => {
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
    },
  });
}

const SAME = { namespace: "shop", nodeName: "node-a" };

testNeeding(NEEDS, "two clusters on one etcd", async (t) => {
  await using etcd = await startEtcd();
  await using one = await startKube({ etcd, etcdPrefix: "/one" });
  await using two = await startKube({ etcd, etcdPrefix: "/two" });
  const stored = async ({ stored }: World): Promise<readonly string[]> =>
    JSON.parse(await stored()).map(({ key, value }: Record<string, string>) => `${key} ${value}`);

  for (
    const [name, clusters] of [
      ["with ipam.cluster set", ["one", "two"]],
      ["both at the default", [undefined, undefined]],
    ] as const
  ) {
    await t.step(`a fixed address of the other cluster's pod is held, ${name}`, async () => {
      await using pair = await both([one, two], { clusters });
      const [first, second] = pair;
      const mine = await first.pod({
        ...SAME,
        name: `db-${clusters[0] ?? "0"}`,
        annotations: WISH,
      });
      assertEquals(await first.add(first.a, mine), [FIXED]);
      const theirs = await second.pod({ ...SAME, name: mine.name, annotations: WISH });
      const { details } = await second.refused(11, second.a, theirs);
      assertMatch(details, clusters[0] === undefined ? /set ipam\.cluster/ : /of cluster one/);
      // Neither is anything taken when the pod is gone in the one and the other never knew it.
      await one.deletePod(mine, { graceSeconds: 0 });
      await second.refused(11, second.a, theirs);
      await second.del(second.a, theirs);
      assertEquals(Object.keys(await first.held()), [FIXED]);
      const next = await first.pod({
        ...SAME,
        name: `next-${clusters[0] ?? "0"}`,
        annotations: WISH,
      });
      assertEquals(await first.add(first.b, next), [FIXED]);
    });

    await t.step(`a sticky owner of the same name is another, ${name}`, async () => {
      await using pair = await both([one, two], { clusters });
      const [first, second] = pair;
      const annotations = { "kube-ipam.owner": "primary", "kube-ipam.retain": "forever" };
      const mine = await first.pod({ ...SAME, annotations });
      const [ip = ""] = await first.add(first.a, mine);
      await first.del(first.a, mine);
      const kept = await stored(first);
      const theirs = await second.pod({ ...SAME, annotations });
      if (clusters[0] === undefined) {
        const { details } = await second.refused(11, second.a, theirs);
        assertMatch(details, /set ipam\.cluster/);
        assertEquals(await stored(first), kept);
      } else {
        assert((await second.add(second.a, theirs))[0] !== ip);
      }
      const again = await first.pod({ ...SAME, annotations });
      assertEquals(await first.add(first.b, again), [ip]);
    });

    await t.step(
      `static pods of one manifest on nodes of one name are two pods, ${name}`,
      async () => {
        await using pair = await both([one, two], { clusters });
        const [first, second] = pair;
        const hash = crypto.randomUUID().replaceAll("-", "");
        const annotations = { ...WISH, "kubernetes.io/config.hash": hash };
        const same = { ...SAME, name: `static-${hash.slice(0, 8)}`, annotations };
        const [mine, theirs] = [await first.pod(same), await second.pod(same)];
        assertEquals(await first.add(first.a, mine, { uid: hash, containerId: "one" }), [FIXED]);
        await second.refused(11, second.a, theirs, { uid: hash, containerId: "two" });
        await second.del(second.a, theirs, { uid: hash, containerId: "two" });
        assertEquals(await first.held(), { [FIXED]: "one" });
      },
    );

    await t.step(`GC of the one frees nothing of the other, ${name}`, async () => {
      await using pair = await both([one, two], { clusters });
      const [first, second] = pair;
      const mine = await first.pod({ ...SAME });
      const theirs = await second.pod({ ...SAME });
      const ips = [await first.add(first.a, mine), await second.add(second.a, theirs)].flat();
      const top = { cniVersion: "1.1.0", "cni.dev/valid-attachments": [] };
      const answer = await second.call("GC", second.a, theirs, { top });
      assertEquals([answer.code, answer.stdout], [0, ""]);
      assertEquals(Object.keys(await first.held()), [ips[0]]);
    });
  }

  await t.step("the second cluster of one name is warned", async () => {
    await using pair = await both([one, two], { clusters: [undefined, undefined] });
    const [first, second] = pair;
    await first.add(first.a, await first.pod({ ...SAME }));
    await second.add(second.a, await second.pod({ ...SAME }));
    assertMatch(JSON.stringify((await second.a.log()).at(-1)?.warnings), /set ipam\.cluster/);
  });
});
