/** Whatever is stored: a call is answered as ours, by every verb, and what it cannot read stays. */
import fc from "fast-check";
import { openSqlite } from "../../../lib/datastore/sqlite.ts";
import type { Write } from "../../../lib/state/txn.ts";
import { makeSandbox, type Sandbox } from "../../support/plugin.ts";
import { callHostile, goodEnv, VERBS } from "../_calls.ts";
import { corpus, fuzz } from "../_fuzz.ts";
import { damaged, type Edit, someEdits } from "../_mutate.ts";
import { RECORDS } from "../_records.ts";

const ROOT = "/kube-ipam/v1/default/";
const KEYS = [...RECORDS.map(({ key }) => key), "nodes/default/node-1/testnet/c1/eth0"];

/** Stores these values, and nothing else. */
async function fill(
  sandbox: Sandbox,
  entries: readonly (readonly [key: string, value: string])[],
): Promise<void> {
  await using store = openSqlite(sandbox.dataDir);
  const writes = new Map<string, Write>([
    ...(await store.read([{ kind: "list", from: "/", to: "0", limit: 500 }], {
      signal: AbortSignal.timeout(9_000),
    }))
      .flatMap((seen) => seen.kind === "list" ? seen.entries : [])
      .map(({ key }) => [key, { kind: "delete", key }] as const),
    ...entries.map(([key, value]) =>
      [ROOT + key, { kind: "put", key: ROOT + key, value }] as const
    ),
  ]);
  await store.commit({ guards: [], writes: [...writes.values()] }, {
    signal: AbortSignal.timeout(9_000),
  });
}

function netconfFor(sandbox: Sandbox, ips: readonly string[]): unknown {
  return sandbox.netconf({
    nodeName: "node-1",
    rangeEnd: "10.1.0.12",
    allocation: "lowest",
    datastore: "sqlite",
    retain: "1h",
  }, {
    cniVersion: "1.1.0",
    runtimeConfig: { ips },
    "cni.dev/valid-attachments": [],
    prevResult: { cniVersion: "1.1.0", ips: [{ address: "10.1.0.9/24" }], interfaces: [] },
  });
}

async function callAll(sandbox: Sandbox): Promise<void> {
  const CNI_ARGS = "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-1;K8S_POD_UID=u-1";
  for (const ips of [[], ["10.1.0.9"], ["10.1.0.10"], ["10.1.0.11"]]) {
    const env = {
      ...goodEnv("ADD", `c${ips.length + 1}`),
      ...(ips.length === 0 ? { CNI_ARGS } : {}),
    };
    await callHostile(sandbox, { env, stdin: netconfFor(sandbox, ips) });
  }
  for (const verb of VERBS) {
    await callHostile(sandbox, { env: goodEnv(verb), stdin: netconfFor(sandbox, []) });
  }
}

function shuffled(values: readonly string[], at: number): (readonly [string, string])[] {
  return KEYS.map((key, index) => [key, values[(index + at) % values.length] ?? ""]);
}

Deno.test("records that were damaged are told of as ours by every verb", async () => {
  await using sandbox = await makeSandbox();
  const anEntry = fc.tuple(fc.nat(RECORDS.length - 1), someEdits);
  await fuzz(
    fc.asyncProperty(fc.array(anEntry, { minLength: 1, maxLength: 3 }), async (wrong) => {
      const edits = new Map<number, readonly Edit[]>(wrong);
      await fill(
        sandbox,
        RECORDS.map((
          { key, value },
          index,
        ) => [key, JSON.stringify(damaged(value, edits.get(index) ?? []))]),
      );
      await callAll(sandbox);
    }),
    25,
  );
});

Deno.test("records under each other's keys are told of as ours by every verb", async () => {
  await using sandbox = await makeSandbox();
  const good = RECORDS.map(({ value }) => JSON.stringify(value));
  for (let at = 1; at < RECORDS.length; at++) {
    await fill(sandbox, shuffled(good, at));
    await callAll(sandbox);
  }
});

Deno.test("records of the corpus are told of as ours by every verb", async () => {
  await using sandbox = await makeSandbox();
  for (const { text } of corpus("record")) {
    await fill(sandbox, shuffled([text], 0));
    await callAll(sandbox);
  }
});
