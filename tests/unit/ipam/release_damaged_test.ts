import { assertEquals } from "@std/assert";
import { MemoryDatastore } from "../../../lib/datastore/memory.ts";
import { planRelease } from "../../../lib/ipam/release.ts";
import { parseAddr } from "../../../lib/net/addr.ts";
import { addressKey, attachmentKey, expiringKey } from "../../../lib/state/keys.ts";
import type { Entry } from "../../../lib/state/txn.ts";
import {
  add,
  addRequest,
  ASKER,
  ipsOf,
  release,
  runPlan,
  seeded,
} from "../../support/allocator.ts";
import { allEntries } from "../../support/invariants.ts";
import { setOf } from "../../support/sets.ts";

const SETS = [setOf({ subnet: "10.0.0.0/24" })];
/** Later than this each expired record is cleared by the next DEL. */
const STAGGER_MS = 30_000;
const SIGNAL = { signal: AbortSignal.timeout(60_000) };

async function put(store: MemoryDatastore, entry: Pick<Entry, "key" | "value">): Promise<void> {
  await store.commit({ guards: [], writes: [{ kind: "put", ...entry }] }, SIGNAL);
}

async function foldersOf(store: MemoryDatastore): Promise<readonly string[]> {
  const folders = (await allEntries(store)).map(({ key }) => key.split("/")[4] ?? "");
  return [...new Set(folders)].sort();
}

// Found by the robustness harness with a planted defect: every DEL that saw such records failed with code 999.
Deno.test("planRelease() passes by an address that two keys under expiring/ name", async () => {
  await using store = new MemoryDatastore();
  const random = seeded(2);
  const request = (containerId: string, now: number): ReturnType<typeof addRequest> =>
    addRequest({ sets: SETS, now, random, asker: { containerId } });
  const [ip = ""] = ipsOf(await add(store, request("c1", 1_000)));
  await release(store, request("c1", 1_000));
  const addr = parseAddr(ip);
  const twin = (await allEntries(store)).find(({ key }) => key.includes("/expiring/"));
  await put(store, {
    key: expiringKey("default", { untilMs: 31_001, addr }),
    value: twin?.value ?? "",
  });
  await add(store, request("c2", 2_000));
  assertEquals((await release(store, request("c2", 31_001 + STAGGER_MS)))?.kind, "released");
});

Deno.test("planRelease() releases two attachments that name one address, one after the other", async () => {
  await using store = new MemoryDatastore();
  const [ip = ""] = ipsOf(await add(store, addRequest({ sets: SETS })));
  const name = { network: ASKER.network, ifName: ASKER.ifName };
  const [own, other] = ["c1", "c2"].map((containerId) => ({ ...name, containerId }));
  if (own === undefined || other === undefined) throw new TypeError("Cannot name two attachments");
  const entry = (await allEntries(store)).find(({ key }) => key === attachmentKey("default", own));
  const value = (entry?.value ?? "").replace('"containerID":"c1"', '"containerID":"c2"');
  await put(store, { key: attachmentKey("default", other), value });
  const released = await runPlan(
    store,
    planRelease({ space: "default", node: ASKER, names: [own, other], cooldownMs: 0, now: 1 }),
  );
  assertEquals(released.map(({ kind }) => kind), ["released", "released"]);
  assertEquals(await foldersOf(store), []);
  assertEquals(
    (await allEntries(store)).some(({ key }) => key === addressKey("default", parseAddr(ip))),
    false,
  );
});
