import { assert, assertEquals, assertThrows } from "@std/assert";
import { answerReader, type HttpAnswer } from "../../../lib/http/answer_reader.ts";

function bytesOf(...lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(lines.join("\r\n"));
}

function textOf(answer: HttpAnswer | undefined): string | undefined {
  return answer === undefined ? undefined : new TextDecoder().decode(answer.body);
}

const LENGTH = bytesOf("HTTP/1.1 200 OK", "Content-Length: 5", "X-A: a:b", "", "hello");
const CHUNKED = bytesOf(
  ...["HTTP/1.1 200 OK", "transfer-encoding: chunked", ""],
  ...["2", "he", "3;name=value", "l\r\n", "0", "", ""],
);
const OPEN = bytesOf("HTTP/1.0 404 Not Found", "", "hello");

Deno.test("answerReader() reads a body by its length, by chunks and by the end", () => {
  const answer = answerReader().push(LENGTH);
  assertEquals([answer?.status, answer?.headers.get("x-a")], [200, "a:b"]);
  assertEquals(textOf(answer), "hello");
  assertEquals(textOf(answerReader().push(CHUNKED)), "hel\r\n");
  const reader = answerReader();
  assertEquals(reader.push(OPEN), undefined);
  assertEquals([reader.end().status, textOf(reader.end())], [404, "hello"]);
});

Deno.test("answerReader() takes an answer byte by byte, and knows one that is cut off", () => {
  for (const [bytes, text] of [[LENGTH, "hello"], [CHUNKED, "hel\r\n"]] as const) {
    const reader = answerReader();
    for (let at = 0; at < bytes.length; at++) {
      const answer = reader.push(bytes.subarray(at, at + 1));
      if (answer === undefined) {
        const early = answerReader();
        early.push(bytes.subarray(0, at + 1));
        assertThrows(() => early.end(), SyntaxError, "cut off");
      } else {
        assertEquals(textOf(answer), text);
        assert(at > bytes.length - 5, `complete at ${at}`);
      }
    }
  }
});

Deno.test("answerReader() takes a large answer in small pieces in one go", () => {
  const reader = answerReader();
  const body = "x".repeat(1_000_000);
  const bytes = bytesOf("HTTP/1.1 200 OK", `content-length: ${body.length}`, "", body);
  let answer: HttpAnswer | undefined;
  for (let at = 0; at < bytes.length; at += 1000) {
    answer = reader.push(bytes.subarray(at, at + 1000));
  }
  assertEquals(textOf(answer), body);
});

Deno.test("answerReader() refuses what is no HTTP", () => {
  const cases = [
    bytesOf("HTTP/2 200", "", ""),
    bytesOf("hello", "", ""),
    bytesOf("HTTP/1.1 200 OK", "no header", "", ""),
    bytesOf("HTTP/1.1 200 OK", "content-length: five", "", ""),
    bytesOf("HTTP/1.1 200 OK", "transfer-encoding: chunked", "", "zz", "x"),
    bytesOf("x".repeat(70_000)),
  ];
  for (const bytes of cases) assertThrows(() => answerReader().push(bytes), SyntaxError);
  assertThrows(() => answerReader().end(), SyntaxError);
});
