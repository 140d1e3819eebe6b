/** Whatever bytes a server sends, in whatever pieces: one and the same answer, or a SyntaxError. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { answerReader } from "../../../lib/http/answer_reader.ts";
import { corpus, fuzz } from "../_fuzz.ts";
import { aCut, cutUp } from "../_mutate.ts";

const encoder = new TextEncoder();
const GOOD = [
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n",
  "HTTP/1.0 200 OK\r\n\r\n{}",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
  "HTTP/1.1 404 Not Found\r\nContent-Length: 2, 2\r\nConnection: close\r\n\r\nno",
  "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2/\r\nContent-Length: 0\r\n\r\n",
].map((text) => encoder.encode(text));

/** What comes of pieces, and of the end after the last one. */
function outcomeOf(pieces: readonly Uint8Array[]): string {
  const reader = answerReader();
  try {
    for (const piece of pieces) {
      const answer = reader.push(piece);
      if (answer !== undefined) return shown(answer);
    }
    return shown(reader.end());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    assert(error.message.length < 200);
    return reader.head === undefined ? "malformed" : `malformed ${reader.head.status}`;
  }
}

function shown(
  { status, headers, body }: ReturnType<ReturnType<typeof answerReader>["end"]>,
): string {
  assert(Number.isInteger(status) && status >= 100 || status < 1000);
  return JSON.stringify([status, [...headers], [...body]]);
}

function split(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...pieces, bytes.subarray(at)].filter(({ length }) => length > 0);
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 });

/** The pieces in which bytes come do not matter. */
function read(bytes: Uint8Array, sizes: readonly number[]): void {
  assertEquals(
    outcomeOf(split(bytes, sizes)),
    outcomeOf([...bytes].map((byte) => Uint8Array.of(byte))),
  );
}

Deno.test("HTTP answers of the corpus are read in any pieces", () => {
  for (const { bytes } of corpus("http")) {
    for (const size of [1, 3, 7]) read(bytes, Array(40).fill(size));
  }
});

Deno.test("an HTTP answer that is damaged is read, or malformed, in any pieces", () =>
  fuzz(
    fc.property(
      fc.constantFrom(...GOOD),
      fc.array(aCut, { minLength: 1, maxLength: 3 }),
      sizes,
      (good, cuts, sizes) => {
        const bytes = cutUp(good, cuts);
        // One byte at a time takes its time.
        fc.pre(bytes.length < 500);
        read(bytes, sizes);
      },
    ),
    400,
  ));

Deno.test("any bytes are an HTTP answer or malformed, in any pieces", () =>
  fuzz(fc.property(fc.uint8Array({ maxLength: 200 }), sizes, read), 100));
