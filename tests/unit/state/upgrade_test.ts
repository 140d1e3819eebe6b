/**
 * What schema 1 stored is read and served for good: these fixtures are never written anew (docs/keys.md, "What a change must not break").
 */
import { assert, assertEquals } from "@std/assert";
import { openSqlite } from "../../../lib/datastore/sqlite.ts";
import { MemoryDatastore } from "../../../lib/datastore/memory.ts";
import { planFree } from "../../../lib/ipam/free.ts";
import { planList } from "../../../lib/ipam/listing.ts";
import { parseAddr } from "../../../lib/net/addr.ts";
import { readPending } from "../../../lib/plugin/pending/entry.ts";
import { listPending, listPlaces } from "../../../lib/plugin/pending/files.ts";
import {
  formatRecord,
  parseAddress,
  parseAttachment,
  parseCluster,
  parseCursor,
  parseExpiring,
  parseNetwork,
  parseOwner,
} from "../../../lib/state/record_text.ts";
import type { Entry } from "../../../lib/state/txn.ts";
import {
  type OldNode,
  oldNode,
  pendingFiles,
  RECORDS,
  restore,
} from "../../fixtures/schema-1/stored.ts";
import { AUTHORITY, FOUR, SIX, stickyRequest, tell, THEN } from "../../fixtures/schema-1/story.ts";
import { add, ipsOf, release, runPlan } from "../../support/allocator.ts";
import { addressStates, allEntries, checkInvariants } from "../../support/invariants.ts";

const ROOT = "/kube-ipam/v1/default/";
const NOW = THEN + 10_000;
/** Calls that clear away what has cooled down, at most. */
const TURNS = 50;

type Parser = (entry: Entry) => Parameters<typeof formatRecord>[0];

const PARSERS: Readonly<Record<string, Parser>> = {
  addresses: parseAddress,
  attachments: parseAttachment,
  pods: parseAttachment,
  owners: parseOwner,
  expiring: parseExpiring,
  clusters: parseCluster,
  networks: parseNetwork,
};

/** A value without the fields that another one has not. */
function fieldsOf(value: unknown, like: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(like)) {
    return value.map((one, index) => fieldsOf(one, like[index]));
  }
  if (typeof value !== "object" || typeof like !== "object" || like === null) return value;
  return Object.fromEntries(
    Object.entries(like).map((
      [key, field],
    ) => [key, fieldsOf(Reflect.get({ ...value }, key), field)]),
  );
}

function folderOf({ key }: Entry): string {
  return key.slice(ROOT.length).split("/")[0] ?? "";
}

function parserOf(entry: Entry): Parser | undefined {
  return PARSERS[folderOf(entry)];
}

/** The attachments, and the addresses of each. */
function attachmentsOf(entries: readonly Entry[]): ReadonlyMap<string, readonly string[]> {
  const records = entries.filter((entry) => folderOf(entry) === "attachments").map(parseAttachment);
  return new Map(
    records.map(({ network, containerID, addresses }) => [
      `${network}/${containerID}`,
      addresses.map(({ ip, prefixLength }) => `${ip}/${prefixLength}`),
    ]),
  );
}

async function entriesAt(node: OldNode): Promise<readonly Entry[]> {
  await using store = node.open();
  await checkInvariants(store);
  return await allEntries(store);
}

Deno.test("the fixtures of schema 1 hold a record of every kind", () => {
  const kinds = new Set(RECORDS.flatMap((entry) => {
    const folder = folderOf(entry);
    const record = entry.value.startsWith("{") ? JSON.parse(entry.value) : {};
    const family = /^(?:addresses|expiring)\/(\d)/.exec(entry.key.slice(ROOT.length))?.[1] ?? "";
    return [
      [folder, record.state, family],
      ...Object.keys(record).map((field) => [folder, field]),
      ...(record.addresses?.[0]
        ? Object.keys(record.addresses[0]).map((one) => [folder, one])
        : []),
      [folder, record.rule, record.until === undefined ? "" : "until"],
      [folder, "pod", ...Object.keys(record.pod ?? {})],
      [folder, record.state, record.ownerKey === undefined ? "" : "ownerKey"],
      [folder, `${record.addresses?.length ?? 0} addresses`],
    ].map((parts) => parts.filter((part) => part !== undefined && part !== "").join(" "));
  }));
  const expected = [
    ...["held 4", "held 6", "cooling 4", "cooling 6", "retained 4", "retained 6"],
    ...["forever", "owner", "1h", "1h until", "authority", "gateway"],
    ...["pod name", "pod namespace name", "pod namespace name uid"],
  ].map((kind) => `addresses ${kind}`).concat(
    ["1 addresses", "2 addresses", "pod name", "pod namespace name", "authority", "owner", "rule"]
      .map((kind) => `attachments ${kind}`),
    ["held", "retained", "1 addresses", "2 addresses", "until"].map((kind) => `owners ${kind}`),
    ["cooling", "retained", "retained ownerKey"].map((kind) => `expiring ${kind}`),
    ["pods pod namespace name uid", "networks ranges", "clusters authorities", "nodes", "cursor"],
  );
  assertEquals(expected.filter((kind) => !kinds.has(kind)), []);
});

for (const entry of RECORDS) {
  const parser = parserOf(entry);
  if (parser === undefined) continue;
  const name = entry.key.slice(ROOT.length);

  Deno.test(`schema 1 is read: ${name}`, () => {
    const record = parser(entry);
    assertEquals(JSON.parse(formatRecord(record)), JSON.parse(entry.value));
    // What a later schema 1 adds, this reader passes over.
    const later = { ...JSON.parse(entry.value), later: { than: "this" } };
    const read = parser({ ...entry, value: JSON.stringify(later) });
    assertEquals(fieldsOf(read, record), record);
  });
}

Deno.test("schema 1 is read: a cursor, and an entry of the node index", () => {
  const cursor = RECORDS.find((entry) => folderOf(entry) === "cursor");
  assert(cursor !== undefined);
  assertEquals(parseCursor(cursor), parseAddr("10.1.0.14"));
  assertEquals(RECORDS.find((entry) => folderOf(entry) === "nodes")?.value, "");
});

Deno.test("a SQLite file of schema 1 holds the records of schema 1", async () => {
  await using node = await oldNode();
  assertEquals(await entriesAt(node), RECORDS);
});

Deno.test("today's program writes every key and field that schema 1 has, as schema 1 has it", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "kube-ipam-upgrade-" });
  try {
    await tell({ dataDir, datastore: { datastore: "sqlite" } }, () => openSqlite(dataDir));
    await using store = openSqlite(dataDir);
    const written = new Map((await allEntries(store)).map(({ key, value }) => [key, value]));
    assertEquals([...written.keys()], RECORDS.map(({ key }) => key));
    for (const { key, value } of RECORDS) {
      const text = written.get(key) ?? "";
      if (!value.startsWith("{")) assertEquals(text, value, key);
      else assertEquals(fieldsOf(JSON.parse(text), JSON.parse(value)), JSON.parse(value), key);
    }
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("over schema 1 an ADD is repeated, a CHECK agrees and a DEL frees", async () => {
  await using node = await oldNode();
  const attachments = attachmentsOf(RECORDS);
  assert(attachments.size >= 10);
  for (const [name, addresses] of attachments) {
    const [network = "", containerId = ""] = name.split("/");
    const again = await node.call({ command: "ADD", network, containerId, now: NOW });
    const found = JSON.parse(again.stdout).ips.map(({ address }: { address: string }) => address);
    assertEquals(found, addresses, name);
    const prevResult = { cniVersion: "1.1.0", ips: addresses.map((address) => ({ address })) };
    const call = { command: "CHECK", network, containerId, now: NOW };
    assertEquals(await node.call({ ...call, top: { prevResult } }), { code: 0, stdout: "" }, name);
  }
  assertEquals(attachmentsOf(await entriesAt(node)), attachments);

  for (const name of attachments.keys()) {
    const [network = "", containerId = ""] = name.split("/");
    const deleted = await node.call({ command: "DEL", network, containerId, now: NOW });
    assertEquals(deleted, { code: 0, stdout: "" }, name);
  }
  const left = await entriesAt(node);
  assertEquals(attachmentsOf(left).size, 0);
  await using store = node.open();
  const states = await addressStates(store);
  assertEquals([states["10.2.0.10"], states["10.2.0.15"]], ["retained", "retained"]);
  assertEquals(states["10.1.0.200"], undefined);
});

Deno.test("over schema 1 a GC keeps what is valid, frees the rest, and detaches what is sticky", async () => {
  await using node = await oldNode();
  const valid = { "cni.dev/valid-attachments": [{ containerID: "c-v4", ifname: "eth0" }] };
  for (const network of ["plain", "six", "dual", "sticky"]) {
    const call = { command: "GC", network, containerId: "", now: NOW, top: valid };
    assertEquals(await node.call(call), { code: 0, stdout: "" }, network);
  }
  const left = await entriesAt(node);
  assertEquals([...attachmentsOf(left).keys()], ["plain/c-v4"]);
  assertEquals(left.filter((entry) => folderOf(entry) === "owners").length, 6);
});

Deno.test("over schema 1 everything is listed, and everything is released by force", async () => {
  await using store = new MemoryDatastore();
  await restore(store);
  await checkInvariants(store);
  const { rows } = await runPlan(store, planList({ space: "default" }));
  const addresses = RECORDS.filter((entry) => folderOf(entry) === "addresses").map(parseAddress);
  assertEquals(rows, addresses.map((record) => ({ kind: "address", record })));
  for (const { ip, state } of addresses) {
    const plan = planFree({ space: "default", addr: parseAddr(ip), force: true, now: NOW });
    const freed = await runPlan(store, plan);
    // One of a pair goes with the other.
    assert(freed.kind === "freed" || (freed.kind === "absent" && state === "held"), ip);
    await checkInvariants(store);
  }
  const folders = new Set((await allEntries(store)).map(folderOf));
  assertEquals([...folders].sort(), ["clusters", "cursor", "networks"]);
});

const KEPT: Readonly<Record<string, readonly string[]>> = {
  "web-1": ["10.2.0.11"],
  "web-2": ["10.2.0.12"],
  "web-3": ["10.2.0.13"],
  "web-4": ["10.2.0.14", "fd00:2::10"],
};

Deno.test("over schema 1 an owner gets what was kept for it, and a pod its own", async () => {
  await using store = new MemoryDatastore();
  await restore(store);
  for (const [pod, ips] of Object.entries(KEPT)) {
    const sets = ips.length > 1 ? [FOUR, SIX] : [FOUR];
    const request = { ...stickyRequest(pod, { sets }), now: NOW, retain: "forever" } as const;
    const outcome = await add(store, request);
    assertEquals(ipsOf(outcome), ips, pod);
    await checkInvariants(store);
    assertEquals((await release(store, request))?.kind, "released");
    await checkInvariants(store);
  }
  // A new sandbox of a pod that still holds: take-over by the pod index.
  const former = stickyRequest("web-6");
  const asker = { ...former.asker, containerId: "web-6-new", authorities: [AUTHORITY] };
  const taken = await add(store, { ...former, asker, now: NOW });
  assertEquals(ipsOf(taken), ["10.2.0.16"]);
  await checkInvariants(store);
});

Deno.test("over schema 1 what has cooled down is given again, and cleared away", async () => {
  await using node = await oldNode();
  const now = THEN + 24 * 3_600_000;
  const added = await node.call({
    command: "ADD",
    network: "plain",
    containerId: "c-new",
    args: "IP=10.1.0.200",
    now,
  });
  assertEquals(JSON.parse(added.stdout).code, 11, "it is held");
  for (const containerId of ["c-fixed", "c-v4"]) {
    await node.call({ command: "DEL", network: "plain", containerId, now });
  }
  const former = new Set(RECORDS.map(({ key }) => key));
  const left = async (): Promise<readonly Entry[]> =>
    (await entriesAt(node))
      .filter((entry) => folderOf(entry) === "expiring" && former.has(entry.key));
  // Each call clears some, and not every one the same.
  for (let turn = 0; turn < TURNS && (await left()).length > 0; turn++) {
    const call = { network: "plain", containerId: `c-${turn}`, now: now + 60_000 * turn };
    assertEquals((await node.call({ command: "ADD", ...call })).code, 0);
    assertEquals((await node.call({ command: "DEL", ...call })).code, 0);
  }
  assertEquals(await left(), []);
});

Deno.test("releases that schema 1 owes are read, and made up for", async () => {
  await using node = await oldNode();
  const { dataDir } = node;
  for (const [path, text] of await pendingFiles()) {
    const file = `${dataDir}/${path}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
  const owed = listPlaces(dataDir).flatMap(listPending).map(readPending);
  assertEquals(
    owed.map((one) => [one?.name.containerId, one?.since, one?.datastore.kind]).sort(),
    [["c-v4", THEN + 60_000, "sqlite"], ["c-v6", THEN + 60_000, "etcd"]],
  );
  const now = THEN + 120_000;
  const call = { command: "ADD", network: "plain", containerId: "c-pod", now };
  assertEquals((await node.call(call)).code, 0);
  const left = attachmentsOf(await entriesAt(node));
  assertEquals(left.has("plain/c-v4"), false);
  assertEquals(left.size, attachmentsOf(RECORDS).size - 1);
  // Nothing that SQLite shows proves anything of an etcd.
  assertEquals(listPlaces(dataDir).flatMap(listPending).length, 1);
});
