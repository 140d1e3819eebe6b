/**
 * Medians, ratios and how they are printed.
 *
 * @module
 */

/** One thing that is measured. */
export interface Row {
  readonly name: string;
  /** Milliseconds, one for each run. */
  readonly samples: number[];
  /** Runs it once; `run` tells one from the other, -1 is the warm-up. */
  readonly once: (run: number) => Promise<number>;
}

/** The middle of some numbers. */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** The table of all rows; `base` is the median that ratios are to. */
export function table(rows: readonly Row[], base: number): string {
  const lines = rows.map(({ name, samples }) => {
    const [p50, p90] = [median(samples), quantile(samples, 0.9)];
    return `| ${name} | ${p50.toFixed(1)} | ${p90.toFixed(1)} | ${(p50 / base).toFixed(2)} |`;
  });
  return ["| | p50 ms | p90 ms | ratio of p50 |", "| --- | --- | --- | --- |", ...lines].join("\n");
}

function quantile(samples: readonly number[], part: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
