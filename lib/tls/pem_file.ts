/**
 * PEM texts with the setting they come from, so that what is wrong with one can be told.
 *
 * @module
 */
import { IrregularFileError, nameOfUnreadable, readRegular } from "../file/regular.ts";
import { TlsError } from "./error.ts";
import { parsePem, type PemBlock } from "./pem.ts";

/** Where a text comes from. */
export interface Origin {
  /** The setting that names the file, or holds the text itself; as the operator finds it. */
  readonly setting: string;
  /** The file; undefined where the setting holds the text. */
  readonly path?: string | undefined;
}

/** A PEM text that was read. */
export interface PemFile extends Origin {
  /** All of it. */
  readonly text: string;
  /** Its blocks; at least one. */
  readonly blocks: readonly PemBlock[];
}

/**
 * Reads a file that a setting names.
 *
 * @param origin The setting and the path.
 * @returns The text.
 * @throws {TlsError} If it cannot be read: missing, outside of the permissions, or for another reason.
 */
export function readFileOf(origin: Origin & { readonly path: string }): string {
  const { setting, path } = origin;
  try {
    return readRegular(path);
  } catch (cause) {
    throw new TlsError(
      `Cannot read the file "${path}" of ${setting}: current error is ${nameOfUnreadable(cause)}`,
      { repair: repairOfUnreadable(setting, cause), cause },
    );
  }
}

/**
 * Tells what to do about a file that cannot be read.
 *
 * @param setting The setting that names it.
 * @param cause What was thrown.
 * @returns The repair.
 */
export function repairOfUnreadable(setting: string, cause: unknown): string {
  if (cause instanceof Deno.errors.NotFound) {
    return `Correct ${setting}, or install the file on this node`;
  }
  if (cause instanceof Deno.errors.NotCapable) {
    return `Keep the file of ${setting} where this program may read: "kube-ipam version" shows where, ` +
      "by default below /etc/kubernetes, /etc/etcd, /etc/ssl/etcd, /etc/kube-ipam or /etc/cni";
  }
  if (cause instanceof IrregularFileError) return `Correct ${setting}: it must name a file`;
  return `Make the file of ${setting} readable for this program`;
}

/**
 * Reads the blocks of a PEM text.
 *
 * @param text The text.
 * @param origin Where it comes from.
 * @returns The text with its blocks.
 * @throws {TlsError} If it is not PEM.
 */
export function pemOf(text: string, origin: Origin): PemFile {
  try {
    return { ...origin, text, blocks: parsePem(text) };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw notPem(origin, cause.message);
  }
}

/**
 * Returns the first block of a kind.
 *
 * @param file The PEM text.
 * @param label The kind, as `CERTIFICATE`, or what it ends with, as `PRIVATE KEY`.
 * @returns The block.
 * @throws {TlsError} If there is none.
 */
export function requireBlock(file: PemFile, label: string): PemBlock {
  const block = file.blocks.find((one) => one.label === label || one.label.endsWith(` ${label}`));
  if (block === undefined) throw notPem(file, `no block "${label}" in it`);
  return block;
}

/**
 * The error of a text that is not the PEM it should be.
 *
 * @param origin Where it comes from.
 * @param seen What is wrong with it.
 * @returns The error.
 */
export function notPem({ setting, path }: Origin, seen: string): TlsError {
  const what = path === undefined ? setting : `the file "${path}" of ${setting}`;
  const form = path === undefined ? "the base64 of a PEM text" : "a PEM file: -----BEGIN ...-----";
  return new TlsError(`Cannot use ${what} as PEM: ${seen}`, {
    repair: `Set ${setting} to ${form}`,
  });
}
