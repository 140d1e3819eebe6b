/**
 * Names of files that survive a power cut.
 *
 * @module
 */

/**
 * Puts the names in a folder on the disk.
 *
 * @param path The folder.
 * @throws {Error} If it cannot be opened.
 */
export function syncFolder(path: string): void {
  using folder = Deno.openSync(path, { read: true });
  folder.syncSync();
}
