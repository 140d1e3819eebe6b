/**
 * Durations and sizes as people write them: `1h30m`, `10MB`.
 *
 * @module
 */

const DURATION = /^(?:(\d{1,6})d)?(?:(\d{1,8})h)?(?:(\d{1,9})m)?(?:(\d{1,10})s)?(?:(\d{1,12})ms)?$/;
const DAY_MS = 86_400_000;
const DURATION_UNITS = [DAY_MS, 3_600_000, 60_000, 1_000, 1];
// formatDuration() writes what parseDuration() reads, and a moment so far ahead has a year of four digits.
const MOST_DAYS = 999_999;
const UNIT_NAMES = ["d", "h", "m", "s", "ms"];
const SIZE = /^(\d{1,12}) ?(B|KB|MB|GB|KiB|MiB|GiB)?$/i;
const SIZE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

/**
 * Reads a duration.
 *
 * @param text Whole numbers with the units d, h, m, s and ms, the largest first: `30s`, `1h30m`, `0`.
 * @returns Milliseconds.
 * @throws {SyntaxError} If the text is none, or more than 999999 days.
 */
export function parseDuration(text: string): number {
  if (text === "0") return 0;
  const found = DURATION.exec(text);
  if (found === null || text === "") {
    throw new SyntaxError(
      `Cannot read a duration as it must look like "30s", "5m" or "1h30m": current value is ${
        JSON.stringify(text)
      }`,
    );
  }
  const ms = DURATION_UNITS.reduce(
    (sum, unit, index) => sum + Number(found[index + 1] ?? 0) * unit,
    0,
  );
  if (ms <= MOST_DAYS * DAY_MS) return ms;
  throw new SyntaxError(
    `Cannot read a duration as it must be at most ${MOST_DAYS} days: current value is ${
      JSON.stringify(text)
    }`,
  );
}

/**
 * Writes a duration.
 *
 * @param ms Whole milliseconds, not negative.
 * @returns What {@linkcode parseDuration} reads: `1h30m`, `0`.
 */
export function formatDuration(ms: number): string {
  let rest = ms;
  const parts = DURATION_UNITS.map((unit, index) => {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    return count === 0 ? "" : `${count}${UNIT_NAMES[index]}`;
  });
  return parts.join("") || "0";
}

/**
 * Reads a size in bytes.
 *
 * @param text A whole number with B, KB, MB, GB (powers of 1000) or KiB, MiB, GiB (powers of 1024).
 * @returns Bytes.
 * @throws {SyntaxError} If the text is none.
 */
export function parseSize(text: string): number {
  const found = SIZE.exec(text);
  const unit = SIZE_UNITS[(found?.[2] ?? "B").toLowerCase()];
  if (found === null || unit === undefined) {
    throw new SyntaxError(
      `Cannot read a size as it must look like "10MB" or "512KiB": current value is ${
        JSON.stringify(text)
      }`,
    );
  }
  return Number(found[1]) * unit;
}
