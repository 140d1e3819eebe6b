/** What schema 1 stored in etcd is served for good, and today's program stores the same there. */
import { assert, assertEquals } from "@std/assert";
import { openEtcd } from "../../lib/datastore/etcd/open.ts";
import type { Datastore } from "../../lib/datastore/datastore.ts";
import { parseAttachment } from "../../lib/state/record_text.ts";
import {
  callAt,
  identify,
  type Place,
  stickyRequest,
  tell,
  THEN,
} from "../fixtures/schema-1/story.ts";
import { RECORDS, restore } from "../fixtures/schema-1/stored.ts";
import { add, ipsOf } from "../support/allocator.ts";
import { startEtcd, type TestEtcd } from "../support/etcd.ts";
import { allEntries, checkInvariants } from "../support/invariants.ts";
import { testNeeding } from "../support/needs.ts";

function placeOn(etcd: TestEtcd): Place {
  const etcdConfig = { etcdURL: etcd.endpoints.join(",") };
  return { dataDir: `${etcd.dir}/node`, datastore: { datastore: "etcd", etcdConfig } };
}

function openOn(etcd: TestEtcd): Datastore {
  const dir = `${etcd.dir}/look`;
  return openEtcd(etcd.config(), { dataDir: dir, runDir: dir, random: () => 0 });
}

testNeeding(["etcd"], "today's program writes to etcd what schema 1 has", async () => {
  await using etcd = await startEtcd();
  await tell(placeOn(etcd), () => openOn(etcd));
  await using store = openOn(etcd);
  await checkInvariants(store);
  const written = new Map((await allEntries(store)).map(({ key, value }) => [key, value]));
  assertEquals([...written.keys()], RECORDS.map(({ key }) => key));
  // Of what it holds beyond these fields the unit tests tell.
  for (const { key, value } of RECORDS.filter(({ value }) => !value.startsWith("{"))) {
    assertEquals(written.get(key), value);
  }
});

testNeeding(["etcd"], "over schema 1 in etcd every verb works", async () => {
  await using etcd = await startEtcd();
  const place = placeOn(etcd);
  await identify(place.dataDir);
  await using store = openOn(etcd);
  await restore(store);
  await checkInvariants(store);
  const now = THEN + 10_000;
  const attachments = RECORDS.filter(({ key }) => key.includes("/attachments/"))
    .map(parseAttachment);
  for (const { network, containerID: containerId, addresses } of attachments) {
    const ips = addresses.map(({ ip, prefixLength }) => ({ address: `${ip}/${prefixLength}` }));
    const prevResult = { cniVersion: "1.1.0", ips };
    const call = { network, containerId, now, top: { prevResult } };
    const added = await callAt(place, { ...call, command: "ADD" });
    const given = JSON.parse(added.stdout).ips;
    assertEquals(given.map(({ address }: { address: string }) => ({ address })), ips);
    assertEquals(await callAt(place, { ...call, command: "CHECK" }), { code: 0, stdout: "" });
    if (containerId === "c-v6") continue; // left to GC
    assertEquals(await callAt(place, { ...call, command: "DEL" }), { code: 0, stdout: "" });
    await checkInvariants(store);
  }
  const top = { "cni.dev/valid-attachments": [] };
  const gc = { command: "GC", network: "six", containerId: "", now, top };
  assertEquals(await callAt(place, gc), { code: 0, stdout: "" });
  assertEquals((await checkInvariants(store)).size, 0);
  const kept = await add(store, { ...stickyRequest("web-3"), now });
  assert(kept.kind === "granted");
  assertEquals(ipsOf(kept), ["10.2.0.13"]);
  await checkInvariants(store);
});
