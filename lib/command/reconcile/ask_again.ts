/**
 * Asks an API once more for one object: an answer of 429 or 5xx must not end a run that asks a thousand times.
 *
 * @module
 */
import { sleep } from "../../datastore/transact.ts";
import { KubeError } from "../../kube/api.ts";
import { callSignal, type Work } from "./work.ts";

/** Waits between the tries, in milliseconds. */
const PAUSES_MS: readonly number[] = [250, 1_000];

/**
 * Asks for one object, at most three times.
 *
 * @param work Its signal ends the asking; its `pausesMs` are the waits.
 * @param ask Asks; each try has a deadline of its own.
 * @returns The answer.
 * @throws {KubeError} Of the last try, or at once where asking again cannot help.
 */
export async function askAgain<T>(
  { signal, pausesMs = PAUSES_MS }: Pick<Work, "signal" | "pausesMs">,
  ask: (options: { readonly signal: AbortSignal }) => Promise<T>,
): Promise<T> {
  for (const pauseMs of pausesMs) {
    try {
      return await ask({ signal: callSignal(signal) });
    } catch (error) {
      const mayHelp = error instanceof KubeError && error.kind === "unavailable";
      if (!mayHelp || signal?.aborted === true) throw error;
    }
    await sleep(pauseMs, signal);
  }
  return await ask({ signal: callSignal(signal) });
}
