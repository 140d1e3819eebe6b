/**
 * What the answer of an API to a question means. Pure.
 *
 * @see {@link https://kubernetes.io/docs/reference/using-api/api-concepts/}
 * @module
 */
import { isRecord } from "../../cni/values.ts";
import { CUT, TOO_LARGE } from "../../tls/body.ts";
import { shortOf } from "../../tls/connection.ts";
import { hide } from "../../tls/hide.ts";
import type { KubeFailure } from "../api.ts";

/** An HTTP answer that was read. */
export interface Answer {
  /** Its status. */
  readonly status: number;
  /** Its headers. */
  readonly headers: { get(name: string): string | null | undefined };
  /** Its body, or why there is none. */
  readonly text: string | typeof TOO_LARGE | typeof CUT;
}

/** The API said no. */
export interface Refusal {
  /** What kind of failure it is. */
  readonly kind: KubeFailure;
  /** What was seen, without secrets. */
  readonly text: string;
  /** What an operator can do about it. */
  readonly repair: string;
}

/** An answer that was understood. */
export type Understood =
  | { readonly kind: "object"; readonly value: unknown }
  | { readonly kind: "absent" }
  | { readonly kind: "refusal"; readonly refusal: Refusal };

/** What to do where nobody is at fault yet. */
export const WAIT = "Check that the API server runs and can be reached from this node";
/** What to do where something else than the API answers. */
export const SERVER = "Set server of the kubeconfig to the Kubernetes API itself, " +
  "with the path prefix if it has one";
const WHO = "Renew the token or the client certificate of the kubeconfig: " +
  "the API does not know who asks";
const ROLE = 'Give the user of the kubeconfig a ClusterRole with "get" on pods: ' +
  "kubectl apply -f config-samples/rbac.yaml";

/**
 * What is wrong with an answer that reads as an object, but not as the one that was asked for.
 *
 * @param text What is wrong with it.
 * @returns The refusal.
 */
export function notThis(text: string): Refusal {
  const seen = `current answer is 200 that is not this: ${text}`;
  return { kind: "unavailable", text: seen, repair: SERVER };
}

/** What was asked for. */
export interface Asked {
  /** As `pods`. */
  readonly resource: string;
  /** What to do about a 403. Default what lets one read a pod. */
  readonly role?: string | undefined;
  /** What was sent and must not be shown, although what is not the API may send it back. */
  readonly secrets?: readonly (string | undefined)[];
}

/** What the API says of a failure. */
interface Status {
  readonly message: string;
  readonly reason: unknown;
  readonly kind: unknown;
}

/**
 * Understands an answer to the question for an object or a list.
 *
 * An absent object is believed only where the API itself says so: a proxy or a wrong path answer 404 too.
 *
 * @param answer The answer.
 * @param asked What was asked for.
 * @returns The object, that there is none, or why there is no answer.
 */
export function understand(
  answer: Answer,
  { resource, role = ROLE, secrets = [] }: Asked,
): Understood {
  const { status, text } = answer;
  const shown = (said: string): string => shortOf(hide(said, secrets));
  if (text === TOO_LARGE) return refusal("unavailable", `${status} with more than 8 MiB`, SERVER);
  if (text === CUT) {
    const repair = status === 400 ? `${WAIT}, or write https:// in server of the kubeconfig` : WAIT;
    return refusal("unavailable", `${status}, and it was cut off`, repair);
  }
  const value = parsed(text);
  if (status === 200) {
    if (value !== undefined) return { kind: "object", value };
    return refusal("unavailable", "200 that is not JSON", SERVER);
  }
  const said = statusOf(value);
  if (status === 404 && said?.reason === "NotFound" && said.kind === resource) {
    return { kind: "absent" };
  }
  const seen = said === undefined || said.message === ""
    ? `${status}`
    : `${status}, ${shown(said.message)}`;
  if (status === 401) return refusal("refused", seen, WHO);
  if (status === 403) return refusal("refused", seen, role);
  if (status === 404) return refusal("unavailable", `${seen} that is not the API's`, SERVER);
  if (status === 429) return refusal("unavailable", `${seen}${retryAfter(answer, shown)}`, WAIT);
  if (status >= 300 && status < 400) {
    return refusal("misconfigured", `${status}, a redirect${origin(answer, shown)}`, SERVER);
  }
  if (status === 400 && text.includes("HTTP request to an HTTPS server")) {
    return refusal(
      "misconfigured",
      "400, that it serves TLS",
      "Write https:// in server of the kubeconfig",
    );
  }
  return refusal(
    "unavailable",
    `${seen}${retryAfter(answer, shown)}`,
    status >= 500 ? WAIT : SERVER,
  );
}

function refusal(kind: KubeFailure, seen: string, repair: string): Understood {
  return { kind: "refusal", refusal: { kind, text: `current answer is ${seen}`, repair } };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Nothing of the text is shown: it may hold the environment of containers.
    return undefined;
  }
}

function statusOf(value: unknown): Status | undefined {
  if (!isRecord(value) || value["kind"] !== "Status") return undefined;
  const { message, reason, details } = value;
  return {
    message: typeof message === "string" ? message : "",
    reason,
    kind: isRecord(details) ? details["kind"] : undefined,
  };
}

function retryAfter({ headers }: Answer, shown: (said: string) => string): string {
  const after = shown(headers.get("retry-after") ?? "");
  return after === "" ? "" : `, Retry-After ${after}`;
}

function origin({ headers }: Answer, shown: (said: string) => string): string {
  const url = URL.parse(headers.get("location") ?? "");
  return url === null ? "" : ` to ${shown(url.origin)}`;
}
