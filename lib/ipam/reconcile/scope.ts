/**
 * What reconcile looks at.
 *
 * @module
 */
import type { HolderRecord } from "../../state/records.ts";

/** Attachments of a network that are freed whatever its size: a fraction of a few says nothing. */
export const ALWAYS_ALLOWED = 10;
/** What of a network's attachments is freed at most, unless said otherwise. */
export const DEFAULT_MAX_FRACTION = 0.5;
/** Age below which records are left alone, unless said otherwise, in milliseconds. */
export const DEFAULT_GRACE_MS = 300_000;

/** Which records may be touched. */
export interface Scope {
  /** Our cluster: nothing of another one is ever changed. */
  readonly cluster: string;
  /** Only records of this node; undefined: of all. */
  readonly node: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Age below which a record is left alone. */
  readonly graceMs: number;
  /** How long an address of the random set is not given again. */
  readonly cooldownMs: number;
}

/** Tells whether a record may be touched. */
export function isInScope(
  { cluster, node, since }: Pick<HolderRecord, "cluster" | "since"> & { readonly node?: string },
  scope: Scope,
): boolean {
  return cluster === scope.cluster && (scope.node === undefined || node === scope.node) &&
    since <= scope.now - scope.graceMs;
}
