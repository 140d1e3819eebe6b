/**
 * Small files that only save work: unreadable is the same as absent, and a failed write is no failure.
 *
 * @module
 */
import { hash64 } from "../ipam/hash.ts";

/** The largest file that is read: a token of etcd has some hundred bytes. */
const MAX_BYTES = 65_536;

/**
 * Names a file after what it is about. FNV-1a: nobody attacks these names, and the first SHA-256 of a
 * process takes a millisecond.
 *
 * @param parts What it is about.
 * @returns 16 hexadecimal digits.
 */
export function hashOf(parts: readonly string[]): string {
  return hash64(JSON.stringify(parts)).toString(16).padStart(16, "0");
}

/**
 * Reads a small file.
 *
 * @param path The file.
 * @param options `maxAgeMs`: an older file counts as absent.
 * @returns Its text; `undefined` when it cannot be read.
 */
export function readSmall(
  path: string,
  options: { readonly maxAgeMs?: number } = {},
): string | undefined {
  const { maxAgeMs = Infinity } = options;
  try {
    if (maxAgeMs !== Infinity) {
      const { mtime } = Deno.statSync(path);
      if (Math.abs(Date.now() - (mtime?.getTime() ?? 0)) > maxAgeMs) return undefined;
    }
    const text = Deno.readTextFileSync(path);
    return text.length > MAX_BYTES ? undefined : text;
  } catch {
    return undefined;
  }
}

/**
 * Writes a small file in one step, readable by its owner only.
 *
 * @param path The file; its folder is made when it is missing.
 * @param text What it is to hold.
 * @returns Whether it was written.
 */
export function writeSmall(path: string, text: string): boolean {
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    makeParent(path);
    Deno.writeTextFileSync(temporary, text, { mode: 0o600, createNew: true });
    Deno.renameSync(temporary, path);
    return true;
  } catch {
    removeSmall(temporary);
    return false;
  }
}

/**
 * Removes a small file.
 *
 * @param path The file; it need not be there.
 */
export function removeSmall(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It only saved work.
  }
}

function makeParent(path: string): void {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
}
