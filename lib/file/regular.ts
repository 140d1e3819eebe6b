/**
 * Reading a file that an operator named. A pipe or a device could make the program wait, or grow, for ever: no deadline ends a
 * synchronous read.
 *
 * @module
 */

/** No configuration, certificate or password is larger. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Thrown for what is no regular file, or too large for one that is meant. */
export class IrregularFileError extends Error {
  /** Always `IrregularFileError`. */
  override readonly name = "IrregularFileError";
}

/**
 * Reads a regular file.
 *
 * @param path The file; links are followed.
 * @returns Its text.
 * @throws {IrregularFileError} If it is a directory, a pipe, a device, or larger than 8 MiB.
 * @throws {Deno.errors.NotFound} If there is none; others of `Deno.errors` if it cannot be read.
 */
export function readRegular(path: string): string {
  const { isFile, isDirectory, size } = Deno.statSync(path);
  if (isDirectory) throw new IrregularFileError("a directory");
  if (!isFile) throw new IrregularFileError("no regular file");
  if (size > MAX_BYTES) throw new IrregularFileError("a file of more than 8 MiB");
  return Deno.readTextFileSync(path);
}

/**
 * Names why a file cannot be read.
 *
 * @param cause What was thrown.
 * @returns A few words.
 */
export function nameOfUnreadable(cause: unknown): string {
  if (cause instanceof Deno.errors.NotFound) return "no such file";
  if (cause instanceof Deno.errors.NotCapable) return "outside the permissions of this program";
  if (cause instanceof IrregularFileError) return cause.message;
  return cause instanceof Error ? cause.name : "unreadable";
}
