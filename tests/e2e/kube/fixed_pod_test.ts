/** Fixed addresses of pods, on a real Kubernetes API with the role of the sample, from two nodes. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { assertResult, ipsOf } from "../../support/answers.ts";
import { startKube } from "../../support/kube.ts";
import { testNeeding } from "../../support/needs.ts";
import { assertHeld, containerOf, inBothStores, makeWorld, NEEDS } from "./_world.ts";

const FIXED = "10.1.1.5";
const WISH = { "kube-ipam.ip": FIXED };

testNeeding(NEEDS, "fixed pods", async (t) => {
  await using kube = await startKube();

  await inBothStores(
    t,
    "a pod gets what its annotations say, and DEL gives it back",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      const pod = await world.pod({
        annotations: {
          ...WISH,
          "kube-ipam.netmask": "255.255.255.0",
          "kube-ipam.gateway": "10.1.1.254",
        },
      });
      const more = {
        ipam: { routes: [{ dst: "0.0.0.0/0" }, { dst: "10.7.0.0/16", gw: "10.1.1.9" }] },
      };
      const result = assertResult(await world.call("ADD", world.a, pod, more));
      assertEquals(result.ips, [{ address: "10.1.1.5/24", gateway: "10.1.1.254" }]);
      assertEquals(result.routes, [
        { dst: "0.0.0.0/0", gw: "10.1.1.254" },
        { dst: "10.7.0.0/16", gw: "10.1.1.9" },
      ]);
      await assertHeld(world, { [FIXED]: containerOf(world.a, pod) });
      const prevResult = { ...result, interfaces: [{ name: "eth0", sandbox: "/run/netns/test" }] };
      const top = { prevResult: { ...prevResult, ips: [{ ...result.ips[0], interface: 0 }] } };
      assertEquals((await world.call("CHECK", world.a, pod, { ...more, top })).stdout, "");
      await world.del(world.a, pod, more);
      await assertHeld(world, {});
    },
  );

  await inBothStores(
    t,
    "delete and recreate: the same address, on the other node too",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      for (const node of [world.a, world.b, world.a]) {
        const pod = await world.pod({ name: "db", annotations: WISH });
        assertEquals(await world.add(node, pod), [FIXED]);
        await world.del(node, pod);
        await kube.deletePod(pod, { graceSeconds: 0 });
      }
      await assertHeld(world, {});
    },
  );

  await inBothStores(
    t,
    "two Deployments that want one address: the second is told who has it",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      const first = await world.pod({ name: "first", annotations: WISH });
      const second = await world.pod({ name: "second", annotations: WISH });
      await world.add(world.a, first);
      const { details } = await world.refused(11, world.b, second);
      assertMatch(
        details,
        new RegExp(
          `10\\.1\\.1\\.5 \\(kube-ipam\\.ip\\): held by ${world.namespace}/first, .* on node-a since `,
        ),
      );
      await world.del(world.b, second);
      await assertHeld(world, { [FIXED]: containerOf(world.a, first) });
      await world.del(world.a, first);
      assertEquals(await world.add(world.b, second), [FIXED]);
    },
  );

  await inBothStores(t, "16 ADDs at once for one address: exactly one wins", async (store) => {
    await using world = await makeWorld(kube, { store });
    const pods = await Promise.all(
      Array.from(
        { length: 16 },
        (_, index) => world.pod({ name: `web-${index}`, annotations: WISH }),
      ),
    );
    const answers = await Promise.all(
      pods.map((pod, index) => world.call("ADD", index % 2 === 0 ? world.a : world.b, pod)),
    );
    assertEquals(answers.filter(({ code }) => code === 0).length, 1);
    for (const { code, json } of answers) if (code !== 0) assertEquals(json.code, 11);
    assertEquals(Object.keys(await world.held()), [FIXED]);
  });

  await inBothStores(
    t,
    "the annotation edited between ADD and DEL: DEL frees what was given",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      const pod = await world.pod({ annotations: WISH });
      await world.add(world.a, pod);
      await kube.annotate(pod, { "kube-ipam.ip": "10.1.1.6" });
      await world.del(world.a, pod);
      await assertHeld(world, {});
    },
  );

  await inBothStores(t, "a pod without annotations gets a random address", async (store) => {
    await using world = await makeWorld(kube, { store });
    const pod = await world.pod();
    const [ip = ""] = await world.add(world.a, pod);
    assertMatch(ip, /^10\.1\.0\.\d+$/);
  });

  await inBothStores(t, "IPv4 and IPv6 by one annotation, both or none", async (store) => {
    const ipam = {
      subnet: undefined,
      rangeStart: undefined,
      rangeEnd: undefined,
      ranges: [
        [{ subnet: "10.1.0.0/16", rangeStart: "10.1.0.10", rangeEnd: "10.1.0.200" }],
        [{ subnet: "fd00:1::/64", rangeStart: "fd00:1::100", rangeEnd: "fd00:1::1ff" }],
      ],
    };
    await using world = await makeWorld(kube, { store, ipam });
    const annotations = {
      "kube-ipam.ip": "10.1.1.5, fd00:1::5",
      "kube-ipam.netmask": "24, /48",
      "kube-ipam.gateway": "fd00:1::fe, 10.1.1.1",
    };
    const pod = await world.pod({ annotations });
    const result = assertResult(await world.call("ADD", world.a, pod));
    assertEquals(result.ips, [
      { address: "10.1.1.5/24", gateway: "10.1.1.1" },
      { address: "fd00:1::5/48", gateway: "fd00:1::fe" },
    ]);
    const other = await world.pod({ annotations: { "kube-ipam.ip": "10.1.1.6,fd00:1::5" } });
    await world.refused(11, world.b, other);
    assertEquals(Object.keys(await world.held()).sort(), ["10.1.1.5", "fd00:1::5"]);
  });

  await inBothStores(
    t,
    "an address that may not be fixed is refused, with both ranges",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      for (
        const [ip, words] of [
          ["10.1.0.50", ["10.1.0.10-10.1.0.200", "10.1.0.201"]],
          ["10.1.0.1", ["gateway"]],
          ["10.2.0.5", ["10.1.0.0/16"]],
          ["10.1.255.255", []],
        ] as const
      ) {
        const pod = await world.pod({ annotations: { "kube-ipam.ip": ip } });
        const { details } = await world.refused(102, world.a, pod);
        for (const word of [ip, ...words]) assert(details.includes(word), `${word} in: ${details}`);
      }
      const narrow = await world.pod({ annotations: { "kube-ipam.ip": "10.1.0.50" } });
      const ipam = { rangeStart: undefined, rangeEnd: undefined, subnet: "10.1.0.0/24" };
      const { details } = await world.refused(102, world.a, narrow, { ipam });
      assertMatch(details, /fixedStart/);
      assertMatch(details, /fixedEnd/);
      const fixed = { ...ipam, fixedStart: "10.1.0.40", fixedEnd: "10.1.0.60" };
      assertEquals(await world.add(world.a, narrow, { ipam: fixed }), ["10.1.0.50"]);
    },
  );

  await inBothStores(
    t,
    "a malformed annotation is shown with its place and a correct one",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      for (
        const [annotations, words] of [
          [{ "kube-ipam.ip": "10.1.1.5, 10.1.1.300" }, ["kube-ipam.ip", "10.1.1.300"]],
          [{ "kube-ipam.ips": FIXED }, ["kube-ipam.ips", "kube-ipam.ip"]],
          [{ ...WISH, "kube-ipam.netmask": "255.0.255.0" }, ["kube-ipam.netmask", "255.0.255.0"]],
          [{ ...WISH, "kube-ipam.gateway": "10.9.9.9" }, ["kube-ipam.gateway", "10.9.9.9"]],
          [{ "kube-ipam.gateway": "10.1.0.9" }, ["kube-ipam.gateway", "kube-ipam.ip"]],
          [{ ...WISH, "kube-ipam.retain": "always" }, ["kube-ipam.retain", "always", "forever"]],
        ] as const
      ) {
        const pod = await world.pod({ annotations });
        const { details } = await world.refused(103, world.a, pod);
        for (const word of words) assert(details.includes(word), `${word} in: ${details}`);
      }
      await assertHeld(world, {});
    },
  );

  await inBothStores(t, "what the runtime asks for wins over the annotation", async (store) => {
    await using world = await makeWorld(kube, { store });
    const pod = await world.pod({ annotations: WISH });
    const top = { runtimeConfig: { ips: ["10.1.1.77/16"] } };
    assertEquals(await world.add(world.a, pod, { top }), ["10.1.1.77"]);
    const warned = (await world.a.log()).at(-1);
    assertMatch(JSON.stringify(warned.warnings), /kube-ipam\.ip/);
  });

  await inBothStores(
    t,
    "a pool for the replicas of a Deployment: each gets one of it",
    async (store) => {
      await using world = await makeWorld(kube, { store });
      const annotations = { "kube-ipam.pool": "10.1.1.10-10.1.1.12" };
      const pods = await Promise.all([1, 2, 3].map(() => world.pod({ annotations })));
      const ips = await Promise.all(pods.map(async (pod) => (await world.add(world.b, pod))[0]));
      assertEquals(ips.toSorted(), ["10.1.1.10", "10.1.1.11", "10.1.1.12"]);
      const late = await world.pod({ annotations });
      const { details } = await world.refused(100, world.a, late);
      assert(details.includes("10.1.1.10-10.1.1.12"), details);
      const [gone] = pods;
      if (gone !== undefined) await kube.deletePod(gone, { graceSeconds: 0 });
      assertEquals(ipsOf(assertResult(await world.call("ADD", world.a, late))), [ips[0] ?? ""]);
    },
  );

  await inBothStores(t, "the policy says who may claim what", async (store) => {
    const fixedPolicy = [
      { ranges: ["10.1.1.0-10.1.1.9"], namespaces: ["elsewhere"] },
      { addresses: ["10.1.1.20"], namespaces: ["*"], serviceAccounts: ["db"] },
    ];
    await using world = await makeWorld(kube, { store, ipam: { fixedPolicy } });
    const pod = await world.pod({ annotations: WISH });
    const { details } = await world.refused(108, world.a, pod);
    assertMatch(details, /ipam\.fixedPolicy\[0\].*elsewhere/);
    const annotations = { "kube-ipam.ip": "10.1.1.20" };
    const other = await world.pod({ annotations });
    assertMatch((await world.refused(108, world.a, other)).details, /ipam\.fixedPolicy\[1\]/);
    await kube.admin("POST", `/api/v1/namespaces/${world.namespace}/serviceaccounts`, {
      metadata: { name: "db" },
    });
    const db = await world.pod({ annotations, serviceAccountName: "db" });
    assertEquals(await world.add(world.a, db), ["10.1.1.20"]);
  });
});
