/**
 * ADD once more for the same attachment: the same result, whatever has changed meanwhile.
 *
 * The specification says that a runtime should not do this without a DEL; runtimes that were killed in between do.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  addressFor,
  assertRefused,
  assertResult,
  assertSilent,
  callFor,
  entriesIn,
  ipsOf,
} from "../support/answers.ts";
import { makeSandbox } from "../support/plugin.ts";

const ORDERED = { allocation: "sequential", cooldown: "0s" };

for (const cniVersion of ["0.2.0", "1.1.0"]) {
  Deno.test(`${cniVersion}: ADD repeated for an attachment answers the same and changes nothing`, async () => {
    await using sandbox = await makeSandbox();
    const netconf = sandbox.netconf(ORDERED, { cniVersion });
    const first = assertResult(await sandbox.call(callFor("ADD", "c1", { netconf })));
    const before = await entriesIn(sandbox);
    assertEquals(assertResult(await sandbox.call(callFor("ADD", "c1", { netconf }))), first);
    assertEquals(await entriesIn(sandbox), before);
  });
}

Deno.test("ADD repeated after the ranges have changed keeps the address", async () => {
  await using sandbox = await makeSandbox();
  const old = sandbox.netconf(ORDERED);
  assertEquals(await addressFor(sandbox, "c1", { netconf: old }), "10.1.0.2");
  const netconf = sandbox.netconf({ ...ORDERED, subnet: "10.2.0.0/24" });
  assertEquals(await addressFor(sandbox, "c1", { netconf }), "10.1.0.2");
  assertEquals(await addressFor(sandbox, "c2", { netconf }), "10.2.0.2");
});

Deno.test("ADD repeated with a wish that it holds already answers the same", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf(ORDERED);
  const call = callFor("ADD", "c1", { netconf, args: "IP=10.1.0.9" });
  const first = assertResult(await sandbox.call(call));
  assertEquals(ipsOf(first), ["10.1.0.9"]);
  assertEquals(assertResult(await sandbox.call(call)), first);
});

Deno.test("ADD repeated with another wish is refused with 101, names both, and keeps the address", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf(ORDERED);
  await addressFor(sandbox, "c1", { netconf });
  const before = await entriesIn(sandbox);
  const call = callFor("ADD", "c1", { netconf, args: "IP=10.1.0.9" });
  const { details } = assertRefused(await sandbox.call(call), 101);
  for (const word of ["10.1.0.2", "10.1.0.9", "DEL"]) assertStringIncludes(details, word);
  assertEquals(await entriesIn(sandbox), before);
});

Deno.test("ADDs of one attachment at once answer the same", async () => {
  await using sandbox = await makeSandbox();
  const call = callFor("ADD", "c1", { netconf: sandbox.netconf() });
  const answers = await Promise.all([1, 2, 3].map(() => sandbox.call(call)));
  const results = answers.map(assertResult);
  for (const result of results) assertEquals(result, results[0]);
});

Deno.test("ADD after DEL of the same attachment is a new one", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ ...ORDERED, cooldown: "1h" });
  assertEquals(await addressFor(sandbox, "c1", { netconf }), "10.1.0.2");
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf })));
  assertEquals(await addressFor(sandbox, "c1", { netconf }), "10.1.0.3");
  await entriesIn(sandbox);
});
