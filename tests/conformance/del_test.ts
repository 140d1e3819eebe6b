/**
 * DEL: it gives back what is there and succeeds when nothing is.
 *
 * @see https://www.cni.dev/docs/spec/#del-remove-container-from-network-or-un-apply-modifications
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { openSqlite } from "../../lib/datastore/sqlite.ts";
import {
  addressFor,
  assertRefused,
  assertResult,
  assertSilent,
  callFor,
  entriesIn,
  keysIn,
} from "../support/answers.ts";
import { makeSandbox, type Sandbox } from "../support/plugin.ts";

const FREE_AT_ONCE = { cooldown: "0s" };

async function assertNothingHeld(sandbox: Sandbox): Promise<void> {
  assertEquals(await keysIn(sandbox, "addresses", "attachments", "nodes", "expiring"), []);
}

Deno.test("DEL of what was never added succeeds, in each version and before the first ADD", async () => {
  await using sandbox = await makeSandbox();
  await Promise.all(["0.1.0", "0.4.0", "1.1.0"].map(async (cniVersion) => {
    const netconf = sandbox.netconf({}, { cniVersion });
    assertSilent(await sandbox.call(callFor("DEL", "unknown", { netconf })));
  }));
  assertEquals(await entriesIn(sandbox), []);
});

Deno.test("DEL twice succeeds twice", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf(FREE_AT_ONCE);
  await addressFor(sandbox, "c1", { netconf });
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf })));
  await assertNothingHeld(sandbox);
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf })));
});

Deno.test("DEL needs no network namespace, as the container may be gone", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf(FREE_AT_ONCE);
  await addressFor(sandbox, "c1", { netconf });
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf, netns: undefined })));
  await assertNothingHeld(sandbox);
});

Deno.test("DEL takes any prevResult: the one of ADD, an empty one, one of other addresses", async () => {
  await using sandbox = await makeSandbox();
  const plain = sandbox.netconf(FREE_AT_ONCE, { cniVersion: "1.1.0" });
  const result = assertResult(await sandbox.call(callFor("ADD", "c0", { netconf: plain })));
  const other = { cniVersion: "1.1.0", ips: [{ address: "192.0.2.1/24" }] };
  for (const [index, prevResult] of [result, {}, other].entries()) {
    const id = `c${index}`;
    if (index > 0) await addressFor(sandbox, id, { netconf: plain });
    const netconf = sandbox.netconf(FREE_AT_ONCE, { cniVersion: "1.1.0", prevResult });
    assertSilent(await sandbox.call(callFor("DEL", id, { netconf })));
  }
  await assertNothingHeld(sandbox);
});

Deno.test("DEL releases after the netconf's ranges have changed, are broken or are gone", async () => {
  await using sandbox = await makeSandbox();
  const first = sandbox.netconf(FREE_AT_ONCE);
  const later = [
    { subnet: "10.2.0.0/24" },
    { subnet: "10.1.0.5/24", rangeStart: "nonsense", routes: [{ dst: "x" }], exclude: ["-"] },
    { subnet: undefined, ranges: [[]] },
  ];
  for (const [index, ipam] of later.entries()) {
    await addressFor(sandbox, `c${index}`, { netconf: first });
    const netconf = sandbox.netconf({ ...FREE_AT_ONCE, ...ipam });
    assertSilent(await sandbox.call(callFor("DEL", `c${index}`, { netconf })));
    await assertNothingHeld(sandbox);
  }
});

Deno.test("DEL releases whatever CNI_ARGS and wishes are like", async () => {
  await using sandbox = await makeSandbox();
  const plain = sandbox.netconf(FREE_AT_ONCE);
  await addressFor(sandbox, "c1", { netconf: plain });
  const netconf = sandbox.netconf(FREE_AT_ONCE, {
    args: { cni: { ips: ["nonsense"] } },
    runtimeConfig: { ips: [17] },
  });
  const args = "IP=not-an-address;COLOUR=red;;=;";
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf, args })));
  await assertNothingHeld(sandbox);
});

Deno.test("DEL frees nothing of another container, interface, network or space", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf(FREE_AT_ONCE);
  await addressFor(sandbox, "c1", { netconf });
  const before = await entriesIn(sandbox);
  const others = [
    callFor("DEL", "c2", { netconf }),
    callFor("DEL", "c1", { netconf, ifName: "eth1" }),
    callFor("DEL", "c1", { netconf: sandbox.netconf(FREE_AT_ONCE, { name: "other" }) }),
    callFor("DEL", "c1", { netconf: sandbox.netconf({ ...FREE_AT_ONCE, addressSpace: "b" }) }),
  ];
  for (const answer of await Promise.all(others.map(sandbox.call))) assertSilent(answer);
  assertEquals(await entriesIn(sandbox), before);
});

Deno.test("ADD and DEL ignore white space around the IDs", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf(FREE_AT_ONCE);
  await addressFor(sandbox, " c1\n", { netconf, ifName: "  eth0 " });
  assertEquals(await keysIn(sandbox, "attachments"), ["attachments/testnet/c1/eth0"]);
  assertSilent(await sandbox.call(callFor("DEL", "\tc1 ", { netconf })));
  await assertNothingHeld(sandbox);
});

Deno.test("DEL after a refused ADD succeeds", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ rangeEnd: "10.1.0.2" });
  await addressFor(sandbox, "c1", { netconf });
  assertRefused(await sandbox.call(callFor("ADD", "c2", { netconf })), 100);
  assertSilent(await sandbox.call(callFor("DEL", "c2", { netconf })));
  assertEquals(await keysIn(sandbox, "attachments"), ["attachments/testnet/c1/eth0"]);
});

Deno.test("DEL that cannot know its datastore is refused, and says how to repair that", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ datastore: "etdc" });
  const { details } = assertRefused(await sandbox.call(callFor("DEL", "c1", { netconf })), 7);
  assertStringIncludes(details, "ipam.datastore");
});

Deno.test("DEL names a record that it cannot read, and leaves it", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf();
  const key = "/kube-ipam/v1/default/attachments/testnet/c1/eth0";
  {
    await using store = openSqlite(sandbox.dataDir);
    const put = { kind: "put", key, value: '{"schema":2}' } as const;
    await store.commit({ guards: [], writes: [put] }, { signal: AbortSignal.timeout(1000) });
  }
  const { details } = assertRefused(await sandbox.call(callFor("DEL", "c1", { netconf })), 6);
  assertStringIncludes(details, key);
  assertStringIncludes(details, "Install a kube-ipam at least as new");
});
