/**
 * Does things later, all by the same time and in the order they came.
 *
 * @module
 */

/** Waits for some milliseconds, of which parts count. */
export type Sleep = (ms: number) => Promise<void>;

/** How a line knows the time. */
export interface Clock {
  readonly sleep: Sleep;
  /** In milliseconds, of which parts count. */
  readonly now: () => number;
}

/** Takes what is to be done later. */
export type DelayLine = (work: () => void) => void;

/** What is due this soon is done now: a sleep would take longer. */
const NOW_MS = 0.02;

/**
 * Makes a line: one sleep at a time for all that waits, each thing done when its own time is over.
 *
 * @param delayMs How much later.
 * @param clock Tells the time, and waits.
 * @returns Takes what is to be done.
 */
export function delayLine(delayMs: number, { sleep, now }: Clock): DelayLine {
  const waiting: { readonly dueMs: number; readonly work: () => void }[] = [];
  let isRunning = false;

  async function run(): Promise<void> {
    for (;;) {
      const head = waiting[0];
      if (head === undefined) break;
      const left = head.dueMs - now();
      if (left > NOW_MS) await sleep(left);
      else {
        waiting.shift();
        head.work();
      }
    }
    isRunning = false;
  }

  return (work) => {
    waiting.push({ dueMs: now() + delayMs, work });
    if (isRunning) return;
    isRunning = true;
    run();
  };
}
