/**
 * What a newer kube-ipam wrote is refused with code 6 before anything is written, wherever a call needs it; where none does, it stays.
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import type { Datastore } from "../../../lib/datastore/datastore.ts";
import { SQLITE_FILE } from "../../../lib/datastore/sqlite.ts";
import { planFree } from "../../../lib/ipam/free.ts";
import { planList } from "../../../lib/ipam/listing.ts";
import { parseAddr } from "../../../lib/net/addr.ts";
import { RecordError } from "../../../lib/state/record_text.ts";
import type { Entry } from "../../../lib/state/txn.ts";
import { type OldNode, oldNode, pendingFiles } from "../../fixtures/schema-1/stored.ts";
import { stickyRequest, type StoryCall, THEN } from "../../fixtures/schema-1/story.ts";
import { add, runPlan } from "../../support/allocator.ts";
import { allEntries } from "../../support/invariants.ts";

const ROOT = "/kube-ipam/v1/default/";
const NOW = THEN + 120_000;
const INSTALL = /schema 2.*Install a kube-ipam at least as new as the newest one/s;
/** Nothing that this program knows is left of it. */
const NEWER = '{"schema":2,"everything":{"is":"called otherwise"}}';

/** Writes a newer record in the place of an older one, in the same transaction as whatever was written with that. */
function renew({ dataDir }: OldNode, key: string): void {
  const db = new DatabaseSync(`${dataDir}/${SQLITE_FILE}`);
  try {
    const { changes } = db.prepare("UPDATE entries SET value = ? WHERE key = ?")
      .run(NEWER, `${ROOT}${key}`);
    assertEquals(Number(changes), 1, key);
  } finally {
    db.close();
  }
}

async function entriesAt(node: OldNode): Promise<readonly Entry[]> {
  await using store = node.open();
  return await allEntries(store);
}

const POD = "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=api;" +
  "K8S_POD_UID=0b6f0c1e-6a52-4c11-9c83-3d4d1f5b7a01";

/** `prevResult` with one address. */
function previous(address: string): NonNullable<StoryCall["top"]> {
  return { prevResult: { cniVersion: "1.1.0", ips: [{ address }] } };
}

interface Refused {
  readonly key: string;
  readonly call: Omit<StoryCall, "now">;
}

const REFUSED: Readonly<Record<string, Refused>> = {
  "an ADD, its own attachment": {
    key: "attachments/plain/c-v4/eth0",
    call: { command: "ADD", network: "plain", containerId: "c-v4" },
  },
  "an ADD, the address that it asks for": {
    key: "addresses/4/0a0100c8",
    call: { command: "ADD", network: "plain", containerId: "c-new", args: "IP=10.1.0.200" },
  },
  "an ADD, a cooling address that it asks for": {
    key: "addresses/4/0a01000e",
    call: { command: "ADD", network: "plain", containerId: "c-new", args: "IP=10.1.0.14" },
  },
  "an ADD, what its pod holds": {
    key: "pods/default/0b6f0c1e-6a52-4c11-9c83-3d4d1f5b7a01/plain/eth0",
    call: { command: "ADD", network: "plain", containerId: "c-new", args: POD },
  },
  "an ADD, the cursor": {
    key: "cursor/plain/0",
    call: { command: "ADD", network: "plain", containerId: "c-new" },
  },
  "a DEL, its attachment": {
    key: "attachments/plain/c-v4/eth0",
    call: { command: "DEL", network: "plain", containerId: "c-v4" },
  },
  "a CHECK, its attachment": {
    key: "attachments/plain/c-v4/eth0",
    call: {
      command: "CHECK",
      network: "plain",
      containerId: "c-v4",
      top: previous("10.1.0.10/24"),
    },
  },
  "a CHECK, its address": {
    key: "addresses/4/0a01000a",
    call: {
      command: "CHECK",
      network: "plain",
      containerId: "c-v4",
      top: previous("10.1.0.10/24"),
    },
  },
  "a GC, what is stale": {
    key: "attachments/six/c-v6/eth0",
    call: {
      command: "GC",
      network: "six",
      containerId: "",
      top: { "cni.dev/valid-attachments": [] },
    },
  },
};

for (const [who, { key, call }] of Object.entries(REFUSED)) {
  Deno.test(`a newer record is refused with 6, and nothing is written: ${who}`, async () => {
    await using node = await oldNode();
    renew(node, key);
    const before = await entriesAt(node);
    const { code, stdout } = await node.call({ ...call, now: NOW });
    assertEquals(code, 1, stdout);
    const refused = JSON.parse(stdout);
    assertEquals(refused.code, 6, stdout);
    assertMatch(refused.details, INSTALL);
    assert(refused.details.includes(`${ROOT}${key}`), stdout);
    assertEquals(await entriesAt(node), before);
  });
}

interface RefusedPlan {
  readonly key: string;
  readonly run: (store: Datastore) => Promise<unknown>;
}

const AGAIN = stickyRequest("web-1").asker;

function freePlan(ip: string, force = false): (store: Datastore) => Promise<unknown> {
  return (store) =>
    runPlan(store, planFree({ space: "default", addr: parseAddr(ip), force, now: NOW }));
}

const REFUSED_PLANS: Readonly<Record<string, RefusedPlan>> = {
  "an ADD, what is kept for its owner": {
    key: "owners/default/sticky/shop/web-1/eth0",
    run: (store) =>
      add(store, { ...stickyRequest("web-1"), asker: { ...AGAIN, containerId: "web-1-2" } }),
  },
  "an ADD, the API that knows its owner": {
    key: "clusters/default",
    run: (store) =>
      add(store, {
        ...stickyRequest("web-1"),
        asker: { ...AGAIN, containerId: "web-1-2", authorities: ["of another certificate"] },
      }),
  },
  "a release, the address": {
    key: "addresses/4/0a02000b",
    run: freePlan("10.2.0.11"),
  },
  "a release, the owner": {
    key: "owners/default/sticky/shop/web-1/eth0",
    run: freePlan("10.2.0.11"),
  },
  "a release by force, the attachment": {
    key: "attachments/plain/c-v4/eth0",
    run: freePlan("10.1.0.10", true),
  },
};

for (const [who, { key, run }] of Object.entries(REFUSED_PLANS)) {
  Deno.test(`a newer record is refused with 6, and nothing is written: ${who}`, async () => {
    await using node = await oldNode();
    renew(node, key);
    const before = await entriesAt(node);
    await using store = node.open();
    const error = await assertRejects(() => run(store), RecordError);
    assertMatch(`${error.message}. ${error.repair}`, INSTALL);
    assertEquals(error.key, `${ROOT}${key}`);
    assertEquals(await allEntries(store), before);
  });
}

/** What a call meets and does not need. */
const PASSED_OVER: Readonly<Record<string, string>> = {
  "another attachment": "attachments/plain/c-fixed/eth0",
  "another's address": "addresses/4/0a01000a",
  "an address that cools down no more": "expiring/4/0000019aa4b6be18/0a01000e",
  "the ranges of the network": "networks/plain",
  "another owner": "owners/default/sticky/shop/web-3/eth0",
};

for (const [what, key] of Object.entries(PASSED_OVER)) {
  Deno.test(`a newer record that nobody needs stands in nobody's way, and stays: ${what}`, async () => {
    await using node = await oldNode();
    renew(node, key);
    const call = { network: "plain", containerId: "c-new", now: NOW };
    for (const command of ["ADD", "DEL"]) {
      const { code, stdout } = await node.call({ ...call, command });
      assertEquals(code, 0, stdout);
      const found = (await entriesAt(node)).find((entry) => entry.key === `${ROOT}${key}`);
      assertEquals(found?.value, NEWER);
    }
    const cooling = (await entriesAt(node)).some((entry) => entry.key.endsWith("/0a01000e"));
    assertEquals(cooling, key.startsWith("expiring/"), "an address goes with its expiring key");
  });
}

Deno.test("a newer address is listed as unreadable, beside all others", async () => {
  await using node = await oldNode();
  renew(node, "addresses/4/0a01000a");
  await using store = node.open();
  const { rows } = await runPlan(store, planList({ space: "default" }));
  const unreadable = rows.flatMap((row) => row.kind === "unreadable" ? [row] : []);
  assertEquals(unreadable.map(({ ip }) => ip), ["10.1.0.10"]);
  assertEquals(
    rows.length - 1,
    (await allEntries(store))
      .filter(({ key }) => key.startsWith(`${ROOT}addresses/`)).length - 1,
  );
});

Deno.test("a release that a newer kube-ipam owes is left to that", async () => {
  await using node = await oldNode();
  const [path] = [...(await pendingFiles()).keys()].filter((file) => file.includes("/plain/"));
  const file = `${node.dataDir}/${path}`;
  await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(file, NEWER);
  const before = (await entriesAt(node)).filter(({ key }) => key.includes("/c-v4/"));
  for (const command of ["ADD", "DEL"]) {
    const call = { command, network: "plain", containerId: "c-new", now: NOW };
    assertEquals((await node.call(call)).code, 0);
  }
  assertEquals(await Deno.readTextFile(file), NEWER);
  const left = (await entriesAt(node)).filter(({ key }) => key.includes("/c-v4/"));
  assertEquals(left, before);
  assertMatch(await Deno.readTextFile(`${node.dataDir}/log`), /schema 2 .*install a newer one/);
});
