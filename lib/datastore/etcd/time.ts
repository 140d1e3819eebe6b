/**
 * Waiting that ends: a part of the time of a call, and a pause.
 *
 * @module
 */

/**
 * Runs something that ends with the call's signal or after its own time.
 *
 * @param fn Gets the signal of both.
 * @param options The call's signal; the time in ms.
 * @returns What `fn` returns.
 */
export async function withTimeout<T>(
  fn: (signal: AbortSignal) => Promise<T>,
  options: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<T> {
  const { signal, timeoutMs } = options;
  // Not setTimeout: the first one of a process makes Deno 2.9 load the timers of Node.js, which takes 6 ms.
  return await fn(AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(timeoutMs))]));
}

/**
 * Waits, or until the signal.
 *
 * @param ms How long, in ms.
 * @param signal Ends the pause early.
 */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await withTimeout(ended, { signal, timeoutMs: ms });
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve());
  });
}
