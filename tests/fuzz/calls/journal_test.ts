/** Whatever lies in the journal of releases that are owed: a call is answered as ours, and no record is damaged by it. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { entriesIn } from "../../support/answers.ts";
import { makeSandbox, type Sandbox } from "../../support/plugin.ts";
import { callHostile, goodEnv, VERBS } from "../_calls.ts";
import { corpus, fuzz } from "../_fuzz.ts";
import { aCut, cutUp, damaged, someEdits } from "../_mutate.ts";
import { startHostile } from "../_server.ts";
import { SECRETS } from "../_secrets.ts";

const SINCE = 1_900_000_000_000;
const ENTRY = {
  schema: 1,
  space: "default",
  network: "testnet",
  containerID: "c1",
  ifname: "eth0",
  since: SINCE,
  cluster: "default",
  node: "node-1",
  cooldownMs: 30_000,
  datastore: { kind: "sqlite" },
};
const ETCD = {
  kind: "etcd",
  endpoints: ["http://127.0.0.1:1"],
  transport: "gateway",
  username: "ipam",
};
const NAMES = ["c1@eth0", "c2@eth0", "c1@", "@eth0", "~x@eth0", "__proto__@eth0", "c1@eth0@@"];

/** A name of a file, as DEL writes it or nearly so. */
const aName = fc.tuple(
  fc.constantFrom(...NAMES),
  fc.constantFrom(SINCE.toString(16).padStart(16, "0"), "0".repeat(16), "f".repeat(16), "xyz", ""),
  fc.constantFrom(".json", ".json", ".json", ".json.00000000-0000-0000-0000-000000000000", ""),
).map(([name, moment, ending]) => `${name}@${moment}${ending}`);

function netconfFor(sandbox: Sandbox): Readonly<Record<string, unknown>> {
  return sandbox.netconf({ nodeName: "node-1", datastore: "sqlite", cooldown: "30s" }, {
    cniVersion: "1.1.0",
    "cni.dev/valid-attachments": [{ containerID: "other", ifname: "eth0" }],
    prevResult: { cniVersion: "1.1.0", ips: [{ address: "10.1.0.9/24" }], interfaces: [] },
  });
}

type Files = readonly (readonly [name: string, bytes: Uint8Array])[];

/** Lays files into the journal of a node, calls every verb, and looks whether all records can be read. */
async function callWith(files: Files): Promise<void> {
  await using sandbox = await makeSandbox();
  const stdin = netconfFor(sandbox);
  for (const id of ["other", "c1"]) await callHostile(sandbox, { env: goodEnv("ADD", id), stdin });
  const folder = `${sandbox.dataDir}/pending/default/testnet`;
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, bytes] of files) await Deno.writeFile(`${folder}/${name}`, bytes);
  // The first one is not asked by the container that owes a release: it only makes up for what is owed.
  for (const env of [goodEnv("ADD", "c9"), ...VERBS.map((verb) => goodEnv(verb))]) {
    await callHostile(sandbox, { env, stdin });
    await entriesIn(sandbox);
  }
}

function bytesOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

Deno.test("entries of the journal that were damaged are told of as ours by every verb", () => {
  const anEntry = fc.tuple(
    aName,
    fc.oneof(
      fc.tuple(fc.constantFrom<unknown>(ENTRY, ENTRY, { ...ENTRY, datastore: ETCD }), someEdits)
        .map(([entry, edits]) => bytesOf(damaged(entry, edits))),
      fc.array(aCut, { minLength: 1, maxLength: 2 }).map((cuts) => cutUp(bytesOf(ENTRY), cuts)),
      fc.constant(bytesOf(ENTRY)),
    ),
  );
  return fuzz(
    fc.asyncProperty(
      fc.array(anEntry, { minLength: 1, maxLength: 3 }),
      (files) => callWith(files),
    ),
    40,
  );
});

Deno.test("entries of the corpus are told of as ours by every verb", async () => {
  for (const { bytes } of corpus("journal")) {
    await callWith([[`c1@eth0@${SINCE.toString(16).padStart(16, "0")}.json`, bytes]]);
  }
});

Deno.test("an entry of a moment that no record can hold is nobody's (found by fuzz)", () =>
  callWith([[`c1@eth0@${"f".repeat(16)}.json`, bytesOf(ENTRY)]]));

Deno.test("a release that is owed holds no password", async () => {
  await using sandbox = await makeSandbox();
  await using server = startHostile(() => ({ pieces: [], then: "close" }));
  const etcdConfig = {
    etcdURL: server.url,
    etcdUsername: "ipam",
    etcdPassword: SECRETS.etcdPassword,
  };
  const stdin = sandbox.netconf({ etcdConfig });
  const { code } = await callHostile(sandbox, { env: goodEnv("DEL"), stdin });
  assertEquals(code, 0);
  const names = [...Deno.readDirSync(`${sandbox.dataDir}/pending/default/testnet`)];
  // What is in it, callHostile() looked at.
  assertEquals(names.length, 1);
});
