/**
 * The way in which every test program is come by: found, else made in one of several ways, once.
 *
 * @module
 */
import { assetsDir } from "../support/assets.ts";

const SLOW_MS = 1_000;

/** A program, and how it is come by. */
export interface Asset {
  /** Its name, for the lines that are said. */
  readonly name: string;
  /** What is put into the assets folder. */
  readonly programs: readonly string[];
  /** What a person can do where every way fails. */
  readonly advice: string;
  /** Looks for it. */
  find(): Promise<string | undefined>;
  /** Tried in order. */
  readonly ways: readonly MakeAsset[];
}

/**
 * Makes programs.
 *
 * @param work An empty folder, removed later.
 * @param say Takes a line before something slow.
 * @returns The folder that they are in.
 */
export type MakeAsset = (work: string, say: (line: string) => void) => Promise<string>;

/**
 * Finds a program, or makes it.
 *
 * @param asset The program.
 * @param say Takes each line of what was found, made or tried.
 */
export async function prepareAsset(asset: Asset, say: (line: string) => void): Promise<void> {
  const { name, programs, advice, find } = asset;
  const known = await find();
  if (known !== undefined) return say(`${name}: found ${known}`);
  const folder = assetsDir();
  if (folder === undefined) return say(`${name}: not found, and HOME is not set to keep one in`);
  await Deno.mkdir(folder, { recursive: true });
  using lock = await Deno.open(`${folder}/${name}.lock`, { write: true, create: true });
  // A second run waits for the first one and finds what it made. A run that dies lets go of it.
  const waiting = setTimeout(() => say(`${name}: another run makes it, waiting`), SLOW_MS);
  await lock.lock(true).finally(() => clearTimeout(waiting));
  const made = await find();
  if (made !== undefined) return say(`${name}: found ${made}`);
  for (const way of asset.ways) {
    const work = await Deno.makeTempDir({ prefix: "kube-ipam-assets-" });
    try {
      await keep(await way(work, (line) => say(`${name}: ${line}`)), { folder, programs });
      return say(`${name}: made ${folder}/${name}`);
    } catch (error) {
      say(`${name}: ${error instanceof Error ? error.message : error}`);
    } finally {
      await Deno.remove(work, { recursive: true });
    }
  }
  say(`${name}: none. ${advice}`);
}

/** Renames each into its place, so that a run beside this one never meets half a program. */
async function keep(
  from: string,
  { folder, programs }: { readonly folder: string; readonly programs: readonly string[] },
): Promise<void> {
  for (const name of programs) {
    const made = `${folder}/${name}.${crypto.randomUUID()}`;
    try {
      await Deno.copyFile(`${from}/${name}`, made);
      await Deno.chmod(made, 0o755);
      await Deno.rename(made, `${folder}/${name}`);
    } catch (error) {
      await Deno.remove(made).catch(() => {});
      throw error;
    }
  }
}
