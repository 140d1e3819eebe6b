/**
 * Loads the program from one script and V8's code cache of it, and packages when they are asked for.
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

/** By the name that a package is imported by: the name of its file. They are kept small, as each call reads all of the executable's files. */
export const PACKAGES: Readonly<Record<string, string>> = {
  "@grpc/grpc-js": "grpc",
  "etcd3": "grpc",
  "js-yaml": "yaml",
};

interface Module {
  exports: unknown;
}
/** Loads a package or a built-in module of Node.js; as V8 has no `import()` for scripts. */
type Load = (specifier: string) => Promise<unknown>;
type Wrapped = (module: Module, require: (id: string) => unknown, load: Load) => void;

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
  const packages = new Map<string, unknown>();
  const program = run(script, (specifier) => {
    if (specifier.startsWith("node:")) return import(specifier);
    const name = PACKAGES[specifier] ?? specifier;
    if (!packages.has(name)) packages.set(name, loadPackage(`${folder}/${name}.gz`));
    return Promise.resolve(packages.get(name));
  });
  return { program: program as Program, script }; // made of cli.ts
}

function loadPackage(path: string): unknown {
  const { gunzipSync } = globalThis.process.getBuiltinModule("node:zlib");
  const text = new TextDecoder().decode(gunzipSync(Deno.readFileSync(path)));
  return run(new Script(text, { filename: path }), (specifier) => import(specifier));
}

function run(script: Script, load: Load): unknown {
  const wrapped: Wrapped = script.runInThisContext();
  const module: Module = { exports: {} };
  wrapped(module, (id) => globalThis.process.getBuiltinModule(id), load);
  return module.exports;
}
