/**
 * Finds what somebody probably meant.
 *
 * @module
 */

const FARTHEST = 2;
const LONGEST = 64;

/**
 * Finds the known word nearest to a misspelt one.
 *
 * @param word What was written.
 * @param known The words to choose from.
 * @returns The one that differs in case only, else the one with the fewest edits, at most 2 and
 * fewer than the word has letters; `undefined` when there is none.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > LONGEST) return undefined;
  const lower = word.toLowerCase();
  let best: string | undefined;
  let least = Math.min(FARTHEST, word.length - 1) + 1;
  for (const candidate of known) {
    if (candidate.toLowerCase() === lower) return candidate;
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/**
 * Counts the letters to insert, delete or replace (Levenshtein).
 *
 * @param a One word.
 * @param b The other.
 * @returns The least number of edits.
 */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
