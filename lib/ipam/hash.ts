/**
 * A hash for choosing where a search begins. Not for secrets.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9923} for FNV
 * @module
 */

const OFFSET = 0xcbf2_9ce4_8422_2325n;
const PRIME = 0x100_0000_01b3n;

/**
 * FNV-1a.
 *
 * @param text What is hashed, as UTF-8.
 * @returns 64 bits.
 */
export function hash64(text: string): bigint {
  let hash = OFFSET;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  }
  return hash;
}
