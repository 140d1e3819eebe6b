/**
 * What the harness itself asks of etcd: of whichever member answers, or of one.
 *
 * @module
 */
import { isRecord } from "../../lib/cni/values.ts";

/** An object of an answer. */
export type Answer = Readonly<Record<string, unknown>>;

const TRY_MS = 5_000;
const ROUNDS = 12;
const PAUSE_MS = 250;

/**
 * Asks one member.
 *
 * @param endpoint The member.
 * @param question The path below `/v3` and the body.
 * @returns The answer.
 * @throws {Error} If there is none within some seconds, or it is an error.
 */
export async function askMember(
  endpoint: string,
  question: { readonly path: string; readonly body?: unknown },
): Promise<Answer> {
  const { path, body = {} } = question;
  const response = await fetch(`${endpoint}/v3/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TRY_MS),
  });
  const text = await response.text();
  const answer: unknown = JSON.parse(text);
  if (response.ok && isRecord(answer)) return answer;
  throw new Error(`Cannot ask etcd ${path}: current answer is ${text}`);
}

/**
 * Asks one member after the other, until one answers or an error is one of the question.
 *
 * @param endpoints The members.
 * @param question The path below `/v3` and the body; `final` tells the errors that no other member would mend.
 * @returns The answer.
 * @throws {Error} If none answers within some rounds.
 */
export async function askAny(
  endpoints: readonly string[],
  question: { readonly path: string; readonly body?: unknown; readonly final?: RegExp },
): Promise<Answer> {
  for (let round = 1;; round++) {
    for (const [index, endpoint] of endpoints.entries()) {
      try {
        return await askMember(endpoint, question);
      } catch (error) {
        const isLast = round === ROUNDS && index === endpoints.length - 1;
        if (isLast || question.final?.test(String(error)) === true) throw error;
      }
    }
    await pause(PAUSE_MS);
  }
}

/** Waits. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}
