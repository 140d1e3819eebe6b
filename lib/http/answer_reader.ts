/**
 * An HTTP/1.1 answer from its bytes, as they come. Pure.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9112}
 * @module
 */

/** An answer that is complete. */
export interface HttpAnswer {
  /** Its status. */
  readonly status: number;
  /** Its headers, their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Its body. */
  readonly body: Uint8Array;
}

/** Puts an answer together. Every method throws `SyntaxError` if it is no HTTP. */
export interface AnswerReader {
  /** Takes bytes; returns the answer when it is complete. */
  push(bytes: Uint8Array): HttpAnswer | undefined;
  /** Takes the end of the connection; throws too where it came too early. */
  end(): HttpAnswer;
}

interface Head {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
}

const CR = 13;
const LF = 10;
const STATUS = /^HTTP\/1\.[01] (\d{3})(?: |$)/;
const SIZE = /^[0-9a-f]{1,8}(?=$|;| )/i;
const LENGTH = /^\d{1,15}$/;
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** Answers that have no body, whatever their headers say: No Content, Not Modified. */
const EMPTY = [204, 304];
/** Longer heads are none of an API. */
const MAX_HEAD_BYTES = 65_536;

/**
 * Makes a reader of one answer.
 *
 * @returns The reader.
 */
export function answerReader(): AnswerReader {
  let bytes = new Uint8Array(16_384);
  let size = 0;
  let head: Head | undefined;
  /** Where the next chunk, or the body, begins. */
  let at = 0;
  const chunks: Uint8Array[] = [];

  function look(ended: boolean): HttpAnswer | undefined {
    const all = bytes.subarray(0, size);
    if (head === undefined) {
      const end = endOfHead(all);
      if (end === undefined) return undefined;
      head = headOf(all.subarray(0, end));
      at = end;
    }
    const body = EMPTY.includes(head.status)
      ? new Uint8Array()
      : bodyOf(all, { headers: head.headers, ended });
    return body === undefined ? undefined : { ...head, body };
  }

  function bodyOf(
    all: Uint8Array,
    { headers, ended }: { readonly headers: HttpAnswer["headers"]; readonly ended: boolean },
  ): Uint8Array | undefined {
    if (headers.get("transfer-encoding")?.toLowerCase() === "chunked") return unchunked(all);
    const length = headers.get("content-length");
    if (length === undefined) return ended ? all.slice(at) : undefined;
    if (!LENGTH.test(length)) throw new SyntaxError("the length of the answer is malformed");
    const end = at + Number(length);
    return size < end ? undefined : all.slice(at, end);
  }

  function unchunked(all: Uint8Array): Uint8Array | undefined {
    for (;;) {
      const end = all.indexOf(CR, at);
      const line = end < 0 ? undefined : new TextDecoder().decode(all.subarray(at, end));
      if (line === undefined) return undefined;
      const [digits] = SIZE.exec(line) ?? [];
      if (digits === undefined) throw new SyntaxError("a chunk of the answer is malformed");
      const length = parseInt(digits, 16);
      if (length === 0) return joined(chunks);
      const start = end + 2;
      if (size < start + length) return undefined;
      chunks.push(all.slice(start, start + length));
      at = start + length + 2;
    }
  }

  return {
    push: (more) => {
      if (size + more.length > bytes.length) {
        const larger = new Uint8Array(2 * (size + more.length));
        larger.set(bytes.subarray(0, size));
        bytes = larger;
      }
      bytes.set(more, size);
      size += more.length;
      return look(false);
    },
    end: () => {
      const answer = look(true);
      if (answer === undefined) throw new SyntaxError("the answer was cut off");
      return answer;
    },
  };
}

function endOfHead(bytes: Uint8Array): number | undefined {
  for (let at = 0; (at = bytes.indexOf(CR, at)) >= 0; at++) {
    if (bytes[at + 1] === LF && bytes[at + 2] === CR && bytes[at + 3] === LF) return at + 4;
  }
  if (bytes.length > MAX_HEAD_BYTES) throw new SyntaxError("the answer is not HTTP");
  return undefined;
}

function headOf(bytes: Uint8Array): Head {
  const [first = "", ...lines] = new TextDecoder().decode(bytes).trimEnd().split("\r\n");
  const [, status] = STATUS.exec(first) ?? [];
  if (status === undefined) throw new SyntaxError("the answer is not HTTP");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    if (!NAME.test(name)) throw new SyntaxError("a header of the answer is malformed");
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { status: Number(status), headers };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
