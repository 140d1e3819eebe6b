/** Attachments that lack what belongs to them are told, and nothing of them is changed. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Item } from "../../../../lib/ipam/reconcile/report.ts";
import { parseAddr } from "../../../../lib/net/addr.ts";
import { addressKey, nodeKey, podKey } from "../../../../lib/state/keys.ts";
import { release } from "../../../support/allocator.ts";
import { allEntries } from "../../../support/invariants.ts";
import {
  give,
  giveContainer,
  makeWorld,
  NOW,
  OLD,
  reconcileOnce,
  requestOf,
  run,
  told,
  uidOf,
  type World,
  write,
} from "./_world.ts";

const ROOT = "/kube-ipam/v1/default";

function keysOf(pod: string): { readonly node: string; readonly pod: string } {
  const name = { cluster: "default", network: "net", ifName: "eth0", node: "node-a" };
  return {
    node: nodeKey("default", { ...name, containerId: `c-${pod}` }),
    pod: podKey("default", { ...name, uid: uidOf(pod) }),
  };
}

async function valueOf({ store }: World, key: string): Promise<string> {
  return (await allEntries(store)).find((one) => one.key === key)?.value ?? "";
}

/** Reconciles, and checks that nothing was changed. */
async function kept(
  world: World,
  grace: { readonly graceMs?: number } = {},
): Promise<readonly Item[]> {
  const before = await allEntries(world.store);
  const report = await reconcileOnce(world, { unsound: true, scope: grace });
  assertEquals([report.freed, report.unreadable, report.refused], [[], [], []]);
  assertEquals(await allEntries(world.store), before);
  return report.kept;
}

async function alive(): Promise<{ readonly world: World; readonly ip: string }> {
  const world = makeWorld();
  run(world, "alive");
  return { world, ip: await give(world, "alive") };
}

Deno.test("a living attachment whose address is not recorded is told", async () => {
  const { world, ip } = await alive();
  await write(world, { kind: "delete", key: addressKey("default", parseAddr(ip)) });
  const items = await kept(world);
  assertEquals(told(items), [`damaged ${ip}`]);
  assertEquals(items[0]?.reason, `${ip} is not recorded: delete its pod`);
  assertEquals(items[0]?.pod, "shop/alive");
});

Deno.test("a living attachment whose address is recorded for another one is told, with both", async () => {
  const { world, ip } = await alive();
  run(world, "other");
  const other = await give(world, "other");
  const key = `${ROOT}/attachments/net/c-alive/eth0`;
  const value = (await valueOf(world, key)).replace(`"${ip}"`, `"${other}"`);
  const { pod } = keysOf("alive");
  await write(
    world,
    ...[key, pod].map((one) => ({ kind: "put", key: one, value } as const)),
    { kind: "delete", key: addressKey("default", parseAddr(ip)) },
  );
  const items = await kept(world);
  assertEquals(told(items), [`damaged ${other}`]);
  assertEquals(
    items[0]?.reason,
    `${other} is recorded for pod shop/other, container c-other (eth0): delete its pod, ` +
      "and pod shop/other, container c-other (eth0) too: both may use the address",
  );
});

Deno.test("a living attachment whose address cools down is told", async () => {
  const { world, ip } = await alive();
  const key = addressKey("default", parseAddr(ip));
  const value = (await valueOf(world, key)).replace('"held"', `"cooling","until":${NOW + 1}`);
  await write(world, { kind: "put", key, value });
  const items = await kept(world);
  assertMatch(items[0]?.reason ?? "", / is recorded as cooling: delete its pod$/);
});

Deno.test("a living attachment without its indexes is told, and how to free it", async () => {
  for (const index of ["node", "pod"] as const) {
    const { world, ip } = await alive();
    await write(world, { kind: "delete", key: keysOf("alive")[index] });
    const items = await kept(world);
    assertEquals(told(items), [`damaged ${ip}`]);
    assertEquals(
      items[0]?.reason,
      `its ${index}'s key is missing: delete its pod; if it is gone for certain, ` +
        `use kube-ipam release --force ${ip}`,
    );
  }
  const world = makeWorld();
  const ip = await giveContainer(world, "c-podman");
  await write(world, { kind: "delete", key: keysOf("podman").node });
  const [item, ...more] = await kept(world);
  assertEquals([item?.kind, item?.ip, more], ["damaged", ip, []]);
  assertMatch(item?.reason ?? "", /^its node's key is missing: remove its container; /);
});

Deno.test("a pod's key that names another container is told", async () => {
  const { world, ip } = await alive();
  const { pod } = keysOf("alive");
  const value = (await valueOf(world, pod)).replace('"c-alive"', '"c-new"');
  await write(world, { kind: "put", key: pod, value });
  const report = await reconcileOnce(world, { unsound: true, dryRun: true });
  assertEquals(told(report.kept), [`damaged ${ip}`]);
  assertMatch(report.kept[0]?.reason ?? "", /^its pod's key names .*container c-new \(eth0\): /);
});

Deno.test("what is young, another cluster's, whole again or freed is not told as damaged", async () => {
  const { world } = await alive();
  const { node } = keysOf("alive");
  await write(world, { kind: "delete", key: node });
  assertEquals(await kept(world, { graceMs: NOW - OLD + 1 }), []);
  assertEquals((await kept(world)).length, 1);
  // Mended while pods are listed: the survey still says otherwise.
  world.whileListing = () => void write(world, { kind: "put", key: node, value: "" });
  const mended = await reconcileOnce(world);
  assertEquals([mended.kept, mended.freed], [[], []]);
  world.whileListing = () => {};

  const asker = { cluster: "other", node: "node-o", nodeId: "id-o" };
  await give(world, "foreign", { asker });
  const name = { network: "net", containerId: "c-foreign", ifName: "eth0", ...asker };
  await write(world, { kind: "delete", key: nodeKey("default", name) });
  assertEquals(await kept(world), []);

  const gone = await give(world, "gone");
  await write(world, { kind: "delete", key: keysOf("gone").node });
  for (const dryRun of [true, false]) {
    const report = await reconcileOnce(world, { dryRun, unsound: true });
    assertEquals([told(report.freed), report.kept], [[`gone ${gone}`], []]);
  }
});

Deno.test("an attachment that was deleted after it was read is not told", async () => {
  const { world } = await alive();
  await write(world, { kind: "delete", key: keysOf("alive").node });
  world.whileListing = async () => {
    assertEquals((await release(world.store, requestOf("alive")))?.kind, "released");
  };
  const report = await reconcileOnce(world);
  assertEquals([report.kept, report.freed], [[], []]);
});

Deno.test("an address that cannot be read is told as such, and not as missing", async () => {
  const { world, ip } = await alive();
  await write(world, {
    kind: "put",
    key: addressKey("default", parseAddr(ip)),
    value: "broken",
  });
  const report = await reconcileOnce(world, { unsound: true });
  assertEquals([report.kept, report.unreadable.length], [[], 1]);
});
