/**
 * Applies YAML files to the Kubernetes API of a test.
 *
 * @module
 */
import { isRecord } from "../../lib/cni/values.ts";
import type { KubeAdmin } from "./kube_admin.ts";
import { parseYaml } from "./yaml.ts";

/** How a file is applied. */
export interface ApplyOptions {
  /** Everything is checked, and nothing kept. */
  readonly dryRun?: boolean;
}

type Doc = Readonly<Record<string, unknown>>;

const DISCOVERY_MS = 10_000;

/**
 * Applies each document of a file, in order, on the server's side; unknown fields are errors.
 *
 * @param admin Asks the API.
 * @param options The file, and whether it is only checked.
 * @returns What the API made of each.
 */
export async function applySample(
  admin: KubeAdmin,
  options: ApplyOptions & { readonly file: string | URL },
): Promise<readonly Doc[]> {
  const { file, dryRun = false } = options;
  const query = new URLSearchParams({
    fieldManager: "kube-ipam-tests",
    fieldValidation: "Strict",
    force: "true",
    ...(dryRun ? { dryRun: "All" } : {}),
  });
  const made: Doc[] = [];
  for (const doc of parseYaml(await Deno.readTextFile(file))) {
    const path = await pathOf(doc, admin);
    const contentType = "application/apply-patch+yaml";
    made.push(await admin("PATCH", `${path}?${query}`, doc, { contentType }));
  }
  return made;
}

async function pathOf(doc: Doc, admin: KubeAdmin): Promise<string> {
  const { apiVersion, kind, metadata } = doc;
  if (!isRecord(metadata)) throw new Error(`Cannot apply a ${kind} without metadata`);
  const root = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
  const { plural, namespaced } = await kindOf(admin, { root, kind });
  const space = namespaced ? `/namespaces/${metadata["namespace"] ?? "default"}` : "";
  return `${root}${space}/${plural}/${metadata["name"]}`;
}

/** The API takes a moment to serve the kind of a new CustomResourceDefinition. */
async function kindOf(
  admin: KubeAdmin,
  { root, kind }: { readonly root: string; readonly kind: unknown },
): Promise<{ readonly plural: string; readonly namespaced: boolean }> {
  const deadline = Date.now() + DISCOVERY_MS;
  while (Date.now() < deadline) {
    const { resources } = await admin("GET", root, undefined, { expect: [200, 404] });
    const found = (Array.isArray(resources) ? resources : []).filter(isRecord)
      .find((one) => one["kind"] === kind && !String(one["name"]).includes("/"));
    if (found !== undefined) {
      return { plural: String(found["name"]), namespaced: found["namespaced"] === true };
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`Cannot apply a ${kind}: the API does not serve it below ${root}`);
}
