/**
 * ADD, DEL and CHECK load no npm package.
 *
 * All lazy imports count as loaded, except those that are listed here with the reason.
 */
import { assert, assertEquals } from "@std/assert";
import { type Graph, readGraph } from "../support/graph.ts";

/** Lazy imports that ADD, DEL and CHECK do not take. */
const NOT_TAKEN: Readonly<Record<string, string>> = {
  "lib/command/main.ts": "taken without CNI_COMMAND only",
  "lib/datastore/etcd/grpc.ts": "taken where the JSON gateway cannot serve, or is not wanted",
};

/** Packages behind a lazy import that an ADD may take. */
const LAZY_PACKAGES: Readonly<Record<string, string>> = {
  "npm:js-yaml":
    "taken where a pod is read and the kubeconfig is YAML: one in JSON needs no package",
};

function reach(graph: Graph, entry: string): ReadonlySet<string> {
  const reached = new Set<string>();
  const waiting = [entry];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    for (const { to, isDynamic } of graph.get(name) ?? []) {
      if (!(isDynamic && to in NOT_TAKEN)) waiting.push(to);
    }
  }
  return reached;
}

Deno.test("the hot path imports no npm package", async () => {
  const reached = reach(await readGraph("cli.ts"), "cli.ts");
  for (const path of ["lib/datastore/etcd/gateway.ts", "lib/datastore/sqlite.ts"]) {
    assert(reached.has(path), `${path} is part of the hot path`);
  }
  const foreign = [...reached].filter((name) => !name.startsWith("lib/") && name !== "cli.ts")
    .filter((name) => !name.startsWith("node:"));
  const packages = foreign.map((name) => name.replace(/@[0-9.]+/, ""));
  assertEquals(packages.filter((name) => !(name in LAZY_PACKAGES)), []);
  assertEquals(packages.length, Object.keys(LAZY_PACKAGES).length, "each is really reached");
});

Deno.test("the lazy imports that ADD does not take exist", async () => {
  const graph = await readGraph("cli.ts");
  const lazy = new Set(
    [...graph.values()].flat().filter(({ isDynamic }) => isDynamic)
      .map(({ to }) => to),
  );
  assertEquals(Object.keys(NOT_TAKEN).filter((name) => !lazy.has(name)), []);
});
