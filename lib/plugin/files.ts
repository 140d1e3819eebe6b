/**
 * Small files of a node, read and written so that parallel calls never see half of one.
 *
 * @module
 */
import { readSmall, removeSmall } from "../datastore/small_file.ts";

/** The text of a file without white space around it; undefined when there is none or it cannot be read. */
export function readText(path: string): string | undefined {
  return readSmall(path)?.trim() || undefined;
}

/** Tells whether a file or directory is there, as far as this process may see. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads a file, or writes it if it is not there: of several calls at once one writes, all return the same.
 *
 * @param path The file; its directory is made when missing.
 * @param make Makes the text to write.
 * @returns The text of the file.
 * @throws {Error} If it can be neither read nor written.
 */
export function readOrCreate(path: string, make: () => string): string {
  const found = readText(path);
  if (found !== undefined) return found;
  const text = make();
  writeAtomically(path, text, { replace: false });
  const kept = readText(path);
  if (kept !== undefined) return kept;
  writeAtomically(path, text, { replace: true }); // it was there, and empty: a power cut leaves that
  return text;
}

/**
 * Writes a file in one step: a reader sees the old text or the new one.
 *
 * @param path The file; its directory is made when missing.
 * @param text The new text.
 * @param options `replace: false` leaves a file that is there as it is.
 */
export function writeAtomically(
  path: string,
  text: string,
  options: { readonly replace: boolean },
): void {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    writeSynced(temporary, text);
    if (options.replace) Deno.renameSync(temporary, path);
    else Deno.linkSync(temporary, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  } finally {
    removeSmall(temporary);
  }
}

/** What has a name survives a power cut with its text, or not at all. */
function writeSynced(path: string, text: string): void {
  using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  file.writeSync(new TextEncoder().encode(text));
  file.syncSync();
}

/**
 * Tells what stands in the way of a file, and what heals it.
 *
 * @param error What was thrown.
 * @param options What the program may do there, and where else it may.
 * @returns A clause for `details`.
 */
export function fileProblem(
  error: unknown,
  options: { readonly verb: "read" | "write"; readonly folders: string },
): string {
  const { verb, folders } = options;
  if (error instanceof Deno.errors.NotCapable) {
    return `this program has no permission to ${verb} it: "kube-ipam version" shows what it has, ` +
      `by default below ${folders}`;
  }
  if (error instanceof Deno.errors.NotFound) return "there is no such file or directory";
  const text = error instanceof Error ? error.message : String(error);
  return /os error 28\b|ENOSPC/.test(text) ? "the disk is full: free space on it" : text;
}
