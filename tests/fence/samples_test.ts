/** Every sample loads through our own loader without a warning. */
import { assert, assertEquals } from "@std/assert";
import { SAMPLE_KINDS, sampleNetconf } from "../../lib/command/outputconf.ts";
import { isRecord } from "../../lib/cni/values.ts";
import { parseNetconf } from "../../lib/config/json.ts";
import { loadConfig } from "../../lib/config/load.ts";
import {
  callsOf,
  definitionsOf,
  readManifests,
  sampleNames,
  SAMPLES,
} from "../support/manifests.ts";
import { parseYaml } from "../support/yaml.ts";

const KUBERNETES_FREE = ["quickstart-sqlite.conf", "podman.conflist"];
const KUBECONFIG = "/etc/kubernetes/pki/kubectl.kubeconfig";

function checkSample(text: string, options: { readonly kubernetes: boolean }): void {
  const calls = callsOf(text);
  assertEquals(calls.length, 1);
  for (const netconf of calls) {
    const { ipam } = netconf;
    assert(isRecord(ipam));
    assertEquals(ipam["type"], "kube-ipam");
    for (const command of ["ADD", "DEL"] as const) {
      const config = loadConfig(netconf, { command, args: { ips: [], gateways: [] }, ...options });
      assertEquals(config.warnings, []);
      assert(config.sets.length > 0);
      if (!options.kubernetes) continue;
      assertEquals([config.annotations, ipam["kubeConfig"]], ["on", KUBECONFIG]);
    }
  }
}

Deno.test("every netconf in config-samples loads without a warning", async () => {
  const names = await sampleNames(".conf", ".conflist");
  for (const name of names) {
    const text = await Deno.readTextFile(new URL(name, SAMPLES));
    checkSample(text, { kubernetes: !KUBERNETES_FREE.includes(name) });
  }
  assert(names.length >= 10, `${names.length} samples`);
});

Deno.test("every network in a manifest of config-samples loads without a warning", async () => {
  let count = 0;
  for (const manifest of await readManifests()) {
    for (const [name, text] of definitionsOf(manifest)) {
      count++;
      checkSample(text, { kubernetes: true });
      assertEquals(parseNetconf(text)["name"], name);
    }
  }
  assertEquals(count, 3);
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
  const multus = (await readManifests()).find(({ name }) => name === "multus-net-attach-def.yaml");
  assert(multus !== undefined);
  const text = definitionsOf(multus).get("database") ?? "";
  assertEquals(parseNetconf(text)["capabilities"], { ips: true });
});

Deno.test("the kubeconfig that rbac.yaml tells to write is kubeconfig.yaml", async () => {
  const text = await Deno.readTextFile(new URL("rbac.yaml", SAMPLES));
  const recipe = /<<END\n(.*)# {3}END\n/s.exec(text)?.[1] ?? "";
  const told = recipe.replaceAll(/^# {3}/gm, "")
    .replace("$server", "https://192.168.1.50:6443")
    .replace("$(secret 'ca\\.crt')", "BASE64-OF-THE-CA-CERTIFICATE")
    .replace("$(secret token | base64 -d)", "TOKEN-OF-THE-SECRET");
  const sample = await Deno.readTextFile(new URL("kubeconfig.yaml", SAMPLES));
  assertEquals(parseYaml(told), parseYaml(sample));
});
