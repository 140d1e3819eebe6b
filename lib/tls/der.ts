/**
 * The little of DER that certificate files need: pure.
 *
 * @see {@link https://www.itu.int/rec/T-REC-X.690}
 * @module
 */

/** One value: its tag and its content. */
export interface DerNode {
  readonly tag: number;
  readonly body: Uint8Array;
}

const SEQUENCE = 0x30;

/**
 * Reads the parts of a sequence, which must be all there is.
 *
 * @param der The bytes.
 * @returns The parts.
 * @throws {SyntaxError} If it is something else.
 */
export function sequence(der: Uint8Array): readonly DerNode[] {
  const [top, ...rest] = children(der);
  if (top?.tag !== SEQUENCE || rest.length > 0) throw malformed("DER");
  return children(top.body);
}

/**
 * Reads the nodes that stand one after the other.
 *
 * @param bytes The bytes.
 * @returns The nodes.
 * @throws {SyntaxError} If one is longer than what is there.
 */
export function children(bytes: Uint8Array): readonly DerNode[] {
  const nodes: DerNode[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at] ?? 0;
    const [length, start] = lengthAt(bytes, at + 1);
    if (start + length > bytes.length) throw malformed("DER");
    nodes.push({ tag, body: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return nodes;
}

/** Returns the length and where the content begins. */
function lengthAt(bytes: Uint8Array, at: number): readonly [number, number] {
  const first = bytes[at];
  if (first === undefined) throw malformed("DER");
  if (first < 0x80) return [first, at + 1];
  const count = first & 0x7f;
  if (count === 0 || count > 3 || at + count >= bytes.length) throw malformed("DER");
  let length = 0;
  for (let index = 1; index <= count; index++) length = length * 256 + (bytes[at + index] ?? 0);
  return [length, at + 1 + count];
}

/**
 * Writes bytes as hexadecimal digits.
 *
 * @param bytes The bytes.
 * @returns The digits, lower case.
 */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The error of bytes that cannot be read.
 *
 * @param what What they should have been.
 * @returns The error.
 */
export function malformed(what: string): SyntaxError {
  return new SyntaxError(`${what} is malformed`);
}
