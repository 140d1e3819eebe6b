/**
 * A DEL that cannot be committed: it is written down on the node, and made up for later.
 *
 * @module
 */
import { CniError, CODES } from "../../cni/errors.ts";
import { DatastoreError, type DatastoreFailure } from "../../datastore/datastore.ts";
import type { Call, DelCall, Done } from "../call.ts";
import { failure } from "../failures.ts";
import { fileProblem } from "../files.ts";
import { readNode } from "../node.ts";
import { formatPending, type Pending } from "./entry.ts";
import { pendingOf, pendingRoot, removePending, writePending } from "./files.ts";
import { ofSameDatastore } from "./own.ts";

/** Failures that somebody else heals, perhaps much later: the runtime must not be kept waiting. */
const DEFERRED: ReadonlySet<DatastoreFailure> = new Set([
  "unreachable",
  "ambiguous",
  "refused",
  "full",
]);

/**
 * Tells whether a release that failed may be made up for later.
 *
 * @param error What was thrown.
 * @returns Whether the datastore is out of reach, refuses, or is full.
 */
export function isDeferrable(error: unknown): boolean {
  if (error instanceof DOMException) return error.name === "TimeoutError";
  return error instanceof DatastoreError && DEFERRED.has(error.kind);
}

/**
 * Writes down that a release is owed.
 *
 * @param call The DEL.
 * @param failed Why it could not be committed, and when it was called, in milliseconds since the epoch.
 * @returns Nothing for stdout, and a warning.
 * @throws {CniError} With code 11, if it cannot be written down either: the runtime must call again.
 */
export function defer(
  call: DelCall,
  { error, since }: { readonly error: unknown; readonly since: number },
): Done {
  const { config, invocation: { attachment } } = call;
  const { space, network, cooldownMs, datastore } = config;
  const { message, details } = failure(error);
  const reason = `${message}: ${details ?? ""}`;
  const { cluster, node } = readNode(config);
  const name = { network, ...attachment };
  const pending = { space, name, since, node: { cluster, node }, cooldownMs, datastore };
  const path = write(call, pending, reason);
  return {
    stdout: "",
    log: { outcome: "deferred", node },
    warnings: [
      `${reason}. The release is kept in ${path}: a later call that reaches the datastore makes up for it`,
    ],
    hasReached: false,
  };
}

function write(call: DelCall, pending: Omit<Pending, "file">, reason: string): string {
  const { config, invocation: { attachment } } = call;
  try {
    const former = pendingOf(config, attachment);
    const text = formatPending(pending);
    const path = writePending(config, { attachment, since: pending.since, text });
    const older = former.filter((file) => file.since < pending.since);
    removePending(ofSameDatastore(older, config)); // what they owe, the new one owes too
    return path;
  } catch (cause) {
    throw new CniError(CODES.tryAgain, "Cannot keep the release for later", {
      details: `${reason}. ${problemOf(call, cause)}`,
      cause,
    });
  }
}

function problemOf({ config: { dataDir } }: Call, cause: unknown): string {
  const problem = fileProblem(cause, { verb: "write", folders: "/var/lib/cni/kube-ipam" });
  return `Nor can it be written down in ${pendingRoot(dataDir)} (${problem}): ` +
    "let the plugin write to ipam.dataDir. The runtime tries again by itself";
}
