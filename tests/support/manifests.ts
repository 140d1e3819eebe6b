/**
 * The samples of `config-samples/`: networks, and manifests with pods for them.
 *
 * @module
 */
import { isRecord } from "../../lib/cni/values.ts";
import type { Config, Netconf } from "../../lib/config/config.ts";
import { parseNetconf } from "../../lib/config/json.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { parseYaml } from "./yaml.ts";

/** Where the samples are. */
export const SAMPLES = new URL("../../config-samples/", import.meta.url);

type Doc = Readonly<Record<string, unknown>>;

/** A manifest: a YAML file for `kubectl apply`. */
export interface Manifest {
  /** The file's name. */
  readonly name: string;
  readonly docs: readonly Doc[];
  /** What its comment "Network: " names; undefined where it has none. */
  readonly networks: readonly string[] | undefined;
}

/** What pods of a manifest are made of. */
export interface PodTemplate {
  /** `Deployment` or `StatefulSet`. */
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly replicas: number;
  readonly strategy: unknown;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Lists the samples with one of these endings.
 *
 * @param endings Such as `.yaml`.
 * @returns The names of the files, sorted.
 */
export async function sampleNames(...endings: readonly string[]): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(SAMPLES)) {
    if (endings.some((ending) => name.endsWith(ending))) names.push(name);
  }
  return names.sort();
}

/**
 * Reads every manifest; `kubeconfig.yaml` is none.
 *
 * @returns The manifests, sorted by name.
 */
export async function readManifests(): Promise<readonly Manifest[]> {
  const names = (await sampleNames(".yaml")).filter((name) => name !== "kubeconfig.yaml");
  return await Promise.all(names.map(async (name) => {
    const text = await Deno.readTextFile(new URL(name, SAMPLES));
    const networks = /^# Network: (.+)$/m.exec(text)?.[1]?.split(",").map((one) => one.trim());
    return { name, docs: parseYaml(text), networks };
  }));
}

/**
 * Finds what makes pods in a manifest.
 *
 * @param manifest The manifest.
 * @returns One for each Deployment and StatefulSet.
 */
export function templatesOf({ docs }: Manifest): readonly PodTemplate[] {
  return docs.filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet").map((doc) => {
    const metadata = at(doc, "metadata");
    const annotations = at(doc, "spec", "template", "metadata", "annotations");
    return {
      kind: String(doc["kind"]),
      name: String(at(metadata, "name")),
      namespace: String(at(metadata, "namespace")),
      replicas: Number(at(doc, "spec", "replicas")),
      strategy: at(doc, "spec", "strategy"),
      annotations: Object.fromEntries(
        Object.entries(isRecord(annotations) ? annotations : {})
          .map(([key, value]) => [key, String(value)]),
      ),
    };
  });
}

/**
 * Finds the network configurations in a manifest.
 *
 * @param manifest The manifest.
 * @returns The text of each NetworkAttachmentDefinition, by its name.
 */
export function definitionsOf({ docs }: Manifest): ReadonlyMap<string, string> {
  return new Map(
    docs.filter(({ kind }) => kind === "NetworkAttachmentDefinition").map((doc) => [
      String(at(doc, "metadata", "name")),
      String(at(doc, "spec", "config")),
    ]),
  );
}

/**
 * Makes of a network configuration what the runtime hands to the plugin.
 *
 * @param text A netconf, or a list of plugins: then each member with the list's version and name.
 * @returns Those with an `ipam` section.
 */
export function callsOf(text: string): readonly Netconf[] {
  const netconf = parseNetconf(text);
  const { plugins, cniVersion, name } = netconf;
  const members: readonly unknown[] = Array.isArray(plugins) ? plugins : [netconf];
  return members.filter(isRecord).map((member) => ({ ...member, cniVersion, name }))
    .filter((member) => "ipam" in member);
}

/**
 * Loads a network configuration as for an ADD from Kubernetes.
 *
 * @param text The text of the netconf, or of a list of plugins.
 * @returns The configuration.
 */
export function loadNetwork(text: string): Config {
  const [netconf = {}] = callsOf(text);
  const args = { ips: [], gateways: [] };
  return loadConfig(netconf, { command: "ADD", args, kubernetes: true });
}

/**
 * Reads a value deep in an object.
 *
 * @param object The object.
 * @param keys The way to it.
 * @returns The value; undefined if there is none.
 */
export function at(object: unknown, ...keys: readonly string[]): unknown {
  let found = object;
  for (const key of keys) found = isRecord(found) ? found[key] : undefined;
  return found;
}
