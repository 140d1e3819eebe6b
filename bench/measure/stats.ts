/**
 * What is told of many samples.
 *
 * @module
 */

/** A few figures for many samples. */
export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  readonly mean: number;
}

/**
 * Sums samples up.
 *
 * @param samples The samples, in any order.
 * @returns The figures; undefined when there are no samples.
 */
export function summarize(samples: readonly number[]): Summary | undefined {
  if (samples.length === 0) return undefined;
  const sorted = samples.toSorted((a, b) => a - b);
  const mean = sorted.reduce((sum, one) => sum + one, 0) / sorted.length;
  const figures = {
    min: quantile(sorted, 0),
    p50: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1),
    mean,
  };
  const rounded = Object.entries(figures).map(([name, value]) =>
    [name, Math.round(value * 1000) / 1000] as const
  );
  return { count: sorted.length, ...figures, ...Object.fromEntries(rounded) };
}

/**
 * The middle of some samples.
 *
 * @param samples The samples, in any order.
 * @returns The median; undefined when there are no samples.
 */
export function median(samples: readonly number[]): number | undefined {
  if (samples.length === 0) return undefined;
  return quantile(samples.toSorted((a, b) => a - b), 0.5);
}

/** Between two samples by proportion, as most programs reckon it. */
function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}
