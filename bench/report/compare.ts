/**
 * Rows beside one another.
 *
 * @module
 */
import type { Row } from "./row.ts";

/** Finds the row that another one is compared with. */
export type Base = (row: Row) => Row | undefined;

/**
 * Adds to each row how its median relates to that of another.
 *
 * @param rows The rows.
 * @param base What each is compared with; without one it gets no ratio.
 * @returns The rows with their ratios.
 */
export function withRatios(rows: readonly Row[], base: Base): readonly Row[] {
  return rows.map((row) => {
    const ratio = ratioOf(row, base(row));
    return ratio === undefined ? row : { ...row, ratio };
  });
}

/**
 * Adds to each row how many milliseconds more its median is than that of another.
 *
 * @param rows The rows.
 * @param base What each is compared with.
 * @returns The rows with what they take more.
 */
export function withMore(rows: readonly Row[], base: Base): readonly Row[] {
  return rows.map((row) => {
    const [own, other] = [row.wallMs?.p50, base(row)?.wallMs?.p50];
    return own === undefined || other === undefined ? row : { ...row, moreMs: own - other };
  });
}

/**
 * The ratio of the medians of two rows.
 *
 * @param row The row.
 * @param base The other one.
 * @returns Undefined where one of them was not measured.
 */
export function ratioOf(row: Row | undefined, base: Row | undefined): number | undefined {
  return divided(row?.wallMs?.p50, base?.wallMs?.p50);
}

/**
 * One figure by another.
 *
 * @param figure The figure.
 * @param by The other one.
 * @returns Undefined where one of them is missing, or nothing can be told by it.
 */
export function divided(figure: number | undefined, by: number | undefined): number | undefined {
  return figure === undefined || by === undefined || by === 0 ? undefined : figure / by;
}

/**
 * The largest of some figures.
 *
 * @param figures The figures.
 * @returns Undefined where one of them is missing, or there are none.
 */
export function worst(figures: readonly (number | undefined)[]): number | undefined {
  const known = figures.filter((one) => one !== undefined);
  return known.length === 0 || known.length < figures.length ? undefined : Math.max(...known);
}

/** A goal's figure as a field: absent where it was not measured. */
export function figureOf(figure: number | undefined): { readonly figure?: number } {
  return figure === undefined ? {} : { figure };
}
