/**
 * Takes turns: A B A B, so that a slow moment of the machine meets all that is measured.
 *
 * @module
 */

/** How turns are taken. */
export interface InterleaveOptions<T> {
  /** How often each is run and counted. */
  readonly runs: number;
  /** How often each is run before, so that its program and data lie in the page cache. Default 2. */
  readonly warmUps?: number;
  /** Runs one; the run is negative while warming up. */
  readonly once: (item: T, run: number) => Promise<void>;
  /** Told after each round which part of all is done, 0 to 1. */
  readonly advance?: (part: number) => void;
}

/**
 * Runs all items in turn, again and again.
 *
 * @param items What takes turns.
 * @param options How often, and what a turn is.
 */
export async function interleave<T>(
  items: readonly T[],
  { runs, warmUps = 2, once, advance }: InterleaveOptions<T>,
): Promise<void> {
  for (let run = -warmUps; run < runs; run++) {
    for (const item of items) await once(item, run);
    advance?.((run + warmUps + 1) / (runs + warmUps));
  }
}
