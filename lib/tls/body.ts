/**
 * Reading an HTTP answer that may be cut off or without end.
 *
 * @module
 */

/** The largest answer that is read, in bytes. */
export const MAX_BYTES = 8 * 1024 * 1024;

/** The answer was larger than what is read. */
export const TOO_LARGE = Symbol("too large");
/** The answer ended before its end. */
export const CUT = Symbol("cut");

/**
 * Reads the body; nothing of it is left open, whatever happens.
 *
 * @param response The answer.
 * @returns Its text, or why there is none.
 */
export async function readBody(
  response: Response,
): Promise<string | typeof TOO_LARGE | typeof CUT> {
  const length = Number(response.headers.get("content-length") ?? NaN);
  try {
    if (length > MAX_BYTES) {
      await response.body?.cancel();
      return TOO_LARGE;
    }
    // The length of what is packed says nothing of what it is unpacked to.
    const isKnown = !Number.isNaN(length) && !response.headers.has("content-encoding");
    return !isKnown ? await readStream(response.body) : await response.text();
  } catch {
    return CUT;
  }
}

async function readStream(
  body: ReadableStream<Uint8Array> | null,
): Promise<string | typeof TOO_LARGE> {
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  // Leaving the loop early cancels the stream.
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) return TOO_LARGE;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
