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

const BEGIN = /-----BEGIN ([A-Z0-9 ]+)-----\s/y;
const DASHES = "-----";
const HEADER = /^[A-Za-z-]+:.*$/gm;

/**
 * Reads all blocks; text between them is skipped.
 *
 * @param text The file.
 * @returns The blocks, in order.
 * @throws {SyntaxError} If there is none, or one is not base64.
 */
export function parsePem(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  // By hand: an expression would look for the end of each block through the whole file.
  for (let at = 0; (at = text.indexOf(DASHES, at)) >= 0;) {
    BEGIN.lastIndex = at;
    const [begin = DASHES, label] = BEGIN.exec(text) ?? [];
    at += begin.length;
    if (label === undefined) continue;
    const end = text.indexOf(DASHES, at);
    if (end < 0 || !text.startsWith(`${DASHES}END ${label}${DASHES}`, end)) continue;
    const body = text.slice(at, end);
    blocks.push({
      label,
      der: decode(label, body),
      encrypted: /^Proc-Type:.*ENCRYPTED/m.test(body),
    });
    at = end + DASHES.length;
  }
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
