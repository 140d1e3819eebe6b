/**
 * The netconf on stdin: its version, its name, and what is wrong with it.
 *
 * @see https://www.cni.dev/docs/spec/#network-configuration-format
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertRefused, assertResult, assertSilent, callFor } from "../support/answers.ts";
import { makeSandbox } from "../support/plugin.ts";

Deno.test("an error has the cniVersion of the netconf, in each version", async () => {
  await using sandbox = await makeSandbox();
  await Promise.all(["0.2.0", "0.4.0", "1.1.0"].map(async (cniVersion) => {
    const netconf = sandbox.netconf({ subnet: "10.1.0.9/24" }, { cniVersion });
    const refused = assertRefused(await sandbox.call(callFor("ADD", "c1", { netconf })), 7);
    assertEquals(refused.cniVersion, cniVersion);
  }));
});

Deno.test("a netconf without cniVersion is of 0.1.0", async () => {
  await using sandbox = await makeSandbox();
  for (const [index, cniVersion] of [undefined, ""].entries()) {
    const netconf = sandbox.netconf({ allocation: "lowest" }, { cniVersion });
    const result = assertResult(await sandbox.call(callFor("ADD", `c${index}`, { netconf })));
    assertEquals(result.cniVersion, "0.1.0");
    assertEquals(result.ip4.ip, `10.1.0.${index + 2}/24`);
    const refused = assertRefused(await sandbox.call(callFor("ADD", "a/b", { netconf })), 4);
    assertEquals(refused.cniVersion, "0.1.0");
  }
});

Deno.test("a version that is not exactly ours is refused with 1; details name both sides", async () => {
  await using sandbox = await makeSandbox();
  await Promise.all(["1.0", "2.0.0", 1].map(async (cniVersion) => {
    const netconf = sandbox.netconf({}, { cniVersion });
    const { msg, details } = assertRefused(
      await sandbox.call(callFor("ADD", "c1", { netconf })),
      1,
    );
    assertEquals(msg, "Incompatible CNI versions");
    for (const word of [String(cniVersion), "1.1.0"]) assertStringIncludes(details, word);
  }));
});

Deno.test("a network without a name, or with a bad one, is refused with 7", async () => {
  await using sandbox = await makeSandbox();
  await Promise.all([undefined, "a/b"].map(async (name) => {
    const netconf = sandbox.netconf({}, { name });
    const { details } = assertRefused(await sandbox.call(callFor("ADD", "c1", { netconf })), 7);
    assertStringIncludes(details, "name");
  }));
});

Deno.test("stdin that is no JSON object is refused with 6; line and column are told", async () => {
  await using sandbox = await makeSandbox();
  const texts: readonly (readonly [string, string])[] = [
    ['{"cniVersion":"1.0.0",\n "name":}', "line 2, column 9"],
    ["[]", "must be an object"],
    ["", ""],
  ];
  await Promise.all(texts.map(async ([netconf, word]) => {
    const { details } = assertRefused(await sandbox.call(callFor("ADD", "c1", { netconf })), 6);
    assertStringIncludes(details, word);
  }));
});

Deno.test("all mistakes of a netconf are told at once, each with its path", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({
    subnet: undefined,
    ranges: [[{ subnet: "10.1.0.0/24" }, { subnet: "10.2.0.0/24", rangeEnd: "10.3.0.1" }]],
    routes: [{ dst: "0.0.0.0/0" }, { dst: "nowhere" }],
    cooldown: "soon",
    allocation: "best",
  });
  const { details } = assertRefused(await sandbox.call(callFor("ADD", "c1", { netconf })), 7);
  for (
    const path of [
      "ipam.ranges[0][1].rangeEnd",
      "ipam.routes[1].dst",
      "ipam.cooldown",
      "ipam.allocation",
    ]
  ) assertStringIncludes(details, path);
  await Deno.stat(sandbox.dataDir).then(() => {
    throw new Error("Nothing must be written for a netconf that is refused");
  }, () => {});
});

Deno.test("an unknown key of ipam is a warning in the log, and a mistake with strict", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ allocatoin: "lowest" }, { unknownAtTop: 1 });
  assertResult(await sandbox.call(callFor("ADD", "c1", { netconf })));
  const [line] = await sandbox.log();
  assertEquals(line.level, "warn");
  assertStringIncludes(
    line.warnings.join(),
    'ipam.allocatoin: is not a known key: Did you mean "allocation"',
  );
  const strict = sandbox.netconf({ allocatoin: "lowest", strict: true });
  const refused = assertRefused(await sandbox.call(callFor("ADD", "c2", { netconf: strict })), 7);
  assertStringIncludes(refused.details, "ipam.allocatoin");
  assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf: strict })));
});

Deno.test("white space and an order mark around the netconf do no harm", async () => {
  await using sandbox = await makeSandbox();
  const text = `\uFEFF\n\t${JSON.stringify(sandbox.netconf())}\r\n\n`;
  assertResult(await sandbox.call(callFor("ADD", "c1", { netconf: text })));
});
