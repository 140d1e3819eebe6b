/**
 * What kube-ipam asks of a Kubernetes API.
 *
 * @module
 */
import type { Pod } from "./pod.ts";

/** Why the API did not answer as it should. */
export type KubeFailure =
  /** The kubeconfig, its files or the address in it: a person must act. */
  | "misconfigured"
  /** 401 or 403: the credentials, or their role. */
  | "refused"
  /** Timeout, no connection, 429, 5xx, or an answer that is none of the API's: trying again may help. */
  | "unavailable";

/** Thrown when the API does not answer as it should. */
export class KubeError extends Error {
  /** Always `KubeError`. */
  override readonly name = "KubeError";
  /** What kind of failure it is. */
  readonly kind: KubeFailure;
  /** What an operator can do about it. */
  readonly repair: string;

  /**
   * Makes the error.
   *
   * @param kind What kind of failure it is.
   * @param message What could not be done, and why. Never a secret.
   * @param options The repair, and the cause.
   */
  constructor(
    kind: KubeFailure,
    message: string,
    options: { readonly repair: string; readonly cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.repair = options.repair;
  }
}

/** Names one pod. */
export interface PodName {
  /** Its namespace. */
  readonly namespace: string;
  /** Its name. */
  readonly name: string;
}

/** A Kubernetes API. */
export interface KubeApi extends AsyncDisposable {
  /** Its URL, for messages. */
  readonly server: string;
  /** SHA-256, in hex, of each certificate of its authority; of its URL where the kubeconfig has none. The first one names it in records. */
  readonly authorities: readonly string[];
  /** What deserves a line in the log. */
  readonly warnings: readonly string[];
  /**
   * Reads one pod, from etcd and not from a cache.
   *
   * @returns The pod; undefined only if the API itself said that there is none.
   * @throws {KubeError} If it did not answer that question.
   */
  getPod(name: PodName, options: { readonly signal: AbortSignal }): Promise<Pod | undefined>;
}

/** A question to an API. */
export interface Question {
  /** The path with its query, from the URL of the API on. */
  readonly path: string;
  /** What it asks for, for messages: `the list of pods`. */
  readonly what: string;
  /** The resource that a NotFound must name: `pods`. */
  readonly resource: string;
  /** The form that is wanted. Default `application/json`. */
  readonly accept?: string;
  /** What to do about a 403. */
  readonly role?: string;
  /** The longest wait for the answer, in milliseconds. */
  readonly answerMs?: number;
  /** Ends the call. */
  readonly signal: AbortSignal;
}

/** What an API answers to a {@linkcode Question}. */
export type Reply =
  | { readonly kind: "object"; readonly value: unknown }
  /** The API itself said that there is none. */
  | { readonly kind: "absent" }
  /** It is larger than what is read. */
  | { readonly kind: "tooLarge" };

/** A Kubernetes API that may be asked for more than pods. */
export interface KubeConnection extends KubeApi {
  /**
   * Asks for an object or a list.
   *
   * @returns What the API answered.
   * @throws {KubeError} If it did not answer that question.
   */
  ask(question: Question): Promise<Reply>;
}
