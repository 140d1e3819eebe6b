/**
 * Runs a property on hostile input, and replays what was found before.
 *
 * Each run has a seed of its own, which a failure names. `KUBE_IPAM_FUZZ_SEED` sets it; `KUBE_IPAM_FUZZ_RUNS`
 * multiplies the number of runs: 1 is what a check before a commit can wait for, 100 is a night.
 *
 * `corpus/<kind>/` keeps one input a file: the cases that somebody thought of, and those that were found, shrunk.
 * Each is replayed in every run, whatever the seed.
 *
 * @module
 */
import fc from "fast-check";

/** How many times more cases than by default. */
const TIMES: number = Math.max(0.01, Number(Deno.env.get("KUBE_IPAM_FUZZ_RUNS") ?? "1") || 1);
const SEED: number = Number(Deno.env.get("KUBE_IPAM_FUZZ_SEED") ?? Date.now() & 0x7fff_ffff);
const CORPUS = new URL("corpus/", import.meta.url);

/**
 * Checks a property on as many cases as this run has time for.
 *
 * @param property The property; it may wait.
 * @param runs The number of cases by default.
 */
export async function fuzz<Values>(
  property: fc.IAsyncProperty<Values> | fc.IProperty<Values>,
  runs: number,
): Promise<void> {
  const numRuns = Math.max(1, Math.round(runs * TIMES));
  await fc.assert(property, { seed: SEED, numRuns });
}

/** An input that is kept. */
export interface Kept {
  /** The name of its file: what is wrong with it. */
  readonly name: string;
  /** The input. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same as text. */
  readonly text: string;
}

/**
 * Reads the kept inputs of one kind.
 *
 * @param kind The folder.
 * @returns The inputs, by name; at least one.
 */
export function corpus(kind: string): readonly Kept[] {
  const folder = new URL(`${kind}/`, CORPUS);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  if (names.length === 0) throw new TypeError(`Cannot replay the corpus as ${kind} is empty`);
  return names.map((name) => {
    const bytes = Deno.readFileSync(new URL(name, folder));
    return { name, bytes, text: new TextDecoder().decode(bytes) };
  });
}

/**
 * Does something that may throw errors of some classes and no others.
 *
 * @param work What is done.
 * @param classes The errors that are ours.
 * @returns What it returned; undefined where it threw.
 * @throws {unknown} Whatever else it throws.
 */
export function throwsOnly<T>(
  work: () => T,
  ...classes: readonly (abstract new (...args: never[]) => Error)[]
): T | undefined {
  try {
    return work();
  } catch (error) {
    if (classes.some((one) => error instanceof one)) return undefined;
    throw error;
  }
}
