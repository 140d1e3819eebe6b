/**
 * Reading an HTTP answer that may be cut off or without end, and telling TLS from plain HTTP.
 *
 * @module
 */
import {
  type Failure,
  failureOfConnection,
  failureOfPlainToTls,
  failureOfTlsToPlain,
} from "./failure.ts";

/** The largest answer that is read. */
const MAX_BYTES = 8 * 1024 * 1024;

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
    return Number.isNaN(length) ? await readStream(response.body) : await response.text();
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

/**
 * Looks once more where TLS and plain HTTP may have met: etcd 3.4 just closes such a connection.
 *
 * @param seen What was seen first.
 * @param options The endpoint; what ends the question.
 * @returns What it was.
 */
export async function explained(
  seen: Failure,
  options: { readonly endpoint: string; readonly signal: AbortSignal },
): Promise<Failure> {
  const { endpoint, signal } = options;
  if (seen.kind !== "unreachable") return seen;
  if (endpoint.startsWith("http:")) {
    return seen.sent && await speaksTls(endpoint, signal) ? failureOfPlainToTls() : seen;
  }
  const closed = /handshake eof|handshake failed|reset by peer|disconnected before/i.test(
    seen.text,
  );
  return closed && await speaksPlain(endpoint, signal) ? failureOfTlsToPlain() : seen;
}

async function speaksTls(endpoint: string, signal: AbortSignal): Promise<boolean> {
  try {
    const url = `${endpoint.replace("http:", "https:")}/version`;
    const response = await fetch(url, { signal, redirect: "manual" });
    await response.body?.cancel();
    return true;
  } catch (error) {
    const { kind, text } = failureOfConnection(error);
    return kind === "misconfigured" && /certificate|fatal alert/.test(text);
  }
}

async function speaksPlain(endpoint: string, signal: AbortSignal): Promise<boolean> {
  try {
    const url = `${endpoint.replace("https:", "http:")}/version`;
    const response = await fetch(url, { signal, redirect: "manual" });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
