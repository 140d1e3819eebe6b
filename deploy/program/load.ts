/**
 * Loads the program from one script and V8's code cache of it.
 *
 * @module
 */
import { Script } from "node:vm";
import type * as cli from "../../cli.ts";

/** The names of the files beside the executable's entry. */
export const FILES = { script: "program.js", cache: "program.cache" } as const;

/** The names of the files that a rehearsal of TLS takes. */
export const PEM_FILES = {
  ca: "rehearsal-ca.pem",
  cert: "rehearsal.pem",
  key: "rehearsal.key",
} as const;

/** What `cli.ts` exports. */
export type Program = typeof cli;

/** A script, and what is needed to keep its code. */
export interface Loaded {
  readonly program: Program;
  readonly script: Script;
}

/** Loads a package, a built-in module of Node.js or a chunk; as V8 has no `import()` for scripts. */
type Load = (specifier: string) => Promise<unknown>;
type Require = (id: string) => unknown;
type Wrapped = (module: { exports: Partial<Program> }, require: Require, load: Load) => void;

/**
 * Loads the program.
 *
 * @param folder Where its files are.
 * @param cachedData The code cache. V8 refuses one of another version or of other flags, and compiles instead.
 * @returns The program.
 */
export function loadProgram(folder: string, cachedData?: Uint8Array): Loaded {
  const path = `${folder}/${FILES.script}`;
  const script = new Script(Deno.readTextFileSync(path), {
    filename: path,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const wrapped: Wrapped = script.runInThisContext();
  const module: { exports: Partial<Program> } = { exports: {} };
  wrapped(module, builtin, (specifier) => import(pathOf(folder, specifier)));
  return { program: module.exports as Program, script }; // made of cli.ts
}

function builtin(id: string): unknown {
  return globalThis.process.getBuiltinModule(id);
}

/** Packages were bundled into files of their own. */
function pathOf(folder: string, specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  const path = folder.split("/").map(encodeURIComponent).join("/");
  return `file://${path}/packages/${packageFile(specifier)}.js`;
}

/**
 * Names the file of a package.
 *
 * @param specifier As it is imported: `@grpc/grpc-js`.
 * @returns The name without an extension: `grpc_js`.
 */
export function packageFile(specifier: string): string {
  return specifier.replace(/^@[^/]*\//, "").replaceAll("-", "_");
}
