/**
 * Thirty-two processes on one SQLite file at once, and a process that keeps the file to itself for longer than a call lasts.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { addressFor, assertRefused, assertSilent, callFor, ipsOf } from "../../support/answers.ts";
import { makeSandbox } from "../../support/plugin.ts";
import { databaseOf, heldIn, soundEntries } from "./_sqlite.ts";

const CALLS = 32;
const TOP = { cniVersion: "1.1.0" };

Deno.test("32 ADDs, DELs, CHECKs, GCs and STATUS at once do not disturb each other", async () => {
  await using box = await makeSandbox();
  const ipam = { rangeStart: "10.1.0.10", rangeEnd: "10.1.0.59", cooldown: "0s" };
  const netconf = box.netconf(ipam, TOP);
  const ids = Array.from({ length: CALLS }, (_, index) => `c${index}`);
  // The file is made by all of them at once.
  const added = await Promise.all(ids.map((id) => addressFor(box, id, { netconf })));
  assertEquals(new Set(added).size, CALLS);

  const valid = Array.from(
    { length: 2 * CALLS },
    (_, index) => ({ containerID: `c${index}`, ifname: "eth0" }),
  );
  const mixed = Array.from({ length: CALLS }, (_, index) => {
    const prevResult = { cniVersion: "1.1.0", ips: [{ address: `${added[index]}/24` }] };
    const top = { ...TOP, prevResult, "cni.dev/valid-attachments": valid };
    const verb = ["DEL", "CHECK", "ADD", "DEL", "CHECK", "ADD", "GC", "STATUS"][index % 8] ?? "";
    const id = verb === "ADD" ? `c${CALLS + index}` : `c${index}`;
    return { verb, id, call: callFor(verb, id, { netconf: box.netconf(ipam, top) }) };
  });
  const answers = await Promise.all(mixed.map(({ call }) => box.call(call)));
  const expected = new Map(ids.map((id, index) => [id, added[index] ?? ""]));
  for (const [index, { verb, id }] of mixed.entries()) {
    const answer = answers[index];
    assertEquals(answer?.code, 0, `${verb} ${id}: ${answer?.stdout}`);
    if (verb === "DEL") expected.delete(id);
    if (verb === "ADD") expected.set(id, ipsOf(answer?.json)[0] ?? "");
  }
  assertEquals(new Set(expected.values()).size, expected.size);
  assertEquals(new Map([...heldIn(await soundEntries(box))].sort()), new Map([...expected].sort()));
});

Deno.test("a process that keeps the file is waited for, then an ADD is told 11, a DEL is owed, and readers are served", async () => {
  await using box = await makeSandbox();
  const netconf = box.netconf({ cooldown: "0s" }, TOP);
  const ip = await addressFor(box, "c1", { netconf });
  const before = await soundEntries(box);
  const prevResult = { cniVersion: "1.1.0", ips: [{ address: `${ip}/24` }] };
  using hog = new DatabaseSync(databaseOf(box));
  hog.exec("BEGIN IMMEDIATE");
  const [added, checked, status, other, deleted] = await Promise.all([
    box.call(callFor("ADD", "c2", { netconf })),
    box.call(callFor("CHECK", "c1", { netconf: box.netconf({}, { ...TOP, prevResult }) })),
    box.call(callFor("STATUS", "", { netconf })),
    box.call(callFor("ADD", "c3", { netconf })),
    box.call(callFor("DEL", "c1", { netconf })),
  ]);
  for (const answer of [added, other]) {
    const { msg, details } = assertRefused(answer, 11);
    assertEquals(msg, "Cannot reach the datastore");
    assertMatch(details, /another process kept it locked for too long.*tries again/s);
  }
  assertSilent(checked);
  assertSilent(status);
  assertSilent(deleted); // it is owed, and made up for by the next call
  assertEquals((await box.log()).filter(({ outcome }) => outcome === "deferred").length, 1);
  hog.exec("ROLLBACK");
  assertEquals(await soundEntries(box), before);
  await addressFor(box, "c2", { netconf });
  assertEquals([...heldIn(await soundEntries(box)).keys()], ["c2"]);

  // For a moment only: nobody is told.
  hog.exec("BEGIN IMMEDIATE");
  const waiting = addressFor(box, "c3", { netconf });
  await new Promise((resolve) => setTimeout(resolve, 500));
  hog.exec("ROLLBACK");
  await waiting;
  assertEquals([...heldIn(await soundEntries(box)).keys()], ["c2", "c3"]);
});
