/**
 * Requests to the Kubernetes API of a test, by one who may do everything.
 *
 * @module
 */
import { isRecord } from "../../lib/cni/values.ts";

/** Options of {@linkcode KubeAdmin}. */
export interface KubeAdminOptions {
  /** The statuses that do not throw, or `any`. Default every 2xx. */
  readonly expect?: readonly number[] | "any";
  /** Default `application/json`, and `application/merge-patch+json` for PATCH. */
  readonly contentType?: string;
  /** Who asks. Default the one who may do everything. */
  readonly token?: string;
}

/**
 * Sends one request.
 *
 * @param method The HTTP method.
 * @param path Its path, with the query.
 * @param body An object, sent as JSON.
 * @param options What is expected, and who asks.
 * @returns The answer, which has its status as `code` where it is a Status that tells a failure.
 * @throws {Error} If the status is not expected.
 */
export type KubeAdmin = (
  method: string,
  path: string,
  body?: unknown,
  options?: KubeAdminOptions,
) => Promise<Readonly<Record<string, unknown>>>;

/** Where requests go. */
export interface KubeTarget {
  readonly url: string;
  readonly adminToken: string;
  readonly http: Deno.HttpClient;
}

/**
 * Makes the function that asks an API.
 *
 * @param target The API.
 * @returns The function.
 */
export function adminOf(target: KubeTarget): KubeAdmin {
  return async (method, path, body, options = {}) => {
    const { expect, token = target.adminToken } = options;
    const contentType = options.contentType ??
      (method === "PATCH" ? "application/merge-patch+json" : "application/json");
    const response = await fetch(`${target.url}${path}`, {
      method,
      headers: { "authorization": `Bearer ${token}`, "content-type": contentType },
      body: body === undefined ? null : JSON.stringify(body),
      client: target.http,
    });
    const text = await response.text();
    const isExpected = expect === undefined
      ? response.ok
      : expect === "any" || expect.includes(response.status);
    if (!isExpected) {
      throw new Error(`Cannot ${method} ${path}: current answer is ${response.status} ${text}`);
    }
    const answer: unknown = text === "" ? {} : JSON.parse(text);
    if (!isRecord(answer)) throw new Error(`Cannot read the answer to ${method} ${path}: ${text}`);
    return answer;
  };
}
