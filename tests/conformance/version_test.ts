/**
 * VERSION: which protocol versions are served.
 *
 * @see https://www.cni.dev/docs/spec/#version-probe-plugin-version-support
 * @module
 */
import { assertEquals } from "@std/assert";
import { ALL_VERSIONS, assertResult } from "../support/answers.ts";
import { makeSandbox } from "../support/plugin.ts";

Deno.test("VERSION echoes the version on stdin and lists all, known or not", async () => {
  await using sandbox = await makeSandbox();
  await Promise.all(["0.1.0", "1.0.0", "2.0.0"].map(async (cniVersion) => {
    const answer = await sandbox.call({ command: "VERSION", netconf: { cniVersion } });
    assertEquals(assertResult(answer), { cniVersion, supportedVersions: ALL_VERSIONS });
  }));
});

Deno.test("VERSION needs neither a netconf nor any variable beside CNI_COMMAND", async () => {
  await using sandbox = await makeSandbox();
  for (const netconf of ["", "not JSON", { name: "net", ipam: {} }]) {
    const answer = await sandbox.call({ command: "VERSION", netconf });
    assertEquals(assertResult(answer), { cniVersion: "1.1.0", supportedVersions: ALL_VERSIONS });
  }
});
