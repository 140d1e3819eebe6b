/**
 * Chance that can be repeated: the same seed gives the same draws.
 *
 * @module
 */

/** A source of draws. */
export interface Dice {
  /** A number of `[0, 1)`. */
  next(): number;
  /** An integer of `[0, bound)`. */
  below(bound: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** One of a list, each with the same chance; undefined where the list is empty. */
  pick<T>(list: readonly T[]): T | undefined;
}

/**
 * Makes a source of draws.
 *
 * @param seed Any text.
 * @returns The source.
 */
export function makeDice(seed: string): Dice {
  let state = hash(seed);
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    return mix(state) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (list) => list[below(list.length)],
  };
}

/**
 * Draws one of several by weight.
 *
 * @param dice Where the draw comes from.
 * @param weights What may be drawn, and how often.
 * @returns One of the keys.
 */
export function drawWeighted<K extends string>(
  dice: Dice,
  weights: Readonly<Record<K, number>>,
): K {
  const keys = Object.keys(weights).filter((key): key is K => key in weights);
  let left = dice.next() * keys.reduce((sum, key) => sum + weights[key], 0);
  for (const key of keys) {
    left -= weights[key];
    if (left < 0) return key;
  }
  const [first] = keys;
  if (first === undefined) throw new RangeError("Cannot draw from nothing");
  return first;
}

/** The same things in an order that is drawn. */
export function shuffled<T>(dice: Dice, things: readonly T[]): readonly T[] {
  return things.map((thing) => ({ thing, at: dice.next() }))
    .sort((a, b) => a.at - b.at).map(({ thing }) => thing);
}

function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (const char of text) sum = Math.imul(sum ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return mix(sum);
}

/** Spreads each bit over all others. */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x21f0aaad);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
