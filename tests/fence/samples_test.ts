/** Every sample loads through our own loader without a warning. */
import { assert, assertEquals } from "@std/assert";
import { SAMPLE_KINDS, sampleNetconf } from "../../lib/command/outputconf.ts";
import type { Netconf } from "../../lib/config/config.ts";
import { isRecord } from "../../lib/cni/values.ts";
import { parseNetconf } from "../../lib/config/json.ts";
import { loadConfig } from "../../lib/config/load.ts";

const SAMPLES = new URL("../../config-samples/", import.meta.url);
const KUBERNETES_FREE = ["quickstart-sqlite.conf", "podman.conflist"];

/** What the runtime hands to the plugin: of a list, each member with the list's version and name. */
function callsOf(text: string): readonly Netconf[] {
  const netconf = parseNetconf(text);
  const { plugins, cniVersion, name } = netconf;
  const members: readonly unknown[] = Array.isArray(plugins) ? plugins : [netconf];
  return members.filter(isRecord).map((member) => ({ ...member, cniVersion, name }))
    .filter((member) => "ipam" in member);
}

function jsonOf(text: string): string {
  const lines = text.split("\n");
  const at = lines.findIndex((line) => line.trim() === "config: |");
  return at < 0 ? text : lines.slice(at + 1).join("\n");
}

function checkSample(text: string, options: { readonly kubernetes: boolean }): void {
  const calls = callsOf(jsonOf(text));
  assertEquals(calls.length, 1);
  for (const netconf of calls) {
    assertEquals(isRecord(netconf["ipam"]) && netconf["ipam"]["type"], "kube-ipam");
    for (const command of ["ADD", "DEL"] as const) {
      const config = loadConfig(netconf, { command, args: { ips: [], gateways: [] }, ...options });
      assertEquals(config.warnings, []);
      assert(config.sets.length > 0);
      assertEquals(config.annotations, options.kubernetes ? "off" : config.annotations);
    }
  }
}

Deno.test("every sample in config-samples loads without a warning", async () => {
  let count = 0;
  for await (const { name } of Deno.readDir(SAMPLES)) {
    if (!/\.(conf|conflist|yaml)$/.test(name)) continue;
    count++;
    const text = await Deno.readTextFile(new URL(name, SAMPLES));
    checkSample(text, { kubernetes: !KUBERNETES_FREE.includes(name) });
  }
  assert(count >= 11, `${count} samples`);
});

Deno.test("every output of -outputconf loads without a warning, and stands in config-samples", async () => {
  for (const kind of SAMPLE_KINDS) {
    const text = sampleNetconf(kind);
    checkSample(text, { kubernetes: true });
    const file = kind + (text.includes('"plugins"') ? ".conflist" : ".conf");
    assertEquals(await Deno.readTextFile(new URL(file, SAMPLES)), text);
  }
});

Deno.test("the Multus sample lets the runtime ask for addresses", async () => {
  const text = await Deno.readTextFile(new URL("multus-net-attach-def.yaml", SAMPLES));
  assertEquals(parseNetconf(jsonOf(text))["capabilities"], { ips: true });
});
