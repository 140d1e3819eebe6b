/**
 * The blocks of a PEM file: pure.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7468}
 * @module
 */

/** One block. */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, `EC PRIVATE KEY`, and more. */
  readonly label: string;
  readonly der: Uint8Array;
  /** Whether the block is encrypted in the old way, by header lines. */
  readonly encrypted: boolean;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\s([^]*?)-----END \1-----/g;
const HEADER = /^[A-Za-z-]+:.*$/gm;

/**
 * Reads all blocks; text between them is skipped.
 *
 * @param text The file.
 * @returns The blocks, in order.
 * @throws {SyntaxError} If there is none, or one is not base64.
 */
export function parsePem(text: string): readonly PemBlock[] {
  const blocks = Array.from(text.matchAll(BLOCK), ([, label = "", body = ""]) => ({
    label,
    der: decode(label, body),
    encrypted: /^Proc-Type:.*ENCRYPTED/m.test(body),
  }));
  if (blocks.length === 0) throw new SyntaxError("no PEM block in it");
  return blocks;
}

function decode(label: string, body: string): Uint8Array {
  try {
    return Uint8Array.from(
      atob(body.replaceAll(HEADER, "").replaceAll(/\s/g, "")),
      (char) => char.charCodeAt(0),
    );
  } catch {
    throw new SyntaxError(`block "${label}" is not base64`);
  }
}
