/**
 * What happened in a run: every call, every end of a pod, every revision of etcd. The checks read this and nothing else.
 *
 * All moments are milliseconds since the epoch, of one clock that never goes back.
 *
 * @module
 */

/** What a process was started for. */
export type Verb = "ADD" | "DEL" | "CHECK" | "GC" | "STATUS" | "replay" | "reconcile";

/** When a process was killed, and at what. */
export type Moment =
  | `${"claim" | "take-over" | "release"} ${"unsent" | "committed" | "random"}`
  | `${"replay" | "reconcile"} ${"committed" | "random"}`
  /** It did not end by itself. */
  | "overdue";

/** One interface of one container. */
export interface AttachmentRef {
  readonly containerId: string;
  readonly ifName: string;
}

/** One process: how it was called, and what it answered. */
export interface CallRecord {
  readonly verb: Verb;
  readonly cluster: string;
  readonly node: string;
  readonly attachment?: AttachmentRef;
  /** The UID of the pod, where there is one. */
  readonly podUid?: string;
  /** The fixed address that the pod asks for. */
  readonly wish?: string;
  /** What GC was told to keep. */
  readonly valid?: readonly AttachmentRef[];
  readonly startMs: number;
  readonly endMs: number;
  /** The exit code; undefined where a signal ended it. */
  readonly exit: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** The kill that ended it. */
  readonly killed?: Moment;
}

/** A pod that was made. */
export interface PodNote {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly cluster: string;
  /** The fixed address of its annotation. */
  readonly wish?: string;
  /** From when on it may be gone or ended: just before the API was asked for it. */
  endedMs?: number;
}

/** One changed key. */
export interface KeyChange {
  readonly key: string;
  /** Undefined where the key was deleted. */
  readonly value: string | undefined;
}

/** All that one transaction changed. */
export interface Change {
  readonly revision: number;
  /** When the watch told it: a moment after it happened, or long after. */
  readonly seenMs: number;
  readonly keys: readonly KeyChange[];
}

/** Which node sent a transaction, as the proxy between it and etcd saw. */
export interface Author {
  readonly revision: number;
  readonly node: string;
  readonly cluster: string;
}

/** All of it. */
export interface History {
  readonly calls: readonly CallRecord[];
  readonly pods: ReadonlyMap<string, PodNote>;
  readonly changes: readonly Change[];
  readonly authors: readonly Author[];
}

/** What a check found. */
export interface Violation {
  /**
   * - `duplicate`: an address had two holders
   * - `leak`: an address did not come back
   * - `lost`: what was answered was never recorded, or was given back behind its holder's back
   * - `wish`: a fixed address went to another pod, or its pod got another address
   * - `foreign`: a cluster changed what is another one's
   * - `answer`: an answer that is none of ours, or came too late
   * - `invariant`: records that do not fit one another
   */
  readonly kind: "duplicate" | "leak" | "lost" | "wish" | "foreign" | "answer" | "invariant";
  readonly text: string;
}

/** The moment, of a clock that never goes back. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
