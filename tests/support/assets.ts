/**
 * Finds the programs that tests start: given by the environment, in `PATH`, or fetched before.
 *
 * @module
 */

/**
 * The folder in which fetched test programs are kept.
 *
 * @returns Its path; `undefined` when neither `XDG_CACHE_HOME` nor `HOME` is set.
 */
export function assetsDir(): string | undefined {
  const home = Deno.env.get("HOME");
  const cache = Deno.env.get("XDG_CACHE_HOME") ??
    (home === undefined ? undefined : `${home}/.cache`);
  return cache === undefined ? undefined : `${cache}/kube-ipam/assets`;
}

/**
 * Finds etcd: `KUBEBUILDER_ASSETS`, then `PATH`, then the fetched ones.
 *
 * @returns The path of the executable, or `undefined`.
 */
export function findEtcd(): Promise<string | undefined> {
  return findProgram("etcd", {
    before: [Deno.env.get("KUBEBUILDER_ASSETS")],
    after: [assetsDir()],
  });
}

/**
 * Finds kube-apiserver: `KUBEBUILDER_ASSETS`, then `PATH`, then the one that was fetched or built.
 *
 * @returns The path of the executable, or `undefined`.
 */
export function findKubeApiserver(): Promise<string | undefined> {
  return findProgram("kube-apiserver", {
    before: [Deno.env.get("KUBEBUILDER_ASSETS")],
    after: [assetsDir()],
  });
}

/**
 * Finds kubectl: `KUBEBUILDER_ASSETS`, then `PATH`.
 *
 * @returns The path of the executable, or `undefined`.
 */
export function findKubectl(): Promise<string | undefined> {
  return findProgram("kubectl", { before: [Deno.env.get("KUBEBUILDER_ASSETS")] });
}

/** Folders that are looked into beside `PATH`. */
export interface FindProgramOptions {
  /** Looked into before `PATH`. */
  readonly before?: readonly (string | undefined)[];
  /** Looked into after `PATH`. */
  readonly after?: readonly (string | undefined)[];
}

/**
 * Finds an executable file by name.
 *
 * @param name The name of the file.
 * @param options Folders to look into beside `PATH`.
 * @returns Its path, or `undefined`.
 */
export async function findProgram(
  name: string,
  options: FindProgramOptions = {},
): Promise<string | undefined> {
  const { before = [], after = [] } = options;
  const path = (Deno.env.get("PATH") ?? "").split(":");
  for (const folder of [...before, ...path, ...after]) {
    if (folder === undefined || folder === "") continue;
    if (await isExecutable(`${folder}/${name}`)) return `${folder}/${name}`;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    const { isFile, mode } = await Deno.stat(path);
    return isFile && ((mode ?? 0) & 0o111) !== 0;
  } catch {
    return false;
  }
}
