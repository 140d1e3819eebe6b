/**
 * What modules import: from the text for the layers, from Deno for the whole graph.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** One module of the repository. */
export interface Source {
  /** Its path below the root, as `lib/net/addr.ts`. */
  readonly path: string;
  readonly text: string;
}

/** An import in a graph. */
export interface Edge {
  readonly to: string;
  readonly isDynamic: boolean;
}

/** Each module of a graph, by path or specifier, with what it imports at run time. */
export type Graph = ReadonlyMap<string, readonly Edge[]>;

/**
 * Reads all modules below a folder.
 *
 * @param folder The folder, as `lib/net`.
 * @returns The modules, in the order of their paths.
 */
export async function readSources(folder: string): Promise<readonly Source[]> {
  const found: Source[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${ROOT}${folder}`)) {
    const path = `${folder}/${name}`;
    if (isDirectory) found.push(...await readSources(path));
    else if (name.endsWith(".ts")) {
      found.push({ path, text: await Deno.readTextFile(`${ROOT}${path}`) });
    }
  }
  return found.sort((a, b) => a.path < b.path ? -1 : 1);
}

/**
 * Removes comments, so that a rule about code does not find its own explanation.
 *
 * @param text The text of a module.
 * @returns The text without `/* *\/` comments and lines of `//`.
 */
export function withoutComments(text: string): string {
  return text.replaceAll(/\/\*.*?\*\//gs, "").replaceAll(/(^|\s)\/\/.*$/gm, "$1");
}

/**
 * Lists what a module names in imports and exports, types included.
 *
 * @param text The text of the module.
 * @returns The specifiers, as written.
 */
export function specifiersOf(text: string): readonly string[] {
  const code = withoutComments(text);
  const found = code.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)"([^"\s]+)"/g);
  return Array.from(found, ([, specifier = ""]) => specifier);
}

/**
 * Asks Deno for the module graph. Imports of types alone are not in it.
 *
 * @param entry The path of the first module.
 * @returns The graph.
 */
export async function readGraph(entry: string): Promise<Graph> {
  const args = ["info", "--json", entry];
  const command = new Deno.Command(Deno.execPath(), { args, cwd: ROOT, stdin: "null" });
  const { stdout } = await command.output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout));
  return new Map(modules.map((module: DenoModule) => [
    nameOf(module.specifier),
    (module.dependencies ?? []).flatMap(({ code, isDynamic = false }) =>
      code?.specifier === undefined ? [] : [{ to: nameOf(code.specifier), isDynamic }]
    ),
  ]));
}

interface DenoModule {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

function nameOf(specifier: string): string {
  return specifier.startsWith("file://")
    ? fileURLToPath(specifier).replace(ROOT, "")
    : specifier.replace("npm:/", "npm:");
}
