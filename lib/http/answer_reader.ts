/**
 * An HTTP/1.1 answer from its bytes, as they come. Pure.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9112}
 * @module
 */

/** The beginning of an answer. */
export interface HttpHead {
  /** Its status. */
  readonly status: number;
  /** Its headers, their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/** An answer that is complete. */
export interface HttpAnswer extends HttpHead {
  /** Its body. */
  readonly body: Uint8Array;
  /** Whether the connection is of no use for another request: it ends, or holds bytes that nobody asked for. */
  readonly isLast: boolean;
}

/** Puts an answer together. Every method throws `SyntaxError` if it is no HTTP. */
export interface AnswerReader {
  /** Takes bytes; returns the answer when it is complete. */
  push(bytes: Uint8Array): HttpAnswer | undefined;
  /** Takes the end of the connection; throws too where it came too early. */
  end(): HttpAnswer;
  /** What is known of an answer that is not complete. */
  readonly head: HttpHead | undefined;
}

interface Head extends HttpHead {
  readonly isLast: boolean;
}

const UTF8 = new TextDecoder();
const CR = 13;
const LF = 10;
const STATUS = /^HTTP\/1\.([01]) (\d{3})(?: |$)/;
const SIZE = /^[0-9a-f]{1,8}(?=$|;| )/i;
/** Said twice, it must be said the same way: RFC 9110, section 8.6. */
const LENGTH = /^(\d{1,15})(?:, \1)*$/;
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** Answers that have no body, whatever their headers say: No Content, Not Modified. */
const EMPTY = [204, 304];
/** Longer heads are none of an API. */
const MAX_HEAD_BYTES = 65_536;
/** The size of a chunk and what may stand behind it. */
const MAX_LINE = 4_096;

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
  /** Chunks are moved together where they lie: there may be a million of them. */
  let body: { readonly from: number; to: number } | undefined;

  function look(ended: boolean): HttpAnswer | undefined {
    const all = bytes.subarray(0, size);
    while (head === undefined) {
      const end = endOfHead(all.subarray(at));
      if (end === undefined) return undefined;
      const found = headOf(all.subarray(at, at + end));
      at += end;
      if (!isInterim(found)) head = found;
    }
    const { status, headers } = head;
    const body = EMPTY.includes(status) ? new Uint8Array() : bodyOf(all, { headers, ended });
    if (body === undefined) return undefined;
    return { ...head, body, isLast: head.isLast || ended || size !== endOf(body, head) };
  }

  /** A body in chunks is followed by bytes that are not looked at, so its end is not known. */
  function endOf({ length }: Uint8Array, { headers }: Head): number {
    return headers.has("transfer-encoding") ? -1 : at + length;
  }

  function bodyOf(
    all: Uint8Array,
    { headers, ended }: { readonly headers: HttpHead["headers"]; readonly ended: boolean },
  ): Uint8Array | undefined {
    if (headers.get("transfer-encoding")?.toLowerCase() === "chunked") return unchunked(all);
    const length = headers.get("content-length");
    if (length === undefined) return ended ? all.slice(at) : undefined;
    const [, digits] = LENGTH.exec(length) ?? [];
    if (digits === undefined) throw new SyntaxError("the length of the answer is malformed");
    const end = at + Number(digits);
    return size < end ? undefined : all.slice(at, end);
  }

  function unchunked(all: Uint8Array): Uint8Array | undefined {
    body ??= { from: at, to: at };
    for (;;) {
      const end = all.indexOf(CR, at);
      const isOpen = end < 0;
      const line = isOpen ? "" : UTF8.decode(all.subarray(at, Math.min(end, at + MAX_LINE)));
      const [digits] = SIZE.exec(line) ?? [];
      const tooLong = (isOpen ? size : end) - at > MAX_LINE;
      if (tooLong || (!isOpen && digits === undefined)) {
        throw new SyntaxError("a chunk of the answer is malformed");
      }
      if (digits === undefined) return undefined;
      const length = parseInt(digits, 16);
      if (length === 0) return all.slice(body.from, body.to);
      const start = end + 2;
      if (size < start + length) return undefined;
      all.copyWithin(body.to, start, start + length);
      body.to += length;
      at = start + length + 2;
    }
  }

  return {
    get head() {
      return head;
    },
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
  for (let at = 0; (at = bytes.indexOf(LF, at)) >= 0; at++) {
    if (bytes[at - 1] !== CR) throw new SyntaxError("the answer is not HTTP");
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
  }
  if (bytes.length > MAX_HEAD_BYTES) throw new SyntaxError("the answer is not HTTP");
  return undefined;
}

/** The answer proper is still to come: 100 Continue, 103 Early Hints. */
function isInterim({ status }: Head): boolean {
  return status >= 100 && status < 200 && status !== 101;
}

function headOf(bytes: Uint8Array): Head {
  const [first = "", ...lines] = UTF8.decode(bytes).trimEnd().split("\r\n");
  const [, version, status] = STATUS.exec(first) ?? [];
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
  const options = (headers.get("connection") ?? "").toLowerCase().split(/\s*,\s*/);
  return {
    status: Number(status),
    headers,
    isLast: version === "0" || options.includes("close"),
  };
}
