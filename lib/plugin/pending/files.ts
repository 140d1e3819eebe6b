/**
 * The files of releases that are owed: one for each DEL that could not be committed, named after what it releases.
 *
 * `<dataDir>/pending/<space>/<network>/<containerID>@<ifname>@<16 hex ms>.json`. A file is written once and never changed, so whoever
 * removes it removes what was read.
 *
 * @module
 */
import type { AttachmentId } from "../../cni/environment.ts";
import type { Config } from "../../config/config.ts";
import { hashOf, removeSmall } from "../../datastore/small_file.ts";
import { syncFolder } from "../../file/sync_folder.ts";
import { writeAtomically } from "../files.ts";

/** Where the files of one network are. */
export type PendingPlace = Pick<Config, "dataDir" | "space" | "network">;

/** One file, as its name tells. */
export interface PendingFile {
  readonly path: string;
  /** When the DEL was called, in milliseconds since the epoch. */
  readonly since: number;
}

const NAME = /^([^@]+@.+)@([0-9a-f]{16})\.json$/;
/** {@linkcode writeAtomically} names its files so until they are whole. */
const HALF_WRITTEN = /\.json\.[0-9a-f-]{36}$/;
/** The last one that `Date` knows. */
const LAST_MOMENT = 8.64e15;
/** Longer container IDs would not fit into a file name. */
const LONGEST_ID = 128;

/** The directory of everything that is owed by a node. */
export function pendingRoot(dataDir: string): string {
  return `${dataDir}/pending`;
}

/** The directory of one network. */
export function pendingFolder({ dataDir, space, network }: PendingPlace): string {
  return `${pendingRoot(dataDir)}/${space}/${network}`;
}

/**
 * Lists what is owed on a network, in no order.
 *
 * @param place The network.
 * @returns The files; none where nothing was ever owed.
 * @throws {Error} If the directory is there and cannot be read.
 */
export function listPending(place: PendingPlace): readonly PendingFile[] {
  return list(place).map(({ path, since }) => ({ path, since }));
}

/** Tells, at the price of one look, whether anything may be owed on a network. */
export function isOwing(place: PendingPlace): boolean {
  try {
    return namesIn(pendingFolder(place)).some((name) => NAME.test(name));
  } catch {
    return true; // whoever lists it tells why it cannot be read
  }
}

/**
 * Lists what is owed for one attachment.
 *
 * @param place The network.
 * @param attachment The attachment.
 * @returns Its files, the oldest first.
 * @throws {Error} If the directory is there and cannot be read.
 */
export function pendingOf(place: PendingPlace, attachment: AttachmentId): readonly PendingFile[] {
  const own = nameOf(attachment);
  return list(place).filter(({ name }) => name === own)
    .map(({ path, since }) => ({ path, since }))
    .sort((a, b) => a.since - b.since);
}

/**
 * Writes a file that survives a power cut.
 *
 * @param place The network.
 * @param options The attachment, the moment, and the text.
 * @returns The path.
 * @throws {Error} If it cannot be written.
 */
export function writePending(
  place: PendingPlace,
  options: { readonly attachment: AttachmentId; readonly since: number; readonly text: string },
): string {
  const { attachment, since, text } = options;
  const folder = pendingFolder(place);
  const path = `${pendingRoot(place.dataDir)}/${pendingName(place, { attachment, since })}`;
  writeAtomically(path, text, { replace: true });
  // A name lasts when its directory is on the disk, and so with each directory above it that may be new.
  for (let at = folder; at.length >= place.dataDir.length; at = at.slice(0, at.lastIndexOf("/"))) {
    syncFolder(at);
  }
  return path;
}

/**
 * Lists the networks that something may be owed on.
 *
 * @param dataDir The data directory.
 * @returns Their places; none where nothing was ever owed.
 * @throws {Error} If a directory is there and cannot be read.
 */
export function listPlaces(dataDir: string): readonly PendingPlace[] {
  const root = pendingRoot(dataDir);
  return namesIn(root).flatMap((space) =>
    namesIn(`${root}/${space}`).map((network) => ({ dataDir, space, network }))
  );
}

/**
 * Removes what processes left half-written that were killed.
 *
 * @param place The network.
 * @param before Older files go, in milliseconds since the epoch: a younger one may be being written.
 */
export function sweepPending(place: PendingPlace, before: number): void {
  const folder = pendingFolder(place);
  for (const name of namesIn(folder)) {
    const path = `${folder}/${name}`;
    if (!HALF_WRITTEN.test(name)) continue;
    const writtenMs = writtenAt(path);
    if (writtenMs !== undefined && writtenMs < before) removeSmall(path);
  }
}

/** Where below {@linkcode pendingRoot} a release stands. */
export function pendingName(
  { space, network }: Pick<PendingPlace, "space" | "network">,
  { attachment, since }: { readonly attachment: AttachmentId; readonly since: number },
): string {
  return `${space}/${network}/${nameOf(attachment)}@${since.toString(16).padStart(16, "0")}.json`;
}

/** Removes files. Whoever else removed one has done the same work. */
export function removePending(files: readonly PendingFile[]): void {
  for (const { path } of files) removeSmall(path);
}

function list(place: PendingPlace): readonly (PendingFile & { readonly name: string })[] {
  const folder = pendingFolder(place);
  return namesIn(folder).flatMap((file) => {
    const [, name, moment] = NAME.exec(file) ?? [];
    if (name === undefined || moment === undefined) return []; // half-written, or nobody's
    const since = Number.parseInt(moment, 16);
    // A record of a later moment could not be read again, and ADD writes one that is later than the entry.
    return since < LAST_MOMENT ? [{ name, path: `${folder}/${file}`, since }] : [];
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return [];
    }
    throw error;
  }
}

/** A container ID holds no "@", so it ends at the first one; an interface name may hold some. */
function nameOf({ containerId, ifName }: AttachmentId): string {
  const id = containerId.length <= LONGEST_ID ? containerId : `~${hashOf([containerId])}`;
  return `${id}@${ifName}`;
}

/** When a file was written, in milliseconds since the epoch; undefined when it is whole by now, and so has another name. */
function writtenAt(path: string): number | undefined {
  try {
    return Deno.statSync(path).mtime?.getTime();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
