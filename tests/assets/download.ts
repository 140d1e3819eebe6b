/**
 * Downloads files, and checks that they are the published ones.
 *
 * @module
 */

const CONNECT_MS = 10_000;
const DOWNLOAD_MS = 300_000;

/**
 * Downloads a file.
 *
 * @param url Its address.
 * @returns Its content.
 * @throws {Error} If it cannot be had, or not in time.
 */
export async function download(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const connecting = new AbortController();
  const timer = setTimeout(() => connecting.abort(new Error("no answer")), CONNECT_MS);
  try {
    const signal = AbortSignal.any([connecting.signal, AbortSignal.timeout(DOWNLOAD_MS)]);
    const response = await fetch(url, { signal });
    clearTimeout(timer);
    if (response.ok) return await response.bytes();
    await response.body?.cancel();
    throw new Error(`status ${response.status}`);
  } catch (error) {
    throw new Error(`Cannot fetch ${url}: ${error instanceof Error ? error.message : error}`);
  } finally {
    clearTimeout(timer);
  }
}

/** What a file must be. */
export interface CheckSumOptions {
  /** Its name, for the message. */
  readonly name: string;
  /** Its digest in hex. */
  readonly sum: string | undefined;
  /** Default `SHA-256`. */
  readonly algorithm?: "SHA-256" | "SHA-512";
}

/**
 * Checks the digest of a file.
 *
 * @param bytes The file.
 * @param options What it must be.
 * @throws {Error} If it is another one.
 */
export async function checkSum(
  bytes: Uint8Array<ArrayBuffer>,
  { name, sum, algorithm = "SHA-256" }: CheckSumOptions,
): Promise<void> {
  const digest = new Uint8Array(await crypto.subtle.digest(algorithm, bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found === sum) return;
  throw new Error(
    `Cannot use ${name} as its ${algorithm} must be ${sum}: current value is ${found}`,
  );
}

/**
 * Names this machine's processor as Go does, and so the releases of Go programs.
 *
 * @returns `amd64` or `arm64`.
 */
export function goArch(): "amd64" | "arm64" {
  return Deno.build.arch === "aarch64" ? "arm64" : "amd64";
}
