/**
 * How long a run will still take.
 *
 * @module
 */

/** What was planned, and how far it got. */
export interface Progressed {
  /** All of the run, as its scenarios say. */
  readonly plannedSeconds: number;
  /** The part of the plan that is done. */
  readonly doneSeconds: number;
  readonly elapsedSeconds: number;
}

/** Before this much is done, what it took tells more of the set-up than of the machine. */
const TELLING_SECONDS = 10;

/**
 * Estimates the time left: the rest of the plan, at the pace of the part that is done.
 *
 * @param progressed How far it got.
 * @returns Seconds.
 */
export function secondsLeft(
  { plannedSeconds, doneSeconds, elapsedSeconds }: Progressed,
): number {
  const left = Math.max(0, plannedSeconds - doneSeconds);
  return doneSeconds < TELLING_SECONDS ? left : left * (elapsedSeconds / doneSeconds);
}

/**
 * Writes a time as people read it.
 *
 * @param seconds The time.
 * @returns Such as `3 min 20 s`.
 */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  return minutes === 0 ? `${whole} s` : `${minutes} min ${whole % 60} s`;
}
