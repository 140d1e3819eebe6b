/**
 * The attachments that GC must keep.
 *
 * The list speaks for one runtime on one node: what is freed by it is decided elsewhere.
 *
 * @see https://www.cni.dev/docs/spec/#gc-clean-up-any-stale-resources
 * @module
 */
import { isRecord, show } from "./values.ts";
import type { AttachmentId } from "./environment.ts";
import { CniError, CODES } from "./errors.ts";
import { checkContainerId, checkIfName } from "./identifiers.ts";

/** The name of the specification, then the one that an early text of it used and libcni still sends. */
const KEYS = ["cni.dev/valid-attachments", "cni.dev/attachments"] as const;

/**
 * Reads the attachments that are still valid.
 *
 * An empty list says that nothing is attached any more. A key that is absent or null says nothing,
 * and must never be taken for an empty list: that would free the addresses of running pods.
 *
 * @param netconf The network configuration as JSON gave it.
 * @returns The attachments; white space around their parts is trimmed, as ADD does it.
 * @throws {CniError} Code 7 if there is no list, or if an entry is malformed; the details name the
 * place.
 * @see https://www.cni.dev/docs/spec/#gc-clean-up-any-stale-resources
 */
export function parseValidAttachments(
  netconf: Readonly<Record<string, unknown>>,
): readonly AttachmentId[] {
  for (const key of KEYS) {
    const list = netconf[key];
    if (list === undefined || list === null) continue;
    if (!Array.isArray(list)) {
      throw malformed(`Cannot read ${key} as it must be a list: current value is ${show(list)}`);
    }
    return list.map((entry: unknown, index) => parseEntry(entry, `${key}[${index}]`));
  }
  throw new CniError(CODES.invalidConfig, `Required ${KEYS[0]} missing`, {
    details: `Set ${KEYS[0]} to the list of attachments to keep; only [] means that there is none`,
  });
}

function parseEntry(entry: unknown, path: string): AttachmentId {
  if (!isRecord(entry)) {
    throw malformed(`Cannot read ${path} as it must be an object: current value is ${show(entry)}`);
  }
  return {
    containerId: parsePart(entry["containerID"], {
      path: `${path}.containerID`,
      check: checkContainerId,
    }),
    ifName: parsePart(entry["ifname"], { path: `${path}.ifname`, check: checkIfName }),
  };
}

function parsePart(
  value: unknown,
  options: { readonly path: string; readonly check: (text: string) => string },
): string {
  const { path, check } = options;
  if (typeof value !== "string") {
    throw malformed(`Cannot read ${path} as it must be a string: current value is ${show(value)}`);
  }
  try {
    return check(value.trim());
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    // The check speaks of the environment variable; here the value came by JSON.
    throw malformed(`Cannot read ${path}: ${error.details ?? error.message}`);
  }
}

function malformed(details: string): CniError {
  return new CniError(CODES.invalidConfig, "Malformed list of valid attachments", { details });
}
