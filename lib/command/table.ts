/**
 * Tables of text, and what stands in their cells.
 *
 * @module
 */

/** The text of an empty cell. */
export const NOTHING = "-";

/** The last moment that `Date` knows, in milliseconds since the epoch. */
const LAST_MOMENT = 8.64e15;

/**
 * Aligns rows. The last cell of a row may be as long as it likes.
 *
 * @param rows The rows, the head first.
 * @returns One line for each, with a line feed.
 */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.slice(0, -1).entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  return rows.map((row) => {
    const last = row.length - 1;
    return `${
      row.map((cell, column) => column === last ? cell : cell.padEnd(widths[column] ?? 0)).join(
        "  ",
      )
    }\n`;
  }).join("");
}

/**
 * Writes a text of the datastore so that it cannot change the terminal.
 *
 * @param text Whatever was stored.
 * @returns The text on one line; a dash where there is none.
 */
export function formatCell(text: string | undefined): string {
  return text === undefined || text === "" ? NOTHING : text.replace(/[\p{Cc}\p{Cf}\s]/gu, "?");
}

/**
 * Writes a sentence with texts of the datastore in it so that it cannot change the terminal.
 *
 * @param text The sentence.
 * @returns It on one line.
 */
export function formatSentence(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, "?");
}

/**
 * Writes a moment.
 *
 * @param ms Milliseconds since the epoch.
 * @returns ISO 8601 in UTC; a dash where there is none.
 */
export function formatMoment(ms: number | undefined): string {
  if (ms === undefined) return NOTHING;
  return Math.abs(ms) <= LAST_MOMENT ? new Date(ms).toISOString() : String(ms);
}
