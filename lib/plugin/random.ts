/**
 * Chance, from the system's generator.
 *
 * @module
 */

/**
 * An integer of `[0, below)`, each with the same chance.
 *
 * @param below The bound, at least 1.
 * @returns The integer.
 * @throws {RangeError} If `below` is less than 1.
 */
export function randomBelow(below: bigint): bigint {
  if (below < 1n) throw new RangeError(`Cannot choose below ${below}`);
  const words = new Uint32Array(Math.ceil((below - 1n).toString(2).length / 32));
  const span = 1n << BigInt(32 * words.length);
  const fair = span - span % below; // values past it would favour the small results
  for (;;) {
    crypto.getRandomValues(words);
    const value = words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n);
    if (value < fair) return value % below;
  }
}

/** A number of `[0, 1)`, for the order of endpoints. */
export function randomFraction(): number {
  return Number(randomBelow(1n << 32n)) / 2 ** 32;
}

/** 16 random hex digits: a node id or a boot id. */
export function randomId(): string {
  return randomBelow(1n << 64n).toString(16).padStart(16, "0");
}
