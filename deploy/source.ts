/**
 * Which sources are compiled: their commit and its time.
 *
 * @module
 */

/** The state of the sources. */
export interface Source {
  /** The commit, with `-dirty` when a file of it was changed; `unknown` outside a checkout. */
  readonly commit: string;
  /** The time that everything made of the sources bears, so that the same sources make the same bytes. */
  readonly date: Date;
}

/**
 * Looks at the sources.
 *
 * @param folder The root of the sources.
 * @returns The state; the time is `SOURCE_DATE_EPOCH`, else that of the commit, else the beginning of 1980.
 */
export async function readSource(folder: string): Promise<Source> {
  // Below the root of another repository its commit would be told.
  const isRoot = await git(folder, "rev-parse", "--show-prefix") === "";
  const commit = isRoot ? await git(folder, "rev-parse", "--short=12", "HEAD") : undefined;
  const changed = await git(
    folder,
    ...["--no-optional-locks", "status", "--porcelain", "--untracked-files=no"],
  );
  const time = commit === undefined ? undefined : await git(folder, "log", "-1", "--format=%ct");
  return {
    commit: commit === undefined ? "unknown" : changed === "" ? commit : `${commit}-dirty`,
    date: new Date(Number(Deno.env.get("SOURCE_DATE_EPOCH") || time || EPOCH) * 1000),
  };
}

/** The first that every archive format can hold. */
const EPOCH = Date.UTC(1980, 0, 1) / 1000;

/** What git printed; undefined where there is no git, or it fails. */
async function git(folder: string, ...args: readonly string[]): Promise<string | undefined> {
  try {
    const command = new Deno.Command("git", { args: ["-C", folder, ...args], stdin: "null" });
    const { success, stdout } = await command.output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
