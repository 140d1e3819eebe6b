/**
 * Telling TLS from plain HTTP, where the two may have met.
 *
 * @module
 */
import {
  type Failure,
  failureOfConnection,
  failureOfPlainToTls,
  failureOfTlsToPlain,
} from "./failure.ts";

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
