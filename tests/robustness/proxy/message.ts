/**
 * Cuts a stream of bytes into HTTP/1.1 messages.
 *
 * @module
 */

/** A whole message. */
export interface Message {
  /** All its bytes, to hand on. */
  readonly bytes: Uint8Array;
  /** The request or status line, and the headers. */
  readonly head: string;
  /** The body, its chunks joined. */
  readonly body: string;
}

/** The first message of some bytes, and what follows it. */
export interface Cut {
  readonly message: Message;
  readonly rest: Uint8Array;
}

const DECODER = new TextDecoder();
const LATIN = new TextDecoder("latin1");
const END_OF_HEAD = "\r\n\r\n";

/**
 * Cuts off the first message.
 *
 * @param bytes What was read so far.
 * @returns The message; undefined where it is not whole yet.
 */
export function cutMessage(bytes: Uint8Array): Cut | undefined {
  // One character for each byte, so that places in the text are places in the bytes.
  const text = LATIN.decode(bytes);
  const headEnd = text.indexOf(END_OF_HEAD);
  if (headEnd < 0) return undefined;
  const head = text.slice(0, headEnd);
  const start = headEnd + END_OF_HEAD.length;
  if (/^transfer-encoding: *chunked$/im.test(head)) return cutChunked(bytes, { text, head, start });
  const length = Number(/^content-length: *(\d+)$/im.exec(head)?.[1] ?? 0);
  const end = start + length;
  if (bytes.length < end) return undefined;
  const body = DECODER.decode(bytes.subarray(start, end));
  return { message: { bytes: bytes.slice(0, end), head, body }, rest: bytes.slice(end) };
}

function cutChunked(
  bytes: Uint8Array,
  { text, head, start }: { readonly text: string; readonly head: string; readonly start: number },
): Cut | undefined {
  let body = "";
  for (let at = start;;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    const from = lineEnd + 2;
    if (size === 0) {
      // Trailers may follow; an empty line ends them.
      const end = text.startsWith("\r\n", from) ? from : text.indexOf(END_OF_HEAD, from) + 2;
      if (end < from || text.length < end + 2) return undefined;
      const all = bytes.slice(0, end + 2);
      return { message: { bytes: all, head, body }, rest: bytes.slice(end + 2) };
    }
    if (text.length < from + size + 2) return undefined;
    body += DECODER.decode(bytes.subarray(from, from + size));
    at = from + size + 2;
  }
}
