/** Imports point one way: a layer knows those before it, and nothing of those after it. */
import { assert, assertEquals } from "@std/assert";
import { readSources, specifiersOf } from "../support/graph.ts";

/** From the bottom to the top; those of one line do not know one another. */
const LAYERS = [
  ["file", "shape"],
  ["net", "tls"],
  ["http"],
  ["cni"],
  ["config"],
  ["state"],
  ["ipam"],
  ["datastore", "kube", "provider"],
  ["plugin"],
  ["command", "controller"],
];

/** `node:` modules belong into adapters: these layers, and those from the datastores on. */
const ADAPTERS = ["tls"];

/** Packages, by the layers that may import them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "zod/mini": ["config"],
  "js-yaml": ["kube"],
  "etcd3": ["datastore"],
  "@grpc/grpc-js": ["datastore"],
  "@kubernetes/client-node": ["controller"],
};

function rankOf(layer: string): number {
  return LAYERS.findIndex((names) => names.includes(layer));
}

/** `path` and the result are paths below the root, as `lib/net/addr.ts`. */
function resolve(path: string, specifier: string): string {
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}

function layerOf(path: string): string | undefined {
  return /^lib\/([a-z]+)\//.exec(path)?.[1];
}

function mayImport(path: string, specifier: string): boolean {
  const layer = layerOf(path) ?? "";
  if (specifier.startsWith("node:")) {
    return ADAPTERS.includes(layer) || rankOf(layer) >= rankOf("datastore");
  }
  if (!specifier.startsWith(".")) return PACKAGES[specifier]?.includes(layer) ?? false;
  const to = layerOf(resolve(path, specifier));
  if (to === undefined) return false;
  return to === layer || (rankOf(to) >= 0 && rankOf(to) < rankOf(layer));
}

Deno.test("each folder of lib is a layer", async () => {
  for await (const { name } of Deno.readDir(new URL("../../lib/", import.meta.url))) {
    assert(rankOf(name) >= 0, `lib/${name} stands in no layer`);
  }
});

Deno.test("imports point from the upper layers to the lower ones", async () => {
  const wrong: string[] = [];
  for (const { path, text } of await readSources("lib")) {
    for (const specifier of specifiersOf(text)) {
      if (!mayImport(path, specifier)) wrong.push(`${path} imports "${specifier}"`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("mayImport() knows right from wrong", () => {
  assert(mayImport("lib/ipam/free.ts", "../net/addr.ts"));
  assert(mayImport("lib/ipam/add/claim.ts", "../plan.ts"));
  assert(mayImport("lib/datastore/etcd/open.ts", "../datastore.ts"));
  assert(!mayImport("lib/net/addr.ts", "../ipam/plan.ts"));
  assert(!mayImport("lib/datastore/open.ts", "../kube/pod.ts"));
  assert(!mayImport("lib/datastore/open.ts", "../../tests/support/etcd.ts"));
  assert(!mayImport("lib/config/load.ts", "etcd3"));
  assert(mayImport("lib/tls/private_key.ts", "node:crypto"));
  assert(!mayImport("lib/tls/pair.ts", "../net/addr.ts"));
  assert(!mayImport("lib/cni/args.ts", "node:fs"));
});
